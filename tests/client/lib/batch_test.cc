// Batches against a server of a few lines: who gets which input, and what becomes of it when boards
// are lost, fail, or the person has had enough.
#include "client/lib/batch.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/lib/fake_port.h"

namespace plumb::client {
namespace {

using testing::HasSubstr;

FakeEnd Match() {
  return {};
}

FakeEnd Failure(std::string_view reason, int exit_code) {
  return {exit_code,
          analysis::Verdict::kNotCompared,
          UnavailableError("it failed").WithReason(reason),
          false};
}

struct Gathered {
  BatchEnd end;
  std::map<size_t, BatchOutcome> outcomes;
  int lost = 0;
  int set_aside = 0;
  int joined = 0;
};

BatchOptions OptionsFor(size_t count) {
  BatchOptions options;
  options.count = count;
  options.poll = std::chrono::milliseconds(10);
  options.patience = std::chrono::milliseconds(50);
  options.wants = [](const BoardSummary&) { return true; };
  options.prepare = [](size_t index, const CancelToken&, RunRequest* request) {
    request->input_names = {std::to_string(index)};
    return OkStatus();
  };
  return options;
}

Gathered RunAll(FakePort* port, const BatchOptions& options, const CancelToken& cancel = {}) {
  Gathered all;
  all.end = RunBatch(
      port,
      options,
      [&all](const BatchEvent& event) {
        all.joined += event.step == BatchStep::kBoardJoined ? 1 : 0;
        all.lost += event.step == BatchStep::kBoardLost ? 1 : 0;
        all.set_aside += event.step == BatchStep::kBoardSetAside ? 1 : 0;
        if (event.step == BatchStep::kFinished) {
          EXPECT_TRUE(all.outcomes.emplace(event.index, event.outcome).second)
              << "input " << event.index << " counted twice";
        }
      },
      cancel);
  return all;
}

// Each input once, with the report of its own run.
void ExpectAllOnce(const Gathered& all, size_t count) {
  EXPECT_TRUE(all.end.error.ok()) << all.end.error.ToString();
  ASSERT_EQ(all.outcomes.size(), count);
  for (const auto& [index, outcome] : all.outcomes) {
    EXPECT_EQ(outcome.index, index);
    EXPECT_EQ(outcome.report_json, "{\"input\":\"" + std::to_string(index) + "\"}");
  }
}

TEST(BatchTest, EveryInputRunsOnceWhateverTheNumberOfBoards) {
  for (const size_t boards : {size_t{1}, size_t{2}, size_t{5}}) {
    std::vector<std::string> names;
    for (size_t i = 0; i < boards; ++i) {
      names.push_back("board-" + std::to_string(i));
    }
    FakePort port(names, [](const auto&, const auto&) { return Match(); });
    const Gathered all = RunAll(&port, OptionsFor(100));
    ExpectAllOnce(all, 100);
    EXPECT_EQ(all.end.run_again, 0U);
    for (const auto& [input, times] : port.starts()) {
      EXPECT_EQ(times, 1) << input;
    }
  }
}

TEST(BatchTest, WhatAnEarlierBatchJudgedIsNotRunAgain) {
  FakePort port({"a"}, [](const auto&, const auto&) { return Match(); });
  BatchOptions options = OptionsFor(5);
  options.known = {true, false, true, false, true};
  const Gathered all = RunAll(&port, options);
  EXPECT_EQ(port.starts(), (std::map<std::string, int>{{"1", 1}, {"3", 1}}));
  EXPECT_EQ(all.outcomes.size(), 2U);
}

TEST(BatchTest, ABatchOfWhichAllIsKnownNeedsNoBoard) {
  FakePort port({}, [](const auto&, const auto&) { return Match(); });
  BatchOptions options = OptionsFor(2);
  options.known = {true, true};
  EXPECT_TRUE(RunAll(&port, options).end.error.ok());
}

TEST(BatchTest, TheInputsOfALostBoardRunOnAnotherOnce) {
  std::atomic<int> runs_on_bad{0};
  std::atomic<bool> lost{false};
  FakePort* self = nullptr;
  FakePort port({"bad", "good"}, [&](const auto&, const auto& board) {
    if (board == "bad" && ++runs_on_bad > 3) {
      self->RemoveBoard("bad");
      lost = true;
      lost.notify_all();
      return Failure(kReasonAgentLost, 3);
    }
    if (board == "good") {
      lost.wait(false);  // else it might do everything before the bad one came to its fourth
    }
    return Match();
  });
  self = &port;
  const Gathered all = RunAll(&port, OptionsFor(200));
  ExpectAllOnce(all, 200);
  EXPECT_GE(all.lost, 1);
  EXPECT_GE(all.end.run_again, 1U);
  uint32_t losses = 0;
  for (const auto& [index, outcome] : all.outcomes) {
    losses += outcome.losses;
    if (outcome.losses > 0) {
      EXPECT_EQ(outcome.board, "good");
    }
  }
  EXPECT_GE(losses, 1U);
}

TEST(BatchTest, ABoardThatComesBackIsUsedAgain) {
  std::atomic<bool> lost_once{false};
  FakePort port({"only"}, [&](const auto& input, const auto&) {
    return input == "3" && !lost_once.exchange(true) ? Failure(kReasonAgentLost, 3) : Match();
  });
  const Gathered all = RunAll(&port, OptionsFor(10));
  ExpectAllOnce(all, 10);
  EXPECT_EQ(all.joined, 2);
  EXPECT_EQ(all.outcomes.at(3).losses, 1U);
}

TEST(BatchTest, AnInputThatTakesBoardAfterBoardWithItIsGivenUp) {
  FakePort port({"a", "b", "c", "d"}, [](const auto& input, const auto&) {
    return input == "7" ? Failure(kReasonAgentLost, 3) : Match();
  });
  const Gathered all = RunAll(&port, OptionsFor(20));
  ExpectAllOnce(all, 20);
  EXPECT_EQ(port.starts().at("7"), static_cast<int>(kMaxLosses));
  EXPECT_EQ(all.outcomes.at(7).exit_code, 3);
  EXPECT_EQ(all.outcomes.at(7).error.reason(), kReasonAgentLost);
}

TEST(BatchTest, WithoutAnyBoardLeftTheBatchEndsAndSaysSo) {
  FakePort* self = nullptr;
  FakePort port({"only"}, [&](const auto& input, const auto& board) {
    if (input == "4") {
      self->RemoveBoard(board);
      return Failure(kReasonAgentLost, 3);
    }
    return Match();
  });
  self = &port;
  const Gathered all = RunAll(&port, OptionsFor(50));
  EXPECT_EQ(all.end.error.reason(), kReasonAgentLost);
  EXPECT_LT(all.outcomes.size(), 50U);
  EXPECT_FALSE(all.outcomes.contains(4));
}

TEST(BatchTest, ABoardThatFailsAgainAndAgainIsSetAside) {
  std::atomic<uint32_t> failures = 0;
  FakePort port({"bad", "good"}, [&failures](const auto&, const auto& board) {
    if (board == "bad") {
      ++failures;
      failures.notify_all();
      return Failure(kReasonRunnerCrashed, 4);
    }
    // Else it may be done with all before the bad one has begun.
    for (uint32_t seen = failures; seen < kBoardFailures; seen = failures) {
      failures.wait(seen);
    }
    return Match();
  });
  const Gathered all = RunAll(&port, OptionsFor(100));
  ExpectAllOnce(all, 100);
  EXPECT_EQ(all.set_aside, 1);
  size_t failed = 0;
  for (const auto& [index, outcome] : all.outcomes) {
    failed += outcome.exit_code == 4 ? 1 : 0;
  }
  // The one that was under way besides comes to its end as well.
  EXPECT_GE(failed, kBoardFailures);
  EXPECT_LE(failed, kBoardFailures + 1);
}

TEST(BatchTest, WithKeepGoingNoBoardIsSetAside) {
  FakePort port({"bad"}, [](const auto&, const auto&) { return Failure(kReasonRunnerHung, 4); });
  BatchOptions options = OptionsFor(30);
  options.keep_going = true;
  const Gathered all = RunAll(&port, options);
  ExpectAllOnce(all, 30);
  EXPECT_EQ(all.set_aside, 0);
}

TEST(BatchTest, OnlyBadBoardsEndTheBatchAsTheBoardsFailure) {
  FakePort port({"a", "b"},
                [](const auto&, const auto&) { return Failure(kReasonRunnerCrashed, 4); });
  const Gathered all = RunAll(&port, OptionsFor(100));
  EXPECT_EQ(all.end.error.reason(), kReasonRunnerCrashed);
  EXPECT_LE(all.outcomes.size(), 8U);
}

TEST(BatchTest, ARowOfFailuresThatAreNotTheBoardsEndsItToo) {
  FakePort port({"a"}, [](const auto&, const auto&) { return Failure(kReasonSimulatorFailed, 3); });
  const Gathered all = RunAll(&port, OptionsFor(100));
  EXPECT_EQ(all.end.error.reason(), kReasonSimulatorFailed);
  EXPECT_THAT(all.end.error.message(), HasSubstr("10 inputs in a row"));
  EXPECT_LE(all.outcomes.size(), kFailuresInARow + 1);
}

TEST(BatchTest, RefusedInputsAreNotTheBoardsFault) {
  FakePort port({"a"}, [](const auto& input, const auto&) {
    return std::stoi(input) < 5 ? Failure(kReasonInputRefused, 4) : Match();
  });
  const Gathered all = RunAll(&port, OptionsFor(20));
  ExpectAllOnce(all, 20);
  EXPECT_EQ(all.set_aside, 0);
}

TEST(BatchTest, FailFastEndsAtTheFirstInputThatDoesNotMatch) {
  FakePort port({"a"}, [](const auto& input, const auto&) {
    return input == "3" ? FakeEnd{1, analysis::Verdict::kMismatch, {}, false} : Match();
  });
  BatchOptions options = OptionsFor(1000);
  options.fail_fast = true;
  const Gathered all = RunAll(&port, options);
  EXPECT_TRUE(all.end.error.ok());
  EXPECT_TRUE(all.outcomes.contains(3));
  EXPECT_LT(all.outcomes.size(), 1000U);
}

TEST(BatchTest, CancellingCancelsTheRunsAndCountsNoneOfThem) {
  const CancelToken cancel;
  FakePort port({"a", "b"}, [&](const auto& input, const auto&) {
    if (std::stoi(input) < 4) {
      return Match();
    }
    FakeEnd end;
    end.hang = true;
    if (input == "5") {
      cancel.Cancel(CancelledError("stopped by Ctrl-C"));
    }
    return end;
  });
  const Gathered all = RunAll(&port, OptionsFor(100), cancel);
  EXPECT_EQ(all.end.error.message(), "stopped by Ctrl-C");
  EXPECT_EQ(all.outcomes.size(), 4U);
  for (const auto& [input, times] : port.starts()) {
    if (std::stoi(input) >= 4) {
      EXPECT_EQ(port.cancels()[input], 1) << input;
    }
  }
}

TEST(BatchTest, TheDeadlineEndsTheWholeBatch) {
  FakePort port({"a"}, [](const auto&, const auto&) {
    FakeEnd end;
    end.hang = true;
    return end;
  });
  BatchOptions options = OptionsFor(3);
  options.deadline = std::chrono::milliseconds(30);
  const Gathered all = RunAll(&port, options);
  EXPECT_EQ(all.end.error.code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(all.outcomes.empty());
}

TEST(BatchTest, ALostServerEndsTheBatch) {
  FakePort port({"a", "b"}, [](const auto& input, const auto&) {
    return input == "2" ? Failure(kReasonServerLost, 3) : Match();
  });
  const Gathered all = RunAll(&port, OptionsFor(1000));
  EXPECT_EQ(all.end.error.reason(), kReasonServerLost);
  EXPECT_FALSE(all.outcomes.contains(2));
}

TEST(BatchTest, AnInputThatCannotBeMadeReadyHasItsErrorAsOutcome) {
  FakePort port({"a"}, [](const auto&, const auto&) { return Match(); });
  BatchOptions options = OptionsFor(4);
  options.prepare = [](size_t index, const CancelToken&, RunRequest* request) {
    request->input_names = {std::to_string(index)};
    return index == 2 ? InvalidArgumentError("unreadable") : OkStatus();
  };
  const Gathered all = RunAll(&port, options);
  EXPECT_EQ(all.outcomes.size(), 4U);
  EXPECT_EQ(all.outcomes.at(2).exit_code, 2);
  EXPECT_FALSE(port.starts().contains("2"));
}

TEST(BatchTest, OnlyBoardsThatAreWantedAndNoMoreThanAllowedAreUsed) {
  FakePort port({"a", "b", "c", "x"}, [](const auto&, const auto& board) {
    EXPECT_NE(board, "x");
    return Match();
  });
  BatchOptions options = OptionsFor(50);
  options.max_boards = 2;
  options.wants = [](const BoardSummary& board) { return board.name != "x"; };
  const Gathered all = RunAll(&port, options);
  ExpectAllOnce(all, 50);
  EXPECT_LE(all.joined, 2);
}

TEST(BatchTest, AsManyInputsAsBoardsGoToOneEach) {
  // None ends before all three have begun.
  std::mutex mutex;
  std::condition_variable begun;
  std::map<std::string, int> at_board;
  size_t count = 0;
  FakePort port({"a", "b", "c"}, [&](const auto&, const auto& board) {
    std::unique_lock lock(mutex);
    ++at_board[board];
    ++count;
    begun.notify_all();
    begun.wait_for(lock, std::chrono::seconds(20), [&] { return count == 3; });
    return Match();
  });
  ExpectAllOnce(RunAll(&port, OptionsFor(3)), 3);
  EXPECT_EQ(at_board, (std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}}));
}

TEST(BatchTest, WithoutABoardThatFitsTheOthersAreNamed) {
  FakePort port({"attic"}, [](const auto&, const auto&) { return Match(); });
  BatchOptions options = OptionsFor(3);
  options.wants = [](const BoardSummary&) { return false; };
  const Gathered all = RunAll(&port, options);
  EXPECT_EQ(all.end.error.reason(), kReasonBoardNotFound);
  EXPECT_THAT(all.end.error.message(), HasSubstr("attic"));
}

}  // namespace
}  // namespace plumb::client
