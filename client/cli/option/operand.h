// One side of `plumb compare`: a file, a folder of files, or a recorded run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/analysis/diagnose.h"
#include "common/analysis/report.h"
#include "common/archive/recording.h"
#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb::client {

struct LoadedOperand {
  analysis::Operand operand;
  std::vector<Tensor> tensors;
  std::optional<archive::Recording> recording;  // where it was one
  bool raw = false;                             // read through a spec
  uint64_t constants = 0;                       // of a dump: weights and shape arithmetic
  uint32_t text_decimals = 0;                   // of values that were printed; 0: exact

  [[nodiscard]] std::vector<std::string> Names() const;
  // Model and inputs of a recording; empty otherwise.
  [[nodiscard]] analysis::LegIdentity Identity() const;
};

// `path` names an .npy file, a raw file (then `spec` says what it holds: common/tensor/notation.h),
// the text of simulator.py or prog_dla_simulator, a DumpDebug file, a folder of .npy files, a
// tensor folder, a leg of a run, or a run, of which the leg of `role` is taken. Files are mapped.
// Errors carry reason "usage" and say what to write instead.
Result<LoadedOperand> LoadOperand(const std::string& path,
                                  analysis::Role role,
                                  const std::string& spec);

}  // namespace plumb::client
