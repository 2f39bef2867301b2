#include "agent/core/board_agent.h"

#include <future>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "tests/agent/fakes.h"

namespace plumb::agent {
namespace {

using test::CountingBytes;
using test::ScriptedRunner;

constexpr std::chrono::seconds kPatience{10};

// One server per run, in the order of the runs' keys "1", "2", ….
class Uploads final : public UploadTransport {
 public:
  Result<OpenedUpload> Open(const rpc::RunKey& key,
                            std::chrono::milliseconds timeout,
                            const CancelToken& cancel) override {
    return For(key.run_id).Open(key, timeout, cancel);
  }

  test::FakeUploads& For(const std::string& run_id) {
    const std::lock_guard lock(mutex_);
    auto& server = servers_[run_id];
    if (server == nullptr) {
      server = std::make_unique<test::FakeUploads>(rpc::UploadExpectation{1, false});
      server->before_commit = [this](uint64_t /*sequence*/) { committing.set(); };
    }
    return *server;
  }

  // A promise that may be set more than once.
  struct Signal {
    void set() {
      if (!done.exchange(true)) {
        promise.set_value();
      }
    }

    std::atomic<bool> done = false;
    std::promise<void> promise;
  } committing;

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<test::FakeUploads>> servers_;
};

class BoardAgentTest : public ::testing::Test {
 protected:
  rpc::RunCommand Command(const std::string& run_id) {
    rpc::RunCommand command;
    command.key = {run_id, 1};
    command.model = model_;
    command.inputs = {input_};
    command.deadline = std::chrono::seconds(60);
    return command;
  }

  void Cancel(const std::string& run_id, uint32_t attempt, const std::string& message) {
    rpc::CancelCommand command;
    command.key.run_id = run_id;
    command.key.attempt = attempt;
    command.message = message;
    agent_.OnCancel(command);
  }

  // Runs that begin wait here until the test lets them go on or they are cancelled.
  std::unique_ptr<Runner> MakeRunner(uint64_t number) {
    auto runner = std::make_unique<ScriptedRunner>(ScriptedRunner::Outputs{{CountingBytes(35, 1)}});
    if (blocking_) {
      runner->instead = [this, number](const RunSpec& spec, const CancelToken& cancel) {
        spec_ = spec;
        started_.at(number - 1).set_value();
        cancel.WaitFor(kPatience);
        return cancel.status();
      };
    }
    return runner;
  }

  void AwaitStart(size_t number) {
    ASSERT_EQ(started_.at(number - 1).get_future().wait_for(kPatience), std::future_status::ready);
  }

  // Runs end on the worker: Stop waits for it.
  void Finish() { agent_.Stop(std::chrono::seconds(5)); }

  TempFolder folder_ = TempFolder::Create("agent-test-").value();
  test::FakeSource source_;
  Artifact model_ = source_.Add("model");
  Artifact input_ = source_.Add("input");
  bool blocking_ = false;
  RunSpec spec_;
  std::vector<std::promise<void>> started_ = std::vector<std::promise<void>>(3);
  Uploads uploads_;
  test::FakeControl control_;
  ArtifactCache cache_ =
      ArtifactCache::Open({folder_.path() / "cache", 1'000, std::chrono::milliseconds(50), {}})
          .value();
  Watchdog watchdog_;
  RunExecutor executor_{cache_,
                        source_,
                        uploads_,
                        [this](uint64_t number) { return MakeRunner(number); },
                        {std::chrono::milliseconds(50), std::chrono::milliseconds(1)}};
  FenceKeeper fences_;
  BoardAgent agent_{executor_, control_, watchdog_, fences_};
};

TEST_F(BoardAgentTest, RunsWhatItIsTold) {
  agent_.OnRunCommand(Command("1"));
  ASSERT_EQ(uploads_.committing.promise.get_future().wait_for(kPatience),
            std::future_status::ready);
  while (agent_.current_run()) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(uploads_.For("1").run_status().ok());
  EXPECT_EQ(uploads_.For("1").outputs.at({0, 0}), CountingBytes(35, 1));
  const auto phases = control_.phases();
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[1].second, rpc::RunPhase::kFetching);
  EXPECT_EQ(phases[2].second, rpc::RunPhase::kRunning);
  EXPECT_TRUE(control_.failures().empty());
}

TEST_F(BoardAgentTest, GivesTheRunnerVerifiedFilesAndTheCommandsNumbers) {
  blocking_ = true;
  rpc::RunCommand command = Command("1");
  command.repetitions = 4;
  command.probe = true;
  command.invoke_timeout = std::chrono::milliseconds(1234);
  agent_.OnRunCommand(command);
  AwaitStart(1);
  EXPECT_EQ(ReadFile(spec_.model.path).value().view(), "model");
  ASSERT_EQ(spec_.inputs.size(), 1u);
  EXPECT_EQ(ReadFile(spec_.inputs[0].path).value().view(), "input");
  EXPECT_EQ(spec_.repetitions, 4u);
  EXPECT_TRUE(spec_.probe);
  EXPECT_EQ(spec_.invoke_timeout, std::chrono::milliseconds(1234));
}

TEST_F(BoardAgentTest, RefusesASecondRunWhileBusy) {
  blocking_ = true;
  agent_.OnRunCommand(Command("1"));
  AwaitStart(1);
  agent_.OnRunCommand(Command("2"));
  const auto failures = control_.failures();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].first.run_id, "2");
  EXPECT_EQ(failures[0].second.reason(), kReasonBoardBusy);
  EXPECT_EQ(agent_.current_run(), (rpc::RunKey{"1", 1}));
}

TEST_F(BoardAgentTest, AnswersTheSameCommandAgainWithItsPhase) {
  blocking_ = true;
  agent_.OnRunCommand(Command("1"));
  AwaitStart(1);
  const size_t before = control_.phases().size();
  agent_.OnRunCommand(Command("1"));
  EXPECT_EQ(control_.phases().size(), before + 1);
  EXPECT_EQ(control_.phases().back().second, rpc::RunPhase::kRunning);
  EXPECT_TRUE(control_.failures().empty());
}

TEST_F(BoardAgentTest, CancelsTheRunOfThatKeyOnly) {
  blocking_ = true;
  agent_.OnRunCommand(Command("1"));
  AwaitStart(1);
  Cancel("2", 1, "not this one");
  Cancel("1", 2, "another attempt");
  EXPECT_TRUE(agent_.current_run());
  Cancel("1", 1, "the user has gone home");
  while (agent_.current_run()) {
    std::this_thread::yield();
  }
  const Status status = uploads_.For("1").run_status();
  EXPECT_EQ(status.reason(), kReasonCancelled);
  EXPECT_EQ(status.message(), "the user has gone home");
}

TEST_F(BoardAgentTest, EndsARunAtItsDeadline) {
  blocking_ = true;
  rpc::RunCommand command = Command("1");
  command.deadline = std::chrono::milliseconds(20);
  agent_.OnRunCommand(command);
  while (agent_.current_run()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(uploads_.For("1").run_status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(BoardAgentTest, ServesTheNextRunAfterAFailedOne) {
  source_.files.erase(input_.sha256);
  agent_.OnRunCommand(Command("1"));
  while (agent_.current_run()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(uploads_.For("1").run_status().reason(), kReasonWrongInput);
  source_.Add("input");
  agent_.OnRunCommand(Command("2"));
  while (agent_.current_run()) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(uploads_.For("2").run_status().ok());
}

// The server may send the next command before this side has heard of its last commit.
TEST_F(BoardAgentTest, ARunThatOnlyAwaitsItsLastCommitDoesNotMakeTheBoardBusy) {
  uploads_.For("1").before_commit = [this](uint64_t /*sequence*/) {
    if (uploads_.For("1").finished()) {
      agent_.OnRunCommand(Command("2"));
    }
  };
  agent_.OnRunCommand(Command("1"));
  while (agent_.current_run()) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(uploads_.For("1").run_status().ok());
  EXPECT_TRUE(uploads_.For("2").run_status().ok());
  EXPECT_TRUE(control_.failures().empty());
}

TEST_F(BoardAgentTest, TellsTheControlStreamWhatTheUploadCouldNot) {
  uploads_.For("1").open_errors[0] = UnavailableError("cut");
  agent_.OnRunCommand(Command("1"));
  ASSERT_TRUE(control_.WaitForFailures(1));
  EXPECT_EQ(control_.failures()[0].first.run_id, "1");
  EXPECT_EQ(control_.failures()[0].second.reason(), kReasonAgentLost);
}

TEST_F(BoardAgentTest, StopTellsTheServerOfTheRunThatWaited) {
  std::promise<void> waiting;
  uploads_.For("1").before_commit = [&](uint64_t /*sequence*/) {
    if (uploads_.For("1").finished()) {
      agent_.OnRunCommand(Command("2"));
      waiting.set_value();
      control_.WaitForFailures(1);
    }
  };
  agent_.OnRunCommand(Command("1"));
  waiting.get_future().wait();
  Finish();
  EXPECT_TRUE(uploads_.For("1").run_status().ok());
  const auto failures = control_.failures();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].first, (rpc::RunKey{"2", 1}));
  EXPECT_EQ(failures[0].second.reason(), kReasonCancelled);
}

TEST_F(BoardAgentTest, StopEndsTheRunTellsTheServerAndRefusesMore) {
  blocking_ = true;
  agent_.OnRunCommand(Command("1"));
  AwaitStart(1);
  Finish();
  EXPECT_EQ(uploads_.For("1").run_status().reason(), kReasonCancelled);
  agent_.OnRunCommand(Command("2"));
  ASSERT_EQ(control_.failures().size(), 1u);
  EXPECT_EQ(control_.failures()[0].second.reason(), kReasonCancelled);
}

}  // namespace
}  // namespace plumb::agent
