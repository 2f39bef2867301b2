#include "server/app/observatory.h"

#include <chrono>
#include <functional>
#include <future>

namespace plumb::server {
namespace {

constexpr std::chrono::seconds kPatience{2};
constexpr size_t kAllRuns = 10'000;

HttpReply Unavailable(const std::string& why) {
  return {503, "text/plain; charset=utf-8", why + "\n"};
}

// What `ask` says on the strand; 503 when the strand does not come to it in time.
HttpReply OnStrand(ServerCore& core, std::function<HttpReply()> ask) {
  auto answer = std::make_shared<std::promise<HttpReply>>();
  auto future = answer->get_future();
  core.strand().Post([answer, ask = std::move(ask)] { answer->set_value(ask()); });
  return future.wait_for(kPatience) == std::future_status::ready
             ? future.get()
             : Unavailable("the server is too busy to answer");
}

double Seconds(int64_t from_ms, int64_t to_ms) {
  return from_ms > 0 && to_ms >= from_ms ? static_cast<double>(to_ms - from_ms) / 1000 : -1;
}

double Seconds(const std::optional<double>& milliseconds) {
  return milliseconds ? *milliseconds / 1000 : -1;
}

}  // namespace

void Observatory::Observe(const RunSummary& run, const analysis::ComparisonReport& report) {
  FinishedRun finished;
  finished.verdict = analysis::VerdictName(run.verdict);
  finished.exit_code = run.exit_code;
  finished.waited = Seconds(run.created_unix_ms, run.leased_unix_ms);
  finished.took = Seconds(run.created_unix_ms, run.finished_unix_ms);
  finished.invoke = Seconds(report.timing.board_ms);
  finished.transfer = Seconds(report.timing.transfer_ms);
  metrics_.Observe(finished);
}

FarmNow Observatory::Now(ServerCore& core) const {
  FarmNow now;
  now.version = version_;
  const DataKeeperCounts kept = core.kept();
  now.removed_runs = kept.removed_runs;
  now.removed_files = kept.removed_files;
  now.removed_bytes = kept.removed_bytes;
  now.scrubbed_files = kept.scrubbed_files;
  now.damaged_files = kept.damaged_files;
  for (const BoardInfo& board : core.boards().List()) {
    uint64_t& count = !board.connected       ? now.lost_boards
                      : board.run_id.empty() ? now.idle_boards
                                             : now.leased_boards;
    ++count;
  }
  for (const RunSummary& run : core.runs().List(kAllRuns)) {
    switch (run.state) {
      case RunState::kQueued:
        ++now.queued_runs;
        break;
      case RunState::kPreparing:
        ++now.preparing_runs;
        break;
      case RunState::kRunning:
        ++now.running_runs;
        break;
      case RunState::kJudging:
        ++now.judging_runs;
        break;
      case RunState::kFinished:
        break;
    }
  }
  return now;
}

HttpReply Observatory::Answer(const std::string& path, ServerCore& core) {
  if (path == "/healthz") {
    return OnStrand(core, [] { return HttpReply{200, "text/plain; charset=utf-8", "ok\n"}; });
  }
  if (path == "/readyz") {
    return OnStrand(core, [&core] {
      return core.runs().stopping() ? Unavailable("the server is stopping")
                                    : HttpReply{200, "text/plain; charset=utf-8", "ready\n"};
    });
  }
  if (path == "/metrics") {
    return OnStrand(core, [this, &core] {
      return HttpReply{200, "text/plain; version=0.0.4; charset=utf-8", metrics_.Text(Now(core))};
    });
  }
  return {404,
          "text/plain; charset=utf-8",
          "here are / (the web page), /api/v1/farm, /metrics, /healthz and /readyz\n"};
}

}  // namespace plumb::server
