#include "client/lib/batch_run.h"

#include <array>
#include <string_view>
#include <utility>

#include "common/analysis/outcome.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

constexpr std::chrono::milliseconds kAskAgain{250};

OneRun Failed(const Status& error) {
  OneRun run;
  run.ending = EndingOf(error);
  run.why = error;
  run.outcome.error = error;
  run.outcome.exit_code = analysis::ExitCodeOf(error);
  return run;
}

OneRun Stopped(const CancelToken& stop) {
  OneRun run;
  run.ending = Ending::kStopped;
  run.why = stop.status();
  return run;
}

Result<std::string> StartPatiently(ServerPort* port,
                                   const RunRequest& request,
                                   const CancelToken& stop) {
  for (;;) {
    PLUMB_RETURN_IF_ERROR(stop.status());
    auto run_id = port->StartRun(request);
    if (run_id.ok() || run_id.status().reason() != kReasonLimit) {
      return run_id;
    }
    stop.WaitFor(kAskAgain);
  }
}

OneRun Ended(RunEvent event) {
  OneRun run;
  run.ending = event.run.error.ok() ? Ending::kOutcome : EndingOf(event.run.error);
  run.why = event.run.error;
  run.outcome.verdict = event.run.verdict;
  run.outcome.exit_code = event.run.exit_code;
  run.outcome.error = event.run.error;
  run.outcome.run_id = event.run.run_id;
  run.outcome.report_json = std::move(event.report_json);
  return run;
}

}  // namespace

Ending EndingOf(const Status& error) {
  constexpr std::array<std::string_view, 2> kLost = {kReasonAgentLost, kReasonStalled};
  for (const std::string_view reason : kLost) {
    if (error.reason() == reason) {
      return Ending::kBoardLost;
    }
  }
  if (error.reason() == kReasonBoardNotFound) {
    return Ending::kBoardGone;
  }
  return error.reason() == kReasonServerLost ? Ending::kServerLost : Ending::kOutcome;
}

OneRun RunOne(ServerPort* port,
              const RunRequest& request,
              const CancelToken& stop,
              const CancelToken& grace) {
  const auto run_id = StartPatiently(port, request, stop);
  if (!run_id.ok()) {
    return stop.cancelled() ? Stopped(stop) : Failed(run_id.status());
  }
  auto end = port->WatchToEnd(*run_id, stop);
  if (!end.ok() && stop.cancelled()) {
    // Neither board nor simulator may go on for nobody.
    const Status cancelled = port->CancelRun(*run_id);
    end = cancelled.ok() ? port->WatchToEnd(*run_id, grace) : Result<RunEvent>(cancelled);
    // It may have come to its verdict just before.
    return end.ok() && end->run.error.ok() ? Ended(std::move(end).value()) : Stopped(stop);
  }
  return end.ok() ? Ended(std::move(end).value()) : Failed(end.status());
}

}  // namespace plumb::client
