// Asks common/analysis why a run's outputs differ, on the archived tensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/analysis/diagnose.h"
#include "common/base/cancel.h"
#include "server/core/leg_recorder.h"
#include "server/core/pairing.h"
#include "server/core/simulator.h"

namespace plumb::server {

struct RunDiagnosis {
  std::filesystem::path reference_folder;  // finished recordings
  std::filesystem::path target_folder;
  std::filesystem::path scratch_folder;  // made for a further simulation, and removed
  std::vector<OutputPair> pairs;
  std::vector<analysis::TensorReport> reports;  // one per pair
  const LegRecorder* target = nullptr;
  Simulator resimulator;
  RunSpec spec;

  // Blocks while the simulator runs again. Best first.
  [[nodiscard]] Result<std::vector<analysis::Diagnosis>> Find(const CancelToken& cancel) const;

 private:
  // The reference's outputs under another rounding profile, in the order of `pairs`.
  [[nodiscard]] Result<std::vector<Tensor>> Simulate(const std::string& rounding_profile,
                                                     const CancelToken& cancel) const;
};

}  // namespace plumb::server
