// A program behind --simulator command, and every way in which it can let us down.
#include "server/simulator/external/command_simulator.h"

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "server/simulator/external/external_runner.h"
#include "tests/support/collecting_sink.h"

namespace plumb::server {
namespace {

using std::chrono::steady_clock;
using test::CollectingSink;
using testing::HasSubstr;

// Writes two INT16 for each run: the sizes of model and input.
const std::string kGood =
    R"(cd "$PLUMB_RESULT" && printf '\001\000\002\000' > output_00.raw && cat > tensors.json <<'END'
{"schema": "plumb.tensors/1", "sdk": "lab", "outputs": [{"name": "x", "element_type": "s16", "shape": [2]}]}
END)";

class CommandSimulatorTest : public testing::Test {
 protected:
  CommandSimulatorTest() : folder_(TempFolder::Create("plumb-command-").value()) {
    spec_.model.path = folder_.path() / "m.img";
    spec_.inputs.emplace_back().path = folder_.path() / "x.bin";
    EXPECT_TRUE(WriteFileAtomically(spec_.model.path, "model").ok());
    EXPECT_TRUE(WriteFileAtomically(spec_.inputs[0].path, "input").ok());
  }

  Status Run(const std::string& shell_text,
             std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    auto computation = MakeCommandComputation({shell_text, true}, limit);
    EXPECT_TRUE(computation.ok()) << computation.status().ToString();
    return ExternalRunner({"lab", ""}, *computation).Run(spec_, sink_, cancel_);
  }

  TempFolder folder_;
  RunSpec spec_;
  CollectingSink sink_;
  CancelToken cancel_;
};

TEST_F(CommandSimulatorTest, FollowsTheContract) {
  const Status status = Run(kGood);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(sink_.Int16Values(0), (std::vector<int>{1, 2}));
  EXPECT_EQ(sink_.model.sdk, "lab");
  ASSERT_EQ(sink_.model.inputs.size(), 1U);
  EXPECT_EQ(sink_.model.inputs[0].aligned_size, 5U);
}

TEST_F(CommandSimulatorTest, RunsInAFolderOfItsOwnThatGoesAway) {
  ASSERT_TRUE(Run("pwd > '" + (folder_.path() / "where").string() + "'; ls > '" +
                  (folder_.path() / "held").string() + "'; touch mine\n" + kGood)
                  .ok());
  const std::string where(ReadFile(folder_.path() / "where")->view());
  EXPECT_THAT(where, HasSubstr("plumb-simulator-"));
  EXPECT_FALSE(std::filesystem::exists(where.substr(0, where.size() - 1)));
  EXPECT_EQ(ReadFile(folder_.path() / "held")->size(), 0U);
}

TEST_F(CommandSimulatorTest, EachFailureHasItsOwnWord) {
  struct Case {
    std::string text;
    std::string_view reason;
    std::string message;
  };

  const std::vector<Case> cases = {
      {"echo bad luck >&2; exit 7",
       kReasonSimulatorCrashed,
       "exit code 7; its last words: bad luck"},
      {"kill -SEGV $$", kReasonSimulatorCrashed, "signal 11"},
      {"echo nothing to say", kReasonSimulatorNoOutput, "no tensors.json"},
      {kGood + "\nexit 1", kReasonSimulatorCrashed, "exit code 1"},
      {"cd \"$PLUMB_RESULT\"; echo '{' > tensors.json", kReasonSimulatorBadOutput, "tensors.json"},
      {kGood + "\n: > output_00.raw", kReasonSimulatorBadOutput, "output_00.raw"},
      {kGood + "\nrm output_00.raw; ln -s /etc/passwd output_00.raw",
       kReasonSimulatorBadOutput,
       "is a link"},
      {R"(echo '{"schema": "plumb.tensors/1", "error": {"kind": "model_refused", "message": "too new"}}' > "$PLUMB_RESULT/tensors.json")",
       kReasonModelRefused,
       "too new"},
      {R"(echo '{"schema": "plumb.tensors/1", "error": {"kind": "moon", "message": "is full"}}' > "$PLUMB_RESULT/tensors.json")",
       kReasonSimulatorFailed,
       "is full"},
      {"echo \"ImportError: numpy\" >&2; exit 1", kReasonSimulatorPython, "does not fit the SDK"},
  };
  for (const Case& one : cases) {
    const Status status = Run(one.text);
    EXPECT_EQ(status.reason(), one.reason) << one.text << "\n" << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(one.message));
    EXPECT_FALSE(status.hint().empty() && one.reason != kReasonModelRefused &&
                 one.reason != kReasonSimulatorFailed)
        << status.ToString();
  }
  EXPECT_TRUE(sink_.calls.empty());
}

TEST_F(CommandSimulatorTest, ProgramsThatAreNotThereAreNamed) {
  const auto computation =
      MakeCommandComputation({"/no/such/program {model}", false}, std::chrono::seconds(5));
  ASSERT_TRUE(computation.ok());
  const Status status = ExternalRunner({"lab", ""}, *computation).Run(spec_, sink_, cancel_);
  EXPECT_EQ(status.reason(), kReasonSimulatorMissing) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("/no/such/program"));
}

TEST_F(CommandSimulatorTest, WrongPlaceholdersShowBeforeAnythingRuns) {
  EXPECT_EQ(
      MakeCommandComputation({"sim {modle}", false}, std::chrono::seconds(5)).status().reason(),
      kReasonUsage);
  EXPECT_EQ(MakeCommandComputation({"", false}, std::chrono::seconds(5)).status().reason(),
            kReasonUsage);
}

// The whole group: the sleeper is a child of the shell that is killed.
TEST_F(CommandSimulatorTest, AHangIsKilledWithItsChildren) {
  const auto pid_file = folder_.path() / "pid";
  const auto start = steady_clock::now();
  const Status status = Run("sleep 1000 & echo $! > '" + pid_file.string() + "'; wait",
                            std::chrono::milliseconds(700));
  EXPECT_EQ(status.reason(), kReasonSimulatorHung) << status.ToString();
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
  const int pid = std::stoi(std::string(ReadFile(pid_file)->view()));
  const auto patience = steady_clock::now() + std::chrono::seconds(10);
  // init reaps it; until then it is a zombie that still answers.
  while (::kill(pid, 0) == 0 && steady_clock::now() < patience) {
    const auto state = ReadFile("/proc/" + std::to_string(pid) + "/stat");
    if (!state.ok() || state->view().find(") Z ") != std::string_view::npos) {
      return;
    }
    std::this_thread::yield();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(CommandSimulatorTest, OneThatNeverStopsTalkingIsBounded) {
  const Status status =
      Run("yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          std::chrono::milliseconds(500));
  EXPECT_EQ(status.reason(), kReasonSimulatorHung);
  EXPECT_LT(status.message().size(), 4096U);
}

TEST_F(CommandSimulatorTest, CancellationEndsItAtOnce) {
  const auto started = folder_.path() / "started";
  std::thread canceller([&] {
    while (!std::filesystem::exists(started)) {
      std::this_thread::yield();
    }
    cancel_.Cancel(CancelledError("enough"));
  });
  const auto start = steady_clock::now();
  const Status status = Run("touch '" + started.string() + "'; exec sleep 1000");
  canceller.join();
  EXPECT_EQ(status.message(), "enough");
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(CommandSimulatorTest, AsTheServersSimulatorItDoesNotBlameTheBoard) {
  const auto computation = MakeCommandComputation(
      {R"(echo '{"schema": "plumb.tensors/1", "error": {"kind": "model_refused"}}' > "$PLUMB_RESULT/tensors.json")",
       true},
      std::chrono::seconds(30));
  const Status status = ExternalRunner({"lab", std::string(kReasonSimulatorFailed)}, *computation)
                            .Run(spec_, sink_, cancel_);
  EXPECT_EQ(status.reason(), kReasonSimulatorFailed);
  EXPECT_EQ(ClassifyFailure(status), FailureClass::kInfrastructure);
}

}  // namespace
}  // namespace plumb::server
