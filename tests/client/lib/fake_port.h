// A server of a few lines for batches: boards that judge at once, are lost, fail or wait, as told.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "client/lib/server_port.h"
#include "common/runner/failure.h"

namespace plumb::client {

// What a run comes to. `input` is the name that `prepare` gave.
struct FakeEnd {
  int exit_code = 0;
  analysis::Verdict verdict = analysis::Verdict::kMatch;
  Status error;
  bool hang = false;  // until it is cancelled
};

class FakePort final : public ServerPort {
 public:
  using Judge = std::function<FakeEnd(const std::string& input, const std::string& board)>;

  FakePort(const std::vector<std::string>& boards, Judge judge) : judge_(std::move(judge)) {
    for (const std::string& name : boards) {
      AddBoard(name);
    }
  }

  void AddBoard(const std::string& name, const std::string& run_id = "") {
    const std::lock_guard lock(mutex_);
    BoardSummary board;
    board.name = name;
    board.run_id = run_id;
    boards_[name] = board;
  }

  void RemoveBoard(const std::string& name) {
    const std::lock_guard lock(mutex_);
    boards_.erase(name);
  }

  // How often an input was started, by its name; the boards that were given runs.
  std::map<std::string, int> starts() const {
    const std::lock_guard lock(mutex_);
    return starts_;
  }

  std::map<std::string, int> cancels() const {
    const std::lock_guard lock(mutex_);
    return cancels_;
  }

  Result<Artifact> EnsureArtifact(const std::filesystem::path& path,
                                  const CancelToken& /*cancel*/) override {
    return UnimplementedError(path.string());
  }

  Result<std::string> StartRun(const RunRequest& request) override {
    const std::lock_guard lock(mutex_);
    if (!boards_.contains(request.board.at(0))) {
      return NotFoundError("no such board").WithReason(kReasonBoardNotFound);
    }
    const std::string id = "run-" + std::to_string(++next_);
    runs_[id] = {request.input_names.at(0), request.board.at(0), CancelToken()};
    ++starts_[request.input_names.at(0)];
    return id;
  }

  Result<RunEvent> WatchToEnd(const std::string& run_id, const CancelToken& cancel) override {
    Run run;
    {
      const std::lock_guard lock(mutex_);
      run = runs_.at(run_id);
    }
    const FakeEnd end = judge_(run.input, run.board);
    RunEvent event;
    event.run.run_id = run_id;
    event.run.state = RunState::kFinished;
    event.run.board = run.board;
    event.run.exit_code = end.exit_code;
    event.run.verdict = end.verdict;
    event.run.error = end.error;
    event.report_json = R"({"input":")" + run.input + R"("})";
    if (!end.hang) {
      return event;
    }
    while (!run.cancel.WaitFor(std::chrono::milliseconds(5))) {
      if (cancel.cancelled()) {
        return cancel.status();
      }
    }
    event.run.error = CancelledError("cancelled").WithReason(kReasonCancelled);
    event.run.exit_code = 3;
    return event;
  }

  Status CancelRun(const std::string& run_id) override {
    const std::lock_guard lock(mutex_);
    runs_.at(run_id).cancel.Cancel();
    ++cancels_[runs_.at(run_id).input];
    return OkStatus();
  }

  Result<std::vector<BoardSummary>> ListBoards() override {
    const std::lock_guard lock(mutex_);
    std::vector<BoardSummary> list;
    for (const auto& [name, board] : boards_) {
      list.push_back(board);
    }
    return list;
  }

 private:
  struct Run {
    std::string input;
    std::string board;
    CancelToken cancel;
  };

  const Judge judge_;
  mutable std::mutex mutex_;
  std::map<std::string, BoardSummary> boards_;
  std::map<std::string, Run> runs_;
  std::map<std::string, int> starts_;
  std::map<std::string, int> cancels_;
  int next_ = 0;
};

}  // namespace plumb::client
