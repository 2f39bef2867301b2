// `--simulator sgs`: the vendor's SDK as a computation, by its Python classes or by simulator.py.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "server/simulator/external/options.h"
#include "server/simulator/external/produced.h"
#include "server/simulator/external/sgs_text.h"
#include "server/simulator/external/sgs_tools.h"

namespace plumb::server {

// Looks for the SDK and sources its environment when it is first used, once. Thread-safe: runs at
// the same time have folders of their own.
class SgsSimulator : public Computation {
 public:
  SgsSimulator(SgsOptions options, std::chrono::milliseconds time_limit)
      : options_(std::move(options)),
        time_limit_(time_limit) {}

  // The Python classes take the inputs as they are. simulator.py takes pictures: without any in the
  // options it cannot run (reason simulator_missing says what to give), and what it dumps must be
  // the run's inputs (wrong_input).
  Result<Produced> Compute(const Job& job, const CancelToken& cancel) override;

  // Runs simulator.py on the options' pictures and gives its dumps, for the board. They live as
  // long as this object; Compute uses the text of this run where it is asked for text.
  Result<std::vector<std::filesystem::path>> DumpInputs(const std::filesystem::path& model,
                                                        const CancelToken& cancel);

 private:
  Result<SgsTools> Tools(const CancelToken& cancel);
  Result<SgsTextRun> RunText(const SgsTools& tools,
                             const std::filesystem::path& model,
                             const CancelToken& cancel);

  const SgsOptions options_;
  const std::chrono::milliseconds time_limit_;
  std::mutex mutex_;  // guards what follows
  std::optional<SgsTools> tools_;
  std::optional<SgsOptions::OptionSet> option_set_;
  std::optional<SgsTextRun> dumped_;
};

}  // namespace plumb::server
