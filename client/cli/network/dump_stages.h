// The stages of `plumb dump`: the framework's own engine, our float executor, our integers.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "client/cli/frame/verb.h"
#include "client/cli/network/dump_output.h"
#include "client/cli/option/model_file.h"
#include "client/cli/option/picture_rule.h"
#include "client/cli/option/samples.h"
#include "client/cli/option/script_input.h"
#include "common/base/status.h"

namespace plumb::client {

// What the person asked for, but the stage. Errors of the stages are usage errors where it can mend
// them.
struct DumpRequest {
  std::string model;
  std::string input;  // "x" or "a,b"
  std::string out;
  npu::InputShapes shapes;
  PictureFlags pictures;
  ScriptFlags script;
  std::string engine;  // path of the framework's engine; empty: the usual place
  std::chrono::milliseconds timeout{300'000};
};

struct DumpResult {
  std::string engine;  // "ONNX Runtime 1.17.0"; empty for our own
  DumpCounts counts;
};

// Every operation of the graph as the file has it: unfused, under its names. What one node takes
// several steps for here is written once.
Result<DumpResult> DumpFloat(const DumpRequest& request,
                             const std::shared_ptr<const npu::Graph>& graph,
                             VerbContext& context);

// Every operation of the fixed model, dequantised.
Result<DumpResult> DumpFixed(const DumpRequest& request,
                             const std::shared_ptr<const npu::FixedModel>& model,
                             VerbContext& context);

// Every tensor of the file as the framework's own engine computes it. The input is as for
// DumpFloat; a file that our importers do not take works too.
Result<DumpResult> DumpFramework(const DumpRequest& request, VerbContext& context);

// The files of the one sample that a dump is of.
Result<std::vector<std::string>> DumpInputFiles(const DumpRequest& request, size_t count);

// The real numbers of every input of `graph`, in its layout.
Result<std::vector<std::vector<float>>> GraphInputsOf(const DumpRequest& request,
                                                      const npu::Graph& graph,
                                                      VerbContext& context);

}  // namespace plumb::client
