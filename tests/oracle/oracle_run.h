// What tools/oracle/run_tflite.mjs kept of one run of the official TFLite runtime.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb::testing {

// Integers as they are stored: the files carry no scale.
struct OracleTensor {
  std::string name;    // as in the TFLite file
  int64_t index = -1;  // there
  std::string sha256;  // of its elements, in lower-case hex, where only that was kept
  Tensor tensor;       // else
};

// An operation whose output the runtime could not show.
struct HiddenLayer {
  std::string name;
  std::string error;
};

struct OracleRun {
  std::vector<OracleTensor> inputs;
  std::vector<OracleTensor> outputs;
  std::vector<OracleTensor> layers;  // in order of execution
  std::vector<HiddenLayer> hidden;
};

Result<OracleRun> LoadOracleRun(const std::filesystem::path& folder);

}  // namespace plumb::testing
