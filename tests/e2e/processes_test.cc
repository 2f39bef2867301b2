// Server, agents and clients as separate processes: what happens when one of them dies.
#include <csignal>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/e2e/farm.h"
#include "tests/support/cut_proxy.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;

constexpr int kWideMebibytes = 24;
// Well inside the wide model's output, well past its descriptors.
constexpr uint64_t kMidStream = uint64_t{8} << 20U;

struct ProxiedBoard {
  std::unique_ptr<CutProxy> proxy;
  Program* agent = nullptr;
};

ProxiedBoard AddProxiedBoard(Farm& farm) {
  const std::string front = (farm.folder() / "proxy.sock").string();
  auto proxy = CutProxy::Start(front, farm.socket());
  EXPECT_TRUE(proxy.ok()) << proxy.status().ToString();
  ProxiedBoard board{std::move(proxy).value(), nullptr};
  board.agent = &farm.AddBoard("camera", "S6", {}, "unix:" + front);
  return board;
}

TEST(ProcessesTest, RunIsWatchedBySomebodyElseToTheSameVerdict) {
  Farm farm;
  farm.AddBoard("camera", "S6");
  const auto run = farm.RunModel(BlazeFace("S6"), {"--board", "camera"});
  EXPECT_EQ(run.exit.code, 0) << run.out << run.err;
  const auto listed = json::parse(farm.Plumb("runs", {"--json", "-"}).out, nullptr, false);
  ASSERT_EQ(listed["runs"].size(), 1U);
  const std::string id = listed["runs"][0]["run"];
  const auto watched = farm.Plumb("watch", {id, "--json", "-"});
  EXPECT_EQ(watched.exit.code, 0) << watched.err;
  EXPECT_EQ(watched.out, farm.report());
}

TEST(ProcessesTest, BoardsAreChosenByNameAndByTags) {
  Farm farm;
  farm.AddBoard("front-door", "S6", {"--tag", "lab1", "--tag", "new"});
  farm.AddBoard("garage", "S6", {"--tag", "lab1"});
  const auto by_name = farm.RunModel(BlazeFace("S6"), {"--board", "garage"});
  EXPECT_EQ(by_name.exit.code, 0) << by_name.err;
  EXPECT_EQ(json::parse(farm.report())["identity"]["board"], "garage");
  const auto by_tags = farm.RunModel(BlazeFace("S6"), {"--board", "lab1", "--board", "new"});
  EXPECT_EQ(by_tags.exit.code, 0) << by_tags.err;
  EXPECT_EQ(json::parse(farm.report())["identity"]["board"], "front-door");
}

TEST(ProcessesTest, RunForABoardThatIsNotThereSaysWhichAre) {
  Farm farm;
  farm.AddBoard("front-door", "S6");
  const auto run = farm.RunModel(BlazeFace("S6"), {"--board", "attic"});
  EXPECT_EQ(run.exit.code, 3) << run.out << run.err;
  EXPECT_NE(run.err.find("attic"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("front-door"), std::string::npos) << run.err;
}

TEST(ProcessesTest, AgentKilledInMidStreamEndsTheRunAsInfrastructure) {
  Farm farm;
  auto board = AddProxiedBoard(farm);
  const pid_t agent = board.agent->pid();
  board.proxy->TripAt(kMidStream, [agent] { ::kill(agent, SIGKILL); });
  const auto run = farm.RunModel(WideModel(kWideMebibytes), {"--board", "camera"});
  EXPECT_EQ(run.exit.code, 3) << run.out << run.err;
  const auto report = json::parse(farm.report(), nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << run.out << run.err;
  EXPECT_EQ(report["verdict"], "not_compared");
  EXPECT_FALSE(report["error"].is_null());
}

TEST(ProcessesTest, ServerKilledInMidStreamEndsTheClientAndComesBackClean) {
  Farm farm;
  auto board = AddProxiedBoard(farm);
  const pid_t server = farm.server().pid();
  board.proxy->TripAt(kMidStream, [server] { ::kill(server, SIGKILL); });
  const auto run = farm.RunModel(WideModel(kWideMebibytes), {"--board", "camera"});
  EXPECT_EQ(run.exit.code, 3) << run.out << run.err;
  farm.KillServer();
  farm.StartServer();
  // The agent dials again by itself; nothing half-written is listed as a run.
  farm.AwaitBoard("camera", true);
  const auto listed = json::parse(farm.Plumb("runs", {"--json", "-"}).out, nullptr, false);
  for (const auto& entry : listed["runs"]) {
    EXPECT_NE(entry["verdict"], "match");
    EXPECT_NE(entry["verdict"], "mismatch");
  }
  farm.AwaitIdle("camera");
  const auto again = farm.RunModel(WideModel(kWideMebibytes), {"--board", "camera"});
  EXPECT_EQ(again.exit.code, 0) << again.out << again.err;
}

TEST(ProcessesTest, LinkCutForTwoSecondsResumesToTheSameResult) {
  Farm farm;
  auto board = AddProxiedBoard(farm);
  board.proxy->TripAt(kMidStream, [&board] { board.proxy->Cut(); });
  const auto client = farm.StartRun(WideModel(kWideMebibytes), {"--board", "camera"});
  ASSERT_TRUE(board.proxy->WaitForTrip(kPatience)) << client->Output();
  // Two seconds in which the run must neither end nor fail.
  EXPECT_FALSE(client->WaitForExit(std::chrono::seconds(2)).has_value()) << client->Output();
  board.proxy->Mend();
  const auto finished = client->WaitForExit(kPatience);
  ASSERT_TRUE(finished.has_value()) << client->Output();
  EXPECT_EQ(finished->exit.code, 0) << finished->out << finished->err;
  const auto report = json::parse(farm.report(), nullptr, false);
  EXPECT_EQ(report["tensors"][0]["different_elements"], 0);
  EXPECT_EQ(report["tensors"][0]["count"], uint64_t{kWideMebibytes} << 19U);
}

TEST(ProcessesTest, ControlCCancelsTheRunAndFreesTheBoard) {
  Farm farm;
  farm.AddBoard("camera", "S6,fault=hang:1");
  const auto client = farm.StartRun(BlazeFace("S6"), {"--board", "camera", "--verbose"});
  ASSERT_TRUE(client->WaitForLine("running", kPatience)) << client->Output();
  client->Signal(SIGINT);
  const auto finished = client->WaitForExit(kPatience);
  ASSERT_TRUE(finished.has_value()) << client->Output();
  EXPECT_EQ(finished->exit.code, 3) << finished->out << finished->err;
  farm.AwaitIdle("camera");
  const auto next = farm.RunModel(BlazeFace("S6"), {"--board", "camera"});
  EXPECT_EQ(next.exit.code, 0) << next.out << next.err;
}

TEST(ProcessesTest, AgentAndServerEndCleanlyOnSigterm) {
  Farm farm;
  auto& agent = farm.AddBoard("camera", "S6");
  agent.Signal(SIGTERM);
  const auto agent_end = agent.WaitForExit(kPatience);
  ASSERT_TRUE(agent_end.has_value());
  EXPECT_EQ(agent_end->exit.code, 0) << agent_end->err;
  farm.AwaitBoard("camera", false);
  farm.server().Signal(SIGTERM);
  const auto server_end = farm.server().WaitForExit(kPatience);
  ASSERT_TRUE(server_end.has_value());
  EXPECT_EQ(server_end->exit.code, 0) << server_end->err;
}

TEST(ProcessesTest, ListenersRefuseAddressesThatOthersCanReach) {
  const auto folder = TempFolder::Create("plumb-listen-");
  ASSERT_TRUE(folder.ok());
  const auto refused = RunProgram(
      {BinaryPath("plumb-server"), "--listen", "0.0.0.0:0", "--data", folder->path().string()});
  ASSERT_TRUE(refused.ok()) << refused.status().ToString();
  EXPECT_EQ(refused->exit.code, 2) << refused->err;
  EXPECT_NE(refused->err.find("--insecure"), std::string::npos) << refused->err;
}

}  // namespace
}  // namespace plumb::test
