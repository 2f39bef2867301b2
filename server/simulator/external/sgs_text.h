// simulator.py as the SOP runs it: a picture and its preprocess script in, text and the input's
// dump out.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "common/base/file.h"
#include "common/tensor/tensor.h"
#include "server/simulator/external/produced.h"
#include "server/simulator/external/sgs_tools.h"

namespace plumb::server {

// What one run of simulator.py gave. Outputs are f64 tensors of six decimals (docs/formats/
// simulator-text.md); copies share them.
struct SgsTextRun {
  std::shared_ptr<TempFolder> folder;        // its private working folder
  std::vector<std::filesystem::path> dumps;  // the board's inputs, one per picture
  std::vector<Tensor> outputs;
  double simulator_ms = 0;  // of the whole program

  [[nodiscard]] Produced ToProduced(const SgsTools& tools) const;
};

// kOld or kNew, by what simulator.py --help lists.
Result<SgsOptions::OptionSet> DetectOptionSet(const SgsTools& tools, const CancelToken& cancel);

// Errors: simulator_no_output (no text, or no dump), simulator_bad_output (text that cannot be
// read), simulator_shared_folder (another run's files beside ours), and those of RunChild.
Result<SgsTextRun> RunSgsText(const SgsTools& tools,
                              SgsOptions::OptionSet option_set,
                              const std::filesystem::path& model,
                              const CancelToken& cancel);

// OK when the dumps are byte for byte the run's inputs: both sides then computed the same thing.
Status CheckSameInput(const SgsTextRun& run, const std::vector<std::filesystem::path>& inputs);

}  // namespace plumb::server
