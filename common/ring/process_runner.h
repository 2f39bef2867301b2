// ProcessRunner: runs models in a child process that speaks the ring protocol (common/ring/
// protocol.h): plumb-runner on the board, plumb-simulator on the PC.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "common/runner/runner.h"

namespace plumb {

struct ProcessRunnerOptions {
  std::string name;               // Runner::name()
  std::vector<std::string> argv;  // the program, an emulator in front of it where one is needed
  std::map<std::string, std::string> extra_environment;
  std::chrono::milliseconds start_timeout{20'000};     // until the child answers at all
  std::chrono::milliseconds load_timeout{120'000};     // for the model to be loaded
  std::chrono::milliseconds progress_timeout{20'000};  // for one chunk of a tensor
  // Empty: the reasons of failure.h. Otherwise the reason of whatever goes wrong in the child, e.g.
  // kReasonSimulatorFailed for a simulator, whose failures are not the board's.
  std::string failure_reason;
  // Not empty: argv with this behind it, started beside a child that hangs, before it is killed,
  // says on its stdout what the machine tells of the hang; its words join the error's.
  std::string hang_report_flag;
};

// Every Run starts a fresh child and ends it (its whole process group), so that no state survives
// and a crash or hang of the runtime never reaches this process. Run blocks the calling thread,
// which the kernel ties the child's life to. Memory: the ring (1 MiB), one chunk, and what the sink
// keeps.
//
// Inputs are sent again before every Invoke (some runtimes destroy them). A file of size s is taken
// when payload ≤ s ≤ aligned size, the rest is zero; otherwise kReasonInputRefused with the sizes.
//
// Errors: kReasonRunnerHung (Invoke over spec.invoke_timeout, or another step over its limit; the
// child is killed), kReasonRunnerCrashed (signal or exit, with the end of its stderr),
// kReasonOutOfMemory, kReasonModelRefused, kReasonInputRefused, kReasonInvokeFailed,
// kReasonRuntimeUnavailable (the program cannot be started or finds no runtime), kReasonProtocol
// (the child breaks the protocol), kReasonUsage (what spec names cannot be used); the sink's own
// errors and cancel's status as they are.
class ProcessRunner : public Runner {
 public:
  explicit ProcessRunner(ProcessRunnerOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::string name() const override { return options_.name; }

  Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override;

 private:
  ProcessRunnerOptions options_;
};

}  // namespace plumb
