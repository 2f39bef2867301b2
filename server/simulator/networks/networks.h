// Networks in their framework's file format as Runners: what `plumb dump` runs for the stages
// `framework` and `float`, delivered like any other run. (The stage `fixed` is the built-in
// simulator.)
//
// The model is a TFLite, ONNX or Caffe file (of Caffe's two either; the other one lies beside it).
// Inputs are files of the bytes that the file's inputs have, in its order of axes: float32, or what
// the network itself takes. Outputs are the file's, in its order.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "common/npu/import/import.h"
#include "common/runner/runner.h"

namespace plumb::server {

struct NetworkOptions {
  npu::InputShapes shapes;                        // what an ONNX file leaves open
  std::filesystem::path engine;                   // the framework's; empty: the usual place
  std::chrono::milliseconds time_limit{300'000};  // of one Invoke
};

// Our float executor, without optimisation. Outputs are float32, dequantised.
std::unique_ptr<Runner> MakeFloatRunner(const NetworkOptions& options);

// The framework's own engine; without it every Run fails with reason runtime_unavailable and the
// command that fetches it.
std::unique_ptr<Runner> MakeFrameworkRunner(const NetworkOptions& options);

}  // namespace plumb::server
