// The farm's verbs with the real programs, and clients that die.
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/farm.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json Board(Farm& farm, const std::string& name) {
  const auto listed = json::parse(farm.Plumb("boards", {"--json", "-"}).out, nullptr, false);
  for (const auto& board : listed["boards"]) {
    if (board["name"] == name) {
      return board;
    }
  }
  ADD_FAILURE() << "there is no board " << name;
  return {};
}

TEST(FarmVerbsTest, ABoardIsTakenOutOfServiceAndPutBack) {
  Farm farm;
  farm.AddBoard("cam", "S6");
  const auto quarantined = farm.Plumb("quarantine", {"cam", "--reason", "loose cable"});
  EXPECT_EQ(quarantined.exit.code, 0) << quarantined.err;
  EXPECT_EQ(Board(farm, "cam")["state"], "quarantined");
  EXPECT_EQ(Board(farm, "cam")["reason"], "loose cable");
  const auto run = farm.RunModel(BlazeFace("S6"), {"--board", "cam", "--deadline", "3s"});
  EXPECT_EQ(run.exit.code, 3) << run.out << run.err;
  EXPECT_THAT(run.out + run.err, HasSubstr("1 board matches: 1 quarantined since"));
  EXPECT_THAT(run.out + run.err, HasSubstr("(loose cable)"));
  EXPECT_EQ(farm.Plumb("undrain", {"cam"}).exit.code, 0);
  EXPECT_EQ(farm.RunModel(BlazeFace("S6"), {"--board", "cam"}).exit.code, 0);
  EXPECT_EQ(farm.Plumb("drain", {"nope"}).exit.code, 3);
}

TEST(FarmVerbsTest, ACommandHasItsBoardToItselfAndGivesItsOwnExitCode) {
  Farm farm;
  farm.AddBoard("cam", "S6");
  const std::string plumb = BinaryPath("plumb");
  const auto held =
      farm.Plumb("reserve",
                 {"--board",
                  "cam",
                  "--owner",
                  "ann",
                  "--",
                  "sh",
                  "-c",
                  "echo in $PLUMB_BOARD for $PLUMB_OWNER; " + plumb + " boards; exit 7"});
  EXPECT_EQ(held.exit.code, 7) << held.err;
  EXPECT_THAT(held.out, HasSubstr("in cam for ann"));
  EXPECT_THAT(held.out, HasSubstr("idle, reserved by ann"));
  EXPECT_EQ(Board(farm, "cam")["reserved_by"], "");
}

TEST(FarmVerbsTest, AKilledHoldersBoardIsFreeAfterTheTimeItWasKept) {
  Farm farm;
  farm.AddBoard("cam", "S6");
  const std::vector<std::string> reserve = {BinaryPath("plumb"),
                                            "reserve",
                                            "--server",
                                            farm.address(),
                                            "--board",
                                            "cam",
                                            "--owner",
                                            "ann",
                                            "--keep",
                                            "2s",
                                            "--",
                                            "sh",
                                            "-c",
                                            "echo it runs; exec sleep 600"};
  auto holder = Program::Start(reserve);
  ASSERT_TRUE(holder.ok()) << holder.status().ToString();
  ASSERT_TRUE((*holder)->WaitForLine("it runs", kPatience));
  EXPECT_EQ(Board(farm, "cam")["reserved_by"], "ann");
  const auto refused = farm.Plumb("reserve", {"--board", "cam", "--owner", "bob"});
  EXPECT_EQ(refused.exit.code, 3) << refused.out;
  (*holder)->Signal(SIGKILL);
  // bob's run waits, and goes as soon as nobody keeps the board.
  const auto run = farm.RunModel(BlazeFace("S6"), {"--board", "cam", "--owner", "bob"});
  EXPECT_EQ(run.exit.code, 0) << run.out << run.err;
  EXPECT_EQ(Board(farm, "cam")["reserved_by"], "");
}

TEST(FarmVerbsTest, AKilledClientsRunEndsByItselfAndTheBoardIsFree) {
  Farm farm;
  farm.AddBoard("cam", "S6,fault=hang:1");
  auto client = farm.StartRun(BlazeFace("S6"), {"--board", "cam", "--timeout", "2s", "--verbose"});
  ASSERT_TRUE(client->WaitForLine(": running", kPatience)) << client->Output();
  client->Signal(SIGKILL);
  farm.AwaitIdle("cam");
  const auto again = farm.RunModel(BlazeFace("S6"), {"--board", "cam"});
  EXPECT_EQ(again.exit.code, 0) << again.out << again.err;
}

TEST(FarmVerbsTest, TheAuditTellsWhoDidWhat) {
  Farm farm;
  farm.AddBoard("cam", "S6");
  EXPECT_EQ(farm.Plumb("reserve", {"--board", "cam", "--owner", "ann", "--for", "1h"}).exit.code,
            0);
  EXPECT_EQ(farm.Plumb("release", {"cam", "--owner", "bob"}).exit.code, 2);
  EXPECT_EQ(farm.Plumb("release", {"cam", "--owner", "root", "--force"}).exit.code, 0);
  const auto audit = json::parse(farm.Plumb("audit", {"--json", "-"}).out, nullptr, false);
  std::vector<std::string> lines;
  for (const auto& entry : audit["entries"]) {
    lines.push_back(entry["actor"].get<std::string>() + " " + entry["action"].get<std::string>() +
                    " " + entry["subject"].get<std::string>());
  }
  EXPECT_THAT(lines, testing::ElementsAre("ann reserve cam", "root release cam"));
}

TEST(FarmVerbsTest, TokensAreMadeListedAndRevoked) {
  Farm farm;
  const auto plumb = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {BinaryPath("plumb"), "token"});
    words.insert(words.end(), {"--server", farm.address()});
    return *RunProgram(words);
  };
  const auto made = plumb({"add", "ci", "--role", "viewer", "--json", "-"});
  ASSERT_EQ(made.exit.code, 0) << made.err;
  const auto token = json::parse(made.out, nullptr, false);
  const std::string id = token["token"]["id"];
  EXPECT_THAT(token["secret"].get<std::string>(), HasSubstr("plumb_" + id + "_"));
  const auto listed = plumb({"list"});
  EXPECT_THAT(listed.out, HasSubstr(id));
  EXPECT_THAT(listed.out, testing::Not(HasSubstr(token["secret"].get<std::string>())));
  EXPECT_EQ(plumb({"revoke", id}).exit.code, 0);
}

TEST(FarmVerbsTest, SeveralBoardsAreKeptForOneCommand) {
  Farm farm;
  for (const char* name : {"cam-1", "cam-2", "cam-3"}) {
    farm.AddBoard(name, "S6", {"--tag", "lab"});
  }
  const auto few =
      farm.Plumb("reserve", {"--board", "lab", "--count", "4", "--owner", "ann", "--", "true"});
  EXPECT_EQ(few.exit.code, 3) << few.err;
  EXPECT_THAT(few.err, HasSubstr("only 3 of 4 boards can be reserved"));
  const auto kept = farm.Plumb("reserve",
                               {"--board",
                                "lab",
                                "--count",
                                "2",
                                "--owner",
                                "ann",
                                "--",
                                "/bin/sh",
                                "-c",
                                "echo \"has $PLUMB_BOARDS\"; exit 7"});
  EXPECT_EQ(kept.exit.code, 7) << kept.err;
  EXPECT_THAT(kept.out, HasSubstr("has cam-1,cam-2"));
  const auto list = farm.Plumb("reserve", {"--list"});
  EXPECT_THAT(list.out, HasSubstr("no board is reserved"));
}

}  // namespace
}  // namespace plumb::test
