// Runs over real gRPC: client library, server, simulator process, and a board made of its messages.
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/archive/report_json.h"
#include "common/runner/failure.h"
#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

using analysis::Verdict;
using client::RunEvent;
using client::RunState;
using testing::HasSubstr;

class RunTest : public ServerFixture {};

TEST_F(RunTest, ACorrectBoardMatchesTheSimulator) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  EXPECT_EQ(Serve(&agent, CorrectUpload()).run_id(), *run_id);
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(end->run.exit_code, 0) << end->report_json;
  EXPECT_EQ(end->run.verdict, Verdict::kMatch);
  EXPECT_EQ(end->run.board, "cam");
  ASSERT_EQ(end->tensors.size(), 2U);
  EXPECT_EQ(end->tensors[0].name, "scores");
  EXPECT_EQ(end->tensors[0].compared, 30U);
  EXPECT_EQ(end->tensors[0].target_bytes, 64U);
  EXPECT_EQ(end->tensors[0].verdict, Verdict::kMatch);
  EXPECT_EQ(end->target_model->sdk, "fake board");
}

TEST_F(RunTest, AWrongElementIsFoundAndTheReportIsTheServersOwn) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  Serve(&agent, CorrectUpload(3));
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->run.exit_code, analysis::kExitMismatch);
  EXPECT_EQ(end->tensors[0].different_elements, 1U);
  EXPECT_EQ(end->tensors[0].first_difference_index, 0U);
  EXPECT_EQ(end->tensors[0].max_lsb_error, 3.0);
  const auto report = archive::ReportFromJson(end->report_json);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->first_divergence->name, "scores");
  EXPECT_EQ(end->report_json,
            ReadFile(folder_.path() / "data" / "runs" / *run_id / "report.json")->view());
}

TEST_F(RunTest, RunsGoToTheBoardTheyName) {
  const auto client = Connect();
  FakeAgent lab(address(), "cam-1", 'a');
  lab.hello().add_tags("lab");
  FakeAgent field(address(), "cam-2", 'b');
  field.hello().add_tags("field");
  ASSERT_TRUE(lab.Connect().ok() && field.Connect().ok());
  const auto by_name = client->StartRun(Request(client.get(), {"cam-2"}));
  EXPECT_EQ(Serve(&field, CorrectUpload()).run_id(), *by_name);
  const auto by_tag = client->StartRun(Request(client.get(), {"lab"}));
  EXPECT_EQ(Serve(&lab, CorrectUpload()).run_id(), *by_tag);
  EXPECT_EQ(client->Watch(*by_name, nullptr)->run.exit_code, 0);
  EXPECT_EQ(client->Watch(*by_tag, nullptr)->run.board, "cam-1");
  const auto boards = client->ListBoards();
  ASSERT_TRUE(boards.ok());
  ASSERT_EQ(boards->size(), 2U);
  EXPECT_EQ(boards->at(1).name, "cam-2");
  EXPECT_THAT(boards->at(1).tags, testing::ElementsAre("field"));
  const Status missing = client->StartRun(Request(client.get(), {"cam-9"})).status();
  EXPECT_EQ(missing.reason(), kReasonBoardNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("'cam-1' (tags lab); 'cam-2' (tags field)"));
}

TEST_F(RunTest, EveryWatcherSeesTheSameEndHoweverLateItComes) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  std::promise<void> watching;
  bool told = false;
  auto early = std::async(std::launch::async, [&] {
    return client->Watch(*run_id, [&](const RunEvent& /*event*/) {
      if (!std::exchange(told, true)) {
        watching.set_value();
      }
    });
  });
  watching.get_future().wait();
  Serve(&agent, CorrectUpload());
  const auto first = early.get();
  ASSERT_TRUE(first.ok());
  int events = 0;
  const auto late = Connect()->Watch(*run_id, [&](const RunEvent& /*event*/) { ++events; });
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(events, 1);
  EXPECT_EQ(late->report_json, first->report_json);
  EXPECT_EQ(late->tensors.size(), 2U);
  const auto runs = client->ListRuns();
  ASSERT_EQ(runs->size(), 1U);
  EXPECT_EQ(runs->front().model_name, "small.img");
  EXPECT_EQ(runs->front().state, RunState::kFinished);
}

TEST_F(RunTest, CancellingReachesTheBoard) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  const v1::RunKey key = NextRun(&agent);
  ASSERT_TRUE(client->CancelRun(*run_id).ok());
  const auto cancel = agent.Next();
  ASSERT_TRUE(cancel.ok() && cancel->has_cancel());
  EXPECT_EQ(cancel->cancel().key().run_id(), key.run_id());
  ASSERT_TRUE(agent.SendFailed(key, CancelledError("stopped").WithReason("cancelled")).ok());
  const auto end = client->Watch(*run_id, nullptr);
  EXPECT_EQ(end->run.error.reason(), kReasonCancelled);
  EXPECT_EQ(end->run.exit_code, analysis::kExitInfrastructure);
}

TEST_F(RunTest, WhatTheBoardFoundWrongReachesThePersonWithReasonAndHint) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  const Status hung =
      DeadlineExceededError("no answer").WithReason(kReasonRunnerHung).WithHint("raise --timeout");
  ASSERT_TRUE(agent.SendFailed(NextRun(&agent), hung).ok());
  const auto end = client->Watch(*run_id, nullptr);
  EXPECT_EQ(end->run.exit_code, analysis::kExitBoard);
  EXPECT_EQ(end->run.error.reason(), kReasonRunnerHung);
  EXPECT_EQ(end->run.error.hint(), "raise --timeout");
}

TEST_F(RunTest, AnAgentThatDiesEndsItsRun) {
  StartServer(std::chrono::milliseconds(50));
  const auto client = Connect();
  auto agent = std::make_unique<FakeAgent>(address(), "cam");
  ASSERT_TRUE(agent->Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  NextRun(agent.get());
  agent.reset();
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->run.error.reason(), kReasonAgentLost);
  EXPECT_EQ(end->run.exit_code, analysis::kExitInfrastructure);
  const auto run = folder_.path() / "data" / "runs" / *run_id;
  EXPECT_FALSE(std::filesystem::exists(run / "target" / "output_00.raw"));
}

TEST_F(RunTest, StoppingTheServerEndsRunsWatchersAndAgents) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  NextRun(&agent);
  std::promise<void> watching;
  bool told = false;
  auto watch = std::async(std::launch::async, [&] {
    return client->Watch(*run_id, [&](const RunEvent& /*event*/) {
      if (!std::exchange(told, true)) {
        watching.set_value();
      }
    });
  });
  watching.get_future().wait();
  server_->Stop();
  const auto end = watch.get();
  // The run's end may still come through, or the connection breaks first; never anything else.
  EXPECT_TRUE(end.ok() ? end->run.exit_code == analysis::kExitInfrastructure
                       : end.status().reason() == client::kReasonServerLost)
      << end.status().ToString();
  Status ended;
  while (ended.ok()) {
    ended = agent.Next().status();
  }
  EXPECT_EQ(ended.code(), StatusCode::kUnavailable);
  EXPECT_EQ(client->ListBoards().status().reason(), client::kReasonServerLost);
}

TEST_F(RunTest, ANewServerOnTheSameFolderKnowsTheRun) {
  std::string run_id;
  {
    const auto client = Connect();
    FakeAgent agent(address(), "cam");
    ASSERT_TRUE(agent.Connect().ok());
    run_id = *client->StartRun(Request(client.get()));
    Serve(&agent, CorrectUpload());
    ASSERT_TRUE(client->Watch(run_id, nullptr).ok());
  }
  StartServer();
  const auto client = Connect();
  const auto runs = client->ListRuns();
  ASSERT_TRUE(runs.ok()) << runs.status().ToString();
  ASSERT_EQ(runs->size(), 1U);
  EXPECT_EQ(runs->front().verdict, Verdict::kMatch);
  const auto end = client->Watch(run_id, nullptr);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_THAT(end->report_json, HasSubstr("plumb.comparison/1"));
}

}  // namespace
}  // namespace plumb::test
