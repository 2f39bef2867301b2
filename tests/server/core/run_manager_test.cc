#include "server/core/run_manager.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/archive/run_folder.h"
#include "common/runner/failure.h"
#include "server/core/server_core.h"
#include "tests/server/core/fake_board.h"
#include "tests/server/core/fakes.h"

namespace plumb::server {
namespace {

using std::chrono::milliseconds;
using test::FakeBoard;
using test::FakeRunner;
using test::MakeHello;
using test::MakeOutput;
using testing::HasSubstr;

const std::string kOther(32, 'b');

class RunManagerTest : public testing::Test {
 protected:
  RunManagerTest() {
    simulator_->outputs = {MakeOutput("scores", {1, 2, 3})};
    target_.outputs = simulator_->outputs;
    StartCore(milliseconds(60'000));
    model_ = Upload("a model");
    input_ = Upload("an input");
  }

  void StartCore(milliseconds grace) {
    core_.reset();
    ServerCoreOptions options;
    options.data = folder_.path() / "data";
    options.runs.resume_grace = grace;
    options.runs.version = "test";
    options.simulators = [this](ReferenceKind kind) -> Result<Simulator> {
      if (kind != ReferenceKind::kBuiltin) {
        return UnimplementedError("only builtin").WithReason(kReasonUsage);
      }
      return Simulator{[this] { return simulator_; }, {}};
    };
    auto core = ServerCore::Start(std::move(options));
    ASSERT_TRUE(core.ok()) << core.status().ToString();
    core_ = std::move(core).value();
  }

  Artifact Upload(const std::string& content) {
    const Artifact artifact = test::WriteArtifact(folder_.path() / "scratch", content);
    auto upload = core_->blobs().BeginUpload(artifact);
    EXPECT_TRUE(upload->Append(AsBytes(content)).ok() && upload->Commit().ok());
    return artifact;
  }

  [[nodiscard]] RunRequest Request(BoardSelector board = {}) const {
    RunRequest request;
    request.model = model_;
    request.model_name = "a.img";
    request.inputs = {input_};
    request.board = std::move(board);
    request.probe = false;
    return request;
  }

  // What a call on the strand answers later.
  template <class T>
  Result<T> Answer(const std::function<void(std::function<void(Result<T>)> done)>& call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    core_->strand().Post(
        [&] { call([promise](const Result<T>& result) { promise->set_value(result); }); });
    return promise->get_future().get();
  }

  Result<std::string> Start(const RunRequest& request) {
    return Answer<std::string>([&](auto done) { core_->runs().Start(request, done); });
  }

  Result<RunSummary> Find(const std::string& run_id) {
    return core_->strand().Call([&] { return core_->runs().Find(run_id); });
  }

  // Follows the run as a watcher does, until it is finished.
  RunSummary Finished(const std::string& run_id) {
    uint64_t cursor = 0;
    while (true) {
      std::promise<Result<RunJournal::Update>> promise;
      core_->strand().Post([&] {
        core_->runs().Await(run_id, cursor, [&](const auto& update) { promise.set_value(update); });
      });
      auto future = promise.get_future();
      if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
        ADD_FAILURE() << "the run does not end";
        std::abort();  // the callback still points here
      }
      const auto update = future.get();
      EXPECT_TRUE(update.ok()) << update.status().ToString();
      if (!update.ok() || update->finished) {
        return *Find(run_id);
      }
      cursor = update->cursor;
    }
  }

  Result<RunSummary> Cancel(const std::string& run_id) {
    return Answer<RunSummary>([&](auto done) { core_->runs().Cancel(run_id, "test", done); });
  }

  TempFolder folder_ = *TempFolder::Create("plumb-runs-");
  std::shared_ptr<FakeRunner> simulator_ = std::make_shared<FakeRunner>();
  FakeRunner target_;
  Artifact model_;
  Artifact input_;
  std::unique_ptr<ServerCore> core_;
};

TEST_F(RunManagerTest, ARunOnANamedBoardMatches) {
  FakeBoard other(core_.get(), MakeHello("cam-1"));
  FakeBoard board(core_.get(), MakeHello("cam-2", {}, kOther));
  const auto run_id = Start(Request({"cam-2"}));
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  EXPECT_EQ(board.Serve(target_).run_id, *run_id);
  const RunSummary run = Finished(*run_id);
  EXPECT_EQ(run.verdict, analysis::Verdict::kMatch);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.board, "cam-2");
  EXPECT_GE(run.finished_unix_ms, run.created_unix_ms);
}

TEST_F(RunManagerTest, TheBoardsTimeoutDoesNotEndASlowSimulator) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  RunRequest request = Request();
  request.invoke_timeout = milliseconds(1);
  const auto run_id = Start(request);
  board.Serve(target_);
  EXPECT_EQ(Finished(*run_id).verdict, analysis::Verdict::kMatch);
  EXPECT_EQ(simulator_->invoke_timeout_ms, kSimulatorInvokeTimeout.count());
}

TEST_F(RunManagerTest, TheBoardIsToldWhatToRun) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  RunRequest request = Request();
  request.repetitions = 2;
  request.invoke_timeout = milliseconds(1234);
  request.deadline = milliseconds(60'000);
  const auto run_id = Start(request);
  const auto command = board.link().NextRun();
  ASSERT_TRUE(command.has_value());
  EXPECT_EQ(command->key.run_id, *run_id);
  EXPECT_EQ(command->model.sha256, model_.sha256);
  EXPECT_EQ(command->inputs.at(0).size, input_.size);
  EXPECT_EQ(command->repetitions, 2U);
  EXPECT_EQ(command->invoke_timeout, milliseconds(1234));
  EXPECT_GT(command->deadline, milliseconds(50'000));
  EXPECT_LE(command->deadline, milliseconds(60'000));
}

TEST_F(RunManagerTest, ABoardThatIsNotThereIsToldAtOnce) {
  FakeBoard board(core_.get(), MakeHello("cam-1", {"lab"}));
  const Status status = Start(Request({"cam-9"})).status();
  EXPECT_EQ(status.reason(), kReasonBoardNotFound);
  EXPECT_THAT(status.message(), HasSubstr("'cam-1' (tags lab)"));
}

TEST_F(RunManagerTest, FilesThatWereNotUploadedAreNamed) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  RunRequest request = Request();
  request.model.sha256 = std::string(64, '0');
  const Status status = Start(request).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr(request.model.sha256));
}

TEST_F(RunManagerTest, RunsForABusyBoardWaitInOrder) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto first = Start(Request());
  const auto second = Start(Request());
  const auto third = Start(Request());
  EXPECT_EQ(Find(*second)->state, RunState::kQueued);
  EXPECT_EQ(board.Serve(target_).run_id, *first);
  EXPECT_EQ(board.Serve(target_).run_id, *second);
  EXPECT_EQ(board.Serve(target_).run_id, *third);
  EXPECT_EQ(Finished(*third).exit_code, 0);
}

TEST_F(RunManagerTest, AWaitingRunDoesNotBlockOneForAnotherBoard) {
  FakeBoard busy(core_.get(), MakeHello("cam-1"));
  FakeBoard idle(core_.get(), MakeHello("cam-2", {}, kOther));
  const auto first = Start(Request({"cam-1"}));
  const auto waiting = Start(Request({"cam-1"}));
  const auto other = Start(Request({"cam-2"}));
  EXPECT_EQ(idle.Serve(target_).run_id, *other);
  EXPECT_EQ(Finished(*other).exit_code, 0);
  EXPECT_EQ(Find(*waiting)->state, RunState::kQueued);
}

TEST_F(RunManagerTest, TheDeadlineEndsAWaitingRun) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto first = Start(Request());
  RunRequest hasty = Request();
  hasty.deadline = milliseconds(20);
  const RunSummary run = Finished(*Start(hasty));
  EXPECT_EQ(run.failure.reason(), kReasonBoardBusy);
  EXPECT_EQ(run.exit_code, analysis::kExitInfrastructure);
}

TEST_F(RunManagerTest, TheDeadlineEndsARunningRunOnTheBoardToo) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  RunRequest hasty = Request();
  hasty.deadline = milliseconds(2'000);  // enough to get the board on a busy machine
  const auto run_id = Start(hasty);
  EXPECT_TRUE(board.link().NextRun().has_value());
  EXPECT_EQ(board.link().NextCancel()->key.run_id, *run_id);
  const RunSummary run = Finished(*run_id);
  EXPECT_EQ(run.failure.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(run.exit_code, analysis::kExitInfrastructure);
}

TEST_F(RunManagerTest, CancellingAWaitingRunEndsIt) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto first = Start(Request());
  const auto second = Start(Request());
  ASSERT_TRUE(Cancel(*second).ok());
  EXPECT_EQ(Finished(*second).failure.reason(), kReasonCancelled);
  EXPECT_EQ(board.Serve(target_).run_id, *first);
  EXPECT_EQ(Finished(*first).exit_code, 0);
}

TEST_F(RunManagerTest, CancellingReachesTheBoard) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto run_id = Start(Request());
  ASSERT_TRUE(board.link().NextRun().has_value());
  ASSERT_TRUE(Cancel(*run_id).ok());
  EXPECT_EQ(board.link().NextCancel()->key.run_id, *run_id);
  EXPECT_EQ(Finished(*run_id).failure.reason(), kReasonCancelled);
}

TEST_F(RunManagerTest, TheSameRequestAgainIsTheSameRun) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  RunRequest request = Request();
  request.request_id = std::string(32, '1');
  const auto first = Start(request);
  EXPECT_EQ(*Start(request), *first);
  request.repetitions = 5;
  EXPECT_EQ(Start(request).status().code(), StatusCode::kAlreadyExists);
}

TEST_F(RunManagerTest, AnAgentThatStaysAwayEndsItsRunAndTheNextSucceeds) {
  StartCore(milliseconds(20));
  auto board = std::make_unique<FakeBoard>(core_.get(), MakeHello("cam"));
  const auto run_id = Start(Request());
  ASSERT_TRUE(board->link().NextRun().has_value());
  board->Leave();
  const RunSummary lost = Finished(*run_id);
  EXPECT_EQ(lost.failure.reason(), kReasonAgentLost);
  EXPECT_EQ(lost.exit_code, analysis::kExitInfrastructure);
  FakeBoard again(core_.get(), MakeHello("cam", {}, kOther));
  const auto next = Start(Request());
  again.Serve(target_);
  EXPECT_EQ(Finished(*next).exit_code, 0);
}

TEST_F(RunManagerTest, ACommandThatGotLostIsSentAgain) {
  const rpc::Hello hello = MakeHello("cam");
  FakeBoard board(core_.get(), hello);
  const auto run_id = Start(Request());
  ASSERT_TRUE(board.link().NextRun().has_value());
  board.Leave();  // before the agent read it
  FakeBoard back(core_.get(), hello);
  EXPECT_EQ(back.Serve(target_).run_id, *run_id);
  EXPECT_EQ(Finished(*run_id).exit_code, 0);
}

TEST_F(RunManagerTest, WhatTheAgentReportsOnItsControlStreamEndsTheRun) {
  const rpc::Hello hello = MakeHello("cam");
  FakeBoard board(core_.get(), hello);
  const auto run_id = Start(Request());
  const auto command = board.link().NextRun();
  core_->strand().Post([&] {
    core_->runs().BoardFailed(kOther, command->key, InternalError("of another agent"));
    core_->runs().BoardFailed(hello.instance_id,
                              command->key,
                              DataLossError("digest differs").WithReason(kReasonWrongModel));
  });
  EXPECT_EQ(Finished(*run_id).failure.reason(), kReasonWrongModel);
}

TEST_F(RunManagerTest, OnlyTheBoardOfARunMayUploadForIt) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto run_id = Start(Request());
  const auto open = [&](const std::string& instance, const rpc::RunKey& key) {
    return core_->strand()
        .Call([&] {
          return core_->runs().OpenUpload(instance, key, 1, [](const Status& /*why*/) {});
        })
        .status()
        .code();
  };
  ASSERT_TRUE(board.link().NextRun().has_value());
  EXPECT_EQ(open(kOther, {*run_id, 1}), StatusCode::kPermissionDenied);
  EXPECT_EQ(open(std::string(32, 'a'), {*run_id, 2}), StatusCode::kNotFound);
  EXPECT_EQ(open(std::string(32, 'a'), {"no-such-run", 1}), StatusCode::kNotFound);
  EXPECT_EQ(open(std::string(32, 'a'), {*run_id, 1}), StatusCode::kOk);
}

TEST_F(RunManagerTest, ARunThatEndsInTheStoreAloneHasAReport) {
  RunRequest request = Request({"nowhere"});
  request.wait = true;
  const auto run_id = Start(request);
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  // As the store's own housekeeping does, before this server's clock is at the deadline.
  ASSERT_TRUE(core_->runs().farm().store().Cancel(*run_id, "farm", "no_board").ok());
  const RunSummary run = Finished(*run_id);
  EXPECT_EQ(run.failure.reason(), kReasonBoardBusy);
  const auto path = core_->strand().Call([&] { return core_->runs().ReportPath(*run_id); });
  ASSERT_TRUE(path.ok()) << path.status().ToString();
  EXPECT_TRUE(std::filesystem::exists(*path)) << *path;
}

TEST_F(RunManagerTest, AWaitingRunWhoseLastBoardLeavesIsTold) {
  StartCore(milliseconds(20));
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto first = Start(Request());
  const auto second = Start(Request());
  ASSERT_TRUE(board.link().NextRun().has_value());  // before, both would be waiting
  board.Leave();
  EXPECT_EQ(Finished(*second).failure.reason(), kReasonBoardNotFound);
  EXPECT_EQ(Finished(*first).failure.reason(), kReasonAgentLost);
}

TEST_F(RunManagerTest, ARestartedServerStillKnowsItsRuns) {
  std::string run_id;
  {
    FakeBoard board(core_.get(), MakeHello("cam"));
    run_id = *Start(Request());
    target_.outputs = {MakeOutput("scores", {1, 2, 4})};
    board.Serve(target_);
    EXPECT_EQ(Finished(run_id).exit_code, analysis::kExitMismatch);
  }
  StartCore(milliseconds(20));
  const auto list = core_->strand().Call([&] { return core_->runs().List(10); });
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].run_id, run_id);
  EXPECT_EQ(list[0].exit_code, analysis::kExitMismatch);
  EXPECT_EQ(list[0].board, "cam");
  EXPECT_EQ(list[0].model_name, Request().model_name);
  EXPECT_GT(list[0].created_unix_ms, 0);
  EXPECT_GE(list[0].finished_unix_ms, list[0].created_unix_ms);
  EXPECT_EQ(Finished(run_id).verdict, analysis::Verdict::kMismatch);
  const auto report = core_->strand().Call([&] { return core_->runs().ReportPath(run_id); });
  EXPECT_TRUE(std::filesystem::exists(*report));
}

TEST_F(RunManagerTest, TheReferenceOfAFinishedRunIsReplayedWithoutTheSimulator) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto first = Start(Request());
  board.Serve(target_);
  EXPECT_EQ(Finished(*first).exit_code, 0);
  RunRequest request = Request();
  request.reference = {ReferenceKind::kRecordedRun, *first};
  const auto second = Start(request);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  board.Serve(target_);
  EXPECT_EQ(Finished(*second).exit_code, 0);
  EXPECT_EQ(simulator_->runs, 1);
  // The board differs now; what it differs from is still the first run's simulator.
  target_.outputs = {MakeOutput("scores", {7, 8, 9})};
  const auto third = Start(request);
  board.Serve(target_);
  EXPECT_EQ(Finished(*third).exit_code, analysis::kExitMismatch);
  EXPECT_EQ(simulator_->runs, 1);
}

TEST_F(RunManagerTest, AReferenceThatIsNotFinishedOrNotThereIsRefused) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  RunRequest request = Request();
  request.reference = {ReferenceKind::kRecordedRun, *Start(Request())};
  EXPECT_EQ(Start(request).status().code(), StatusCode::kFailedPrecondition);
  request.reference.run_id = "20260101-000000-aaaaaa";
  EXPECT_EQ(Start(request).status().code(), StatusCode::kNotFound);
}

TEST_F(RunManagerTest, ASimulatorThatThisServerLacksIsRefused) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  RunRequest request = Request();
  request.reference.kind = ReferenceKind::kSgs;
  EXPECT_EQ(Start(request).status().reason(), kReasonUsage);
}

TEST_F(RunManagerTest, StoppingEndsEveryRunWithAReport) {
  FakeBoard board(core_.get(), MakeHello("cam"));
  const auto running = Start(Request());
  const auto waiting = Start(Request());
  ASSERT_TRUE(board.link().NextRun().has_value());
  core_->Stop();
  EXPECT_TRUE(board.link().closed().has_value());
  for (const std::string& run_id : {*running, *waiting}) {
    EXPECT_EQ(Find(run_id)->state, RunState::kFinished);
    EXPECT_TRUE(archive::ReadRunFolder(folder_.path() / "data" / "runs" / run_id).ok());
  }
  EXPECT_EQ(Start(Request()).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace plumb::server
