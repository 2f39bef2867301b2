// Hooks around real runs of a real server: small scripts that write down when they were called.
#include <sys/stat.h>

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/runner/failure.h"
#include "tests/integration/server_fixture.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

using client::BoardState;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class HooksTest : public ServerFixture {
 protected:
  // A server with this file of hooks.
  void StartWith(const std::string& json) {
    hooks_ = folder_.path() / "hooks.json";
    ASSERT_TRUE(WriteFileAtomically(hooks_, json).ok());
    StartServer();
  }

  // A hook that notes its name and board, then does `more`.
  [[nodiscard]] std::string Note(const std::string& more = "true") const {
    return R"({"command": ["/bin/sh", "-c", "echo $PLUMB_HOOK $PLUMB_BOARD >> )" + log() + "; " +
           more + R"("]})";
  }

  [[nodiscard]] std::string AllHooks() const {
    std::string json;
    for (const char* hook : {"before_lease", "after_lease", "on_hang", "flash", "power_cycle"}) {
      json += (json.empty() ? "\"" : ", \"") + std::string(hook) + "\": " + Note();
    }
    return "{" + json + "}";
  }

  [[nodiscard]] std::string log() const { return (folder_.path() / "log").string(); }

  // What was noted so far.
  std::vector<std::string> Noted() const {
    const auto text = ReadFile(log());
    std::vector<std::string> lines = Split(text.ok() ? text->view() : "", '\n');
    std::erase(lines, "");
    return lines;
  }

  static client::BoardSummary Board(client::Client* client, const std::string& name) {
    const auto boards = client->ListBoards();
    for (const auto& board : boards.ok() ? *boards : std::vector<client::BoardSummary>()) {
      if (board.name == name) {
        return board;
      }
    }
    return {};
  }

  client::RunSummary EndOf(client::Client* client, const std::string& run_id) {
    const auto end = client->Watch(run_id, nullptr);
    EXPECT_TRUE(end.ok()) << end.status().ToString();
    return end.ok() ? end->run : client::RunSummary();
  }

  // Reads what the server still says until it ends the stream.
  static void AwaitClose(FakeAgent* agent) {
    while (agent->Next().ok()) {
    }
  }

  // The next run of `agent` hangs, which the server has acted on when this returns.
  void Hang(client::Client* client, FakeAgent* agent, const std::string& run_id) {
    const v1::RunKey key = NextRun(agent);
    EXPECT_TRUE(agent
                    ->SendFailed(key,
                                 DeadlineExceededError("Invoke did not return in 30 s")
                                     .WithReason(kReasonRunnerHung))
                    .ok());
    EXPECT_EQ(EndOf(client, run_id).exit_code, analysis::kExitBoard);
  }
};

TEST_F(HooksTest, ABoardIsPreparedBeforeTheRunAndCleanedUpAfterIt) {
  StartWith(R"({"*": )" + AllHooks() + "}");
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  const v1::RunKey key = NextRun(&agent);
  EXPECT_THAT(Noted(), ElementsAre("before_lease cam")) << "the board is told after the hook";
  FakeUpload upload(&agent, key);
  EXPECT_TRUE(upload.NextAck().ok());
  for (const v1::UploadRequest& request : CorrectUpload()) {
    upload.Send(request);
  }
  EXPECT_TRUE(upload.Finish().ok());
  EXPECT_EQ(EndOf(client.get(), *run_id).exit_code, 0);
  EXPECT_THAT(Noted(), ElementsAre("before_lease cam", "after_lease cam"));
}

TEST_F(HooksTest, ABoardThatCannotBePreparedIsQuarantinedAndTheRunGoesToAnother) {
  StartWith(R"({"bad": {"before_lease": )" + Note("echo no power; exit 7") + R"(}, "*": )" +
            AllHooks() + "}");
  const auto client = Connect();
  FakeAgent bad(address(), "bad");
  ASSERT_TRUE(bad.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  while (Board(client.get(), "bad").state != BoardState::kQuarantined) {
    ASSERT_TRUE(client->ListBoards().ok());
  }
  EXPECT_THAT(Board(client.get(), "bad").reason,
              HasSubstr("hook before_lease of board 'bad' ended with exit code 7: no power"));
  FakeAgent good(address(), "good", 'b');
  ASSERT_TRUE(good.Connect().ok());
  EXPECT_EQ(Serve(&good, CorrectUpload()).run_id(), *run_id);
  const auto run = EndOf(client.get(), *run_id);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.board, "good");
  EXPECT_THAT(Noted(), ElementsAre("before_lease bad", "before_lease good", "after_lease good"));
}

TEST_F(HooksTest, AHungBoardIsPowerCycledAndTheQueueGoesOnOnceItIsBack) {
  StartWith(R"({"*": )" + AllHooks() + "}");
  const auto client = Connect();
  auto agent = std::make_unique<FakeAgent>(address(), "cam");
  ASSERT_TRUE(agent->Connect().ok());
  const auto first = client->StartRun(Request(client.get()));
  client::RunRequest next = Request(client.get());
  next.wait = true;
  const auto second = client->StartRun(next);
  Hang(client.get(), agent.get(), *first);
  EXPECT_THAT(Noted(),
              ElementsAre("before_lease cam", "on_hang cam", "power_cycle cam", "after_lease cam"));
  AwaitClose(agent.get());  // what the board says now is of before
  agent = std::make_unique<FakeAgent>(address(), "cam", 'b');  // rebooted
  ASSERT_TRUE(agent->Connect().ok());
  EXPECT_EQ(Serve(agent.get(), CorrectUpload()).run_id(), *second);
  EXPECT_EQ(EndOf(client.get(), *second).exit_code, 0);
}

TEST_F(HooksTest, ABoardThatHangsAgainIsFlashedAndThenQuarantined) {
  StartWith(R"({"*": )" + AllHooks() + "}");
  const auto client = Connect();
  for (const char instance : {'a', 'b', 'c'}) {
    FakeAgent agent(address(), "cam", instance);
    ASSERT_TRUE(agent.Connect().ok());
    const auto run_id = client->StartRun(Request(client.get()));
    ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
    Hang(client.get(), &agent, *run_id);
    AwaitClose(&agent);
  }
  std::vector<std::string> noted = Noted();
  std::erase(noted, "before_lease cam");
  std::erase(noted, "after_lease cam");
  EXPECT_THAT(noted,
              ElementsAre("on_hang cam",
                          "power_cycle cam",
                          "on_hang cam",
                          "flash cam",
                          "power_cycle cam",
                          "on_hang cam",
                          "flash cam",
                          "power_cycle cam"));
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kQuarantined);
  EXPECT_THAT(Board(client.get(), "cam").reason, HasSubstr("hung 3 times in a row"));
}

TEST_F(HooksTest, ACleanUpThatFailsQuarantinesTheBoardAndTheRunKeepsItsVerdict) {
  StartWith(R"({"*": {"after_lease": )" + Note("exit 1") + "}}");
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  Serve(&agent, CorrectUpload());
  EXPECT_EQ(EndOf(client.get(), *run_id).exit_code, 0);
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kQuarantined);
  EXPECT_THAT(Board(client.get(), "cam").reason, HasSubstr("hook after_lease"));
}

TEST_F(HooksTest, ARunCancelledWhileItsBoardIsPreparedEndsAndTheBoardIsFree) {
  // The hook waits until the test lets it go on.
  const std::string gate = (folder_.path() / "gate").string();
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  StartWith(R"({"*": {"before_lease": )" + Note("read line < " + gate) + "}}");
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto first = client->StartRun(Request(client.get()));
  FILE* open = std::fopen(gate.c_str(), "w");  // returns once the hook is at it
  ASSERT_NE(open, nullptr);
  ASSERT_TRUE(client->CancelRun(*first).ok());
  std::fputs("go\n", open);
  std::fclose(open);
  EXPECT_EQ(EndOf(client.get(), *first).error.reason(), kReasonCancelled);
  const auto second = client->StartRun(Request(client.get()));
  open = std::fopen(gate.c_str(), "w");
  std::fputs("go\n", open);
  std::fclose(open);
  for (auto command = agent.Next(); command.ok(); command = agent.Next()) {
    if (command->has_run() && command->run().key().run_id() == *second) {
      return;
    }
  }
  FAIL() << "the second run never came to the board";
}

TEST_F(HooksTest, AServerThatStopsDoesNotWaitForAHook) {
  StartWith(R"({"*": {"before_lease": )" + Note("sleep 600") + "}}");
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  ASSERT_TRUE(client->StartRun(Request(client.get())).ok());
  while (Noted().empty()) {
    ASSERT_TRUE(client->ListBoards().ok());
  }
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(60));
  StartWith("{}");
  EXPECT_NE(Board(Connect().get(), "cam").state, BoardState::kQuarantined) << "no fault of its own";
}

class HealthTest : public HooksTest {
 protected:
  HealthTest() {
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "check.img", SmallModelFile({})).ok());
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "check.bin", SmallPicture()).ok());
  }

  // What a board that computes answers: the values of both outputs, 16 bits each, low byte first.
  static std::string RightDigest() {
    const SmallAnswer answer = SolveSmallModel(SmallPicture());
    std::vector<uint8_t> bytes;
    for (const auto& values : {answer.scores, answer.mean}) {
      for (const int value : values) {
        bytes.push_back(static_cast<uint8_t>(value & 0xFF));
        bytes.push_back(static_cast<uint8_t>((value >> 8) & 0xFF));
      }
    }
    return Sha256Hex(bytes);
  }

  // The part of a board's hooks; `more` as ", \"key\": value".
  static std::string Health(const std::string& more) {
    return R"("health": {"model": "check.img", "inputs": ["check.bin"])" + more + "}";
  }

  static std::string WithDigest(const std::string& more = "") {
    return Health(R"(, "digest": ")" + RightDigest() + "\"" + more);
  }

  static void FailInvoke(FakeAgent* agent, const v1::RunKey& key) {
    const Status failure = UnavailableError("Invoke gave -1").WithReason(kReasonInvokeFailed);
    EXPECT_TRUE(agent->SendFailed(key, failure).ok());
  }

  // The next run command; what else the server says of runs that failed is passed over.
  static v1::RunKey NextOf(FakeAgent* agent) {
    for (auto command = agent->Next(); command.ok(); command = agent->Next()) {
      if (command->has_run()) {
        return command->run().key();
      }
    }
    ADD_FAILURE() << "the stream ended";
    return {};
  }

  // A run that waits for a board that comes.
  std::string Wait(client::Client* client) {
    client::RunRequest request = Request(client);
    request.wait = true;
    const auto run_id = client->StartRun(request);
    EXPECT_TRUE(run_id.ok()) << run_id.status().ToString();
    return run_id.ok() ? *run_id : "";
  }
};

TEST_F(HealthTest, ABoardThatComesIsCheckedBeforeAnybodyGetsIt) {
  StartWith(R"({"*": {)" + WithDigest() + "}}");
  const auto client = Connect();
  const std::string waiting = Wait(client.get());
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const std::string check = Serve(&agent, CorrectUpload()).run_id();
  EXPECT_NE(check, waiting);
  EXPECT_EQ(EndOf(client.get(), check).model_name, "health check: check.img");
  EXPECT_EQ(Serve(&agent, CorrectUpload()).run_id(), waiting);
  EXPECT_EQ(EndOf(client.get(), waiting).exit_code, 0);
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kIdle);
}

TEST_F(HealthTest, ABoardThatComputesSomethingElseIsQuarantined) {
  StartWith(R"({"*": {)" + WithDigest() + "}}");
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  EndOf(client.get(), Serve(&agent, CorrectUpload(/*error=*/1)).run_id());
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kQuarantined);
  EXPECT_THAT(Board(client.get(), "cam").reason, HasSubstr("not " + RightDigest()));
}

TEST_F(HealthTest, WithoutADigestTheSimulatorDecides) {
  StartWith(R"({"*": {)" + Health("") + "}}");
  const auto client = Connect();
  FakeAgent good(address(), "good");
  ASSERT_TRUE(good.Connect().ok());
  EndOf(client.get(), Serve(&good, CorrectUpload()).run_id());
  EXPECT_EQ(Board(client.get(), "good").state, BoardState::kIdle);
  FakeAgent bad(address(), "bad", 'b');
  ASSERT_TRUE(bad.Connect().ok());
  EndOf(client.get(), Serve(&bad, CorrectUpload(/*error=*/1)).run_id());
  EXPECT_THAT(Board(client.get(), "bad").reason, HasSubstr("differ from the simulator's"));
}

TEST_F(HealthTest, AHungBoardIsPowerCycledCheckedAndTheQueueGoesOn) {
  StartWith(R"({"*": {"on_hang": )" + Note() + R"(, "power_cycle": )" + Note() + ", " +
            WithDigest() + "}}");
  const auto client = Connect();
  // The same agent after all: a switch that has done nothing is told by the check.
  auto agent = std::make_unique<FakeAgent>(address(), "cam");
  ASSERT_TRUE(agent->Connect().ok());
  EndOf(client.get(), Serve(agent.get(), CorrectUpload()).run_id());
  const std::string first = Wait(client.get());
  const std::string second = Wait(client.get());
  Hang(client.get(), agent.get(), first);
  EXPECT_THAT(Noted(), ElementsAre("on_hang cam", "power_cycle cam"));
  AwaitClose(agent.get());
  agent = std::make_unique<FakeAgent>(address(), "cam");
  ASSERT_TRUE(agent->Connect().ok());
  const std::string check = Serve(agent.get(), CorrectUpload()).run_id();
  EXPECT_NE(check, second);
  EXPECT_EQ(EndOf(client.get(), check).exit_code, 0);
  EXPECT_EQ(Serve(agent.get(), CorrectUpload()).run_id(), second);
  EXPECT_EQ(EndOf(client.get(), second).exit_code, 0);
}

TEST_F(HealthTest, ABoardOnWhichRunsFailIsChecked) {
  StartWith(R"({"*": {)" + WithDigest(", \"after_failures\": 2") + "}}");
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  EndOf(client.get(), Serve(&agent, CorrectUpload()).run_id());
  std::vector<std::string> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(Wait(client.get()));
  }
  for (int i = 0; i < 2; ++i) {
    const v1::RunKey key = NextOf(&agent);
    EXPECT_EQ(key.run_id(), waiting.at(static_cast<size_t>(i)));
    FailInvoke(&agent, key);
    EndOf(client.get(), key.run_id());
  }
  const v1::RunKey check = NextOf(&agent);
  EXPECT_NE(check.run_id(), waiting.back());
  FailInvoke(&agent, check);
  EndOf(client.get(), check.run_id());
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kQuarantined);
  EXPECT_THAT(Board(client.get(), "cam").reason, HasSubstr("health check: "));
  EXPECT_THAT(Board(client.get(), "cam").reason, HasSubstr("Invoke gave -1"));
}

TEST_F(HealthTest, ABoardIsCheckedAgainByTheClock) {
  StartWith(R"({"*": {)" + WithDigest(", \"minutes\": 0.001") + "}}");
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const std::string first = Serve(&agent, CorrectUpload()).run_id();
  const std::string second = Serve(&agent, CorrectUpload()).run_id();
  EXPECT_NE(first, second);
  EXPECT_EQ(EndOf(client.get(), second).exit_code, 0);
}

}  // namespace
}  // namespace plumb::test
