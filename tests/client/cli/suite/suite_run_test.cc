// Which case is next, what ends a suite and what does not, against a server of this process.
#include "client/cli/suite/suite_run.h"

#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/base/file.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

// Runs end at once, but on the board "slow", whose runs end when they are cancelled.
class FakeServer final : public ServerPort {
 public:
  Result<Artifact> EnsureArtifact(const std::filesystem::path& path,
                                  const CancelToken& /*cancel*/) override {
    ++uploads;
    Artifact artifact;
    artifact.sha256 = path.string();
    return artifact;
  }

  Result<std::string> StartRun(const RunRequest& request) override {
    const std::lock_guard lock(mutex);
    if (request.board.front() == "none") {
      return NotFoundError("no board fits").WithReason(kReasonBoardNotFound);
    }
    if (request.board.front() == "broken") {
      return UnavailableError("gone").WithReason(kReasonServerLost);
    }
    const std::string id = std::to_string(runs.size());
    runs[id] = request.board.front();
    return id;
  }

  Result<RunEvent> WatchToEnd(const std::string& run_id, const CancelToken& cancel) override {
    std::string board;
    {
      const std::lock_guard lock(mutex);
      board = runs.at(run_id);
    }
    RunEvent event;
    event.run.run_id = run_id;
    if (board == "slow") {
      const bool ended = [&] {
        const std::lock_guard lock(mutex);
        return cancelled.contains(run_id);
      }();
      if (!ended) {
        cancel.WaitFor(std::chrono::minutes(1));
        return cancel.status();
      }
      event.run.error = CancelledError("cancelled").WithReason(kReasonCancelled);
      event.run.exit_code = analysis::kExitInfrastructure;
      return event;
    }
    event.run.verdict = board == "bad" ? analysis::Verdict::kMismatch : analysis::Verdict::kMatch;
    event.run.exit_code = board == "bad" ? analysis::kExitMismatch : analysis::kExitMatch;
    return event;
  }

  Status CancelRun(const std::string& run_id) override {
    const std::lock_guard lock(mutex);
    cancelled.insert(run_id);
    return OkStatus();
  }

  Result<std::vector<BoardSummary>> ListBoards() override { return std::vector<BoardSummary>(); }

  std::mutex mutex;
  std::map<std::string, std::string> runs;  // id → board
  std::set<std::string> cancelled;
  std::atomic<int> uploads = 0;
};

// Cases on these columns of boards, `each` of them on every one, input by input.
class SuiteRunTest : public testing::Test {
 protected:
  SuiteRunTest() {
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "m.img", std::string_view("model")).ok());
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "i.bin", std::string_view("input")).ok());
    plan_.port = &server_;
    plan_.suite = &suite_;
    plan_.cases = &cases_;
    plan_.jobs = 16;
  }

  Status Run(const std::vector<std::string>& boards, size_t each, const CancelToken& cancel = {}) {
    SuiteModel model;
    model.path = (folder_.path() / "m.img").string();
    for (const std::string& board : boards) {
      suite_.boards.push_back({board});
    }
    for (size_t i = 0; i < each; ++i) {
      model.samples.push_back({(folder_.path() / "i.bin").string()});
    }
    suite_.models = {model};
    cases_ = CasesOf(suite_);
    plan_.known.resize(cases_.size(), false);
    return RunSuite(
        plan_,
        [this](const SuiteEvent& event) {
          if (event.kind == SuiteEvent::Kind::kFinished) {
            EXPECT_TRUE(outcomes_.emplace(event.index, event.outcome).second);
          }
          if (on_event_) {
            on_event_(event);
          }
        },
        cancel);
  }

  TempFolder folder_ = TempFolder::Create("plumb-suite-run-").value();
  FakeServer server_;
  Suite suite_;
  std::vector<SuiteCase> cases_;
  SuitePlan plan_;
  std::map<size_t, BatchOutcome> outcomes_;
  std::function<void(const SuiteEvent& event)> on_event_;
};

TEST_F(SuiteRunTest, NoBoardForAColumnCostsTheOthersNothing) {
  EXPECT_TRUE(Run({"good", "none"}, 3).ok());
  ASSERT_EQ(outcomes_.size(), 6U);
  for (const auto& [index, outcome] : outcomes_) {
    EXPECT_EQ(outcome.exit_code,
              index % 2 == 0 ? analysis::kExitMatch : analysis::kExitInfrastructure);
    EXPECT_EQ(outcome.error.reason(), index % 2 == 0 ? "" : kReasonBoardNotFound);
  }
}

TEST_F(SuiteRunTest, AColumnWhoseBoardsAreBusyKeepsNoOtherIdle) {
  // Two at a time, and the slow column comes first in the file: it holds one place, never both.
  plan_.jobs = 2;
  const CancelToken cancel;
  size_t good = 0;
  on_event_ = [&](const SuiteEvent& event) {
    good += event.kind == SuiteEvent::Kind::kFinished ? 1 : 0;
    if (good == 5) {
      cancel.Cancel(CancelledError("Ctrl-C"));
    }
  };
  const Status end = Run({"slow", "good"}, 5, cancel);
  EXPECT_EQ(end.code(), StatusCode::kCancelled);
  EXPECT_EQ(outcomes_.size(), 5U);
  for (const auto& [index, outcome] : outcomes_) {
    EXPECT_EQ(index % 2, 1U);
  }
  EXPECT_EQ(server_.cancelled.size(), server_.runs.size() - 5) << "no run is left at the server";
}

TEST_F(SuiteRunTest, OneAtATimeKeepsTheOrderOfTheSuite) {
  plan_.jobs = 1;
  std::vector<size_t> order;
  on_event_ = [&](const SuiteEvent& event) {
    if (event.kind == SuiteEvent::Kind::kStarted) {
      order.push_back(event.index);
    }
  };
  EXPECT_TRUE(Run({"good", "also good"}, 3).ok());
  EXPECT_EQ(order, (std::vector<size_t>{0, 1, 2, 3, 4, 5}));
}

TEST_F(SuiteRunTest, WhatIsKnownIsNotRunAgain) {
  plan_.known = {false, true, false};
  EXPECT_TRUE(Run({"good"}, 3).ok());
  EXPECT_EQ(outcomes_.size(), 2U);
  EXPECT_FALSE(outcomes_.contains(1));
}

TEST_F(SuiteRunTest, FailFastEndsWithoutAnError) {
  plan_.jobs = 1;
  plan_.fail_fast = true;
  EXPECT_TRUE(Run({"bad"}, 3).ok());
  EXPECT_EQ(outcomes_.size(), 1U);
}

TEST_F(SuiteRunTest, ALostServerEndsItAndIsNoOutcome) {
  const Status end = Run({"broken"}, 3);
  EXPECT_EQ(end.reason(), kReasonServerLost);
  EXPECT_TRUE(outcomes_.empty());
}

TEST_F(SuiteRunTest, TheDeadlineIsThatOfTheWhole) {
  plan_.deadline = std::chrono::milliseconds(1);
  EXPECT_EQ(Run({"slow"}, 3).code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(outcomes_.empty());
}

TEST_F(SuiteRunTest, EachFileIsUploadedOnce) {
  EXPECT_TRUE(Run({"good", "also good"}, 10).ok());
  EXPECT_EQ(outcomes_.size(), 20U);
  EXPECT_EQ(server_.uploads, 2) << "a model and an input";
}

}  // namespace
}  // namespace plumb::client
