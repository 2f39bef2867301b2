// A Runner over a program that is started anew for every Invoke and leaves its outputs in files.
#pragma once

#include <memory>
#include <string>

#include "common/runner/runner.h"
#include "server/simulator/external/produced.h"

namespace plumb::server {

struct ExternalRunnerOptions {
  std::string name;
  // Replaces model_refused, input_refused, out_of_memory and invoke_failed, which would blame the
  // board; empty: they stay. The simulator_… reasons always stay.
  std::string failure_reason;
};

// Files hold no canary, so unwritten bytes are not found here. No rounding profiles. Memory: one
// chunk, and what the computation itself holds.
class ExternalRunner : public Runner {
 public:
  ExternalRunner(ExternalRunnerOptions options, std::shared_ptr<Computation> computation)
      : options_(std::move(options)),
        computation_(std::move(computation)) {}

  [[nodiscard]] std::string name() const override { return options_.name; }

  Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override;

 private:
  ExternalRunnerOptions options_;
  std::shared_ptr<Computation> computation_;
};

}  // namespace plumb::server
