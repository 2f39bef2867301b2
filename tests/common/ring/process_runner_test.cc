// ProcessRunner against children that lie, fall silent or fail.
#include "common/ring/process_runner.h"

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/program.h"

namespace plumb {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ProcessRunnerTest : public testing::Test {
 protected:
  ProcessRunnerTest() : folder_(TempFolder::Create("ring").value()) {
    const auto path = folder_.path() / "input.bin";
    EXPECT_TRUE(WriteFileAtomically(path, std::string(300'000, 'i')).ok());
    spec_.inputs.emplace_back().path = path;
    spec_.model.path = "model";
  }

  Status RunLiar(const std::string& lie) {
    options_.name = "liar";
    options_.argv = test::ProgramArgv(std::string(PLUMB_BINARY_DIR) + "/tests/liar_child");
    options_.argv.push_back(lie);
    return ProcessRunner(options_).Run(spec_, sink_, {});
  }

  TempFolder folder_;
  ProcessRunnerOptions options_;
  RunSpec spec_;
  test::CollectingSink sink_;
};

TEST_F(ProcessRunnerTest, HonestChildIsBelieved) {
  const Status status = RunLiar("honest");
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(sink_.received.at({0, 0}).size(), 300'000U);
}

TEST_F(ProcessRunnerTest, ChildThatPrintsMoreThanAPipeHoldsGoesOn) {
  const Status status = RunLiar("chatty");
  EXPECT_TRUE(status.ok()) << status.ToString();
}

TEST_F(ProcessRunnerTest, LiesBreakTheProtocol) {
  for (const std::string lie : {"version", "many", "index", "counts", "garbage", "echo"}) {
    const Status status = RunLiar(lie);
    EXPECT_EQ(status.reason(), kReasonProtocol) << lie << ": " << status.ToString();
    EXPECT_FALSE(status.hint().empty()) << lie;
  }
}

TEST_F(ProcessRunnerTest, ImpossibleDescriptorIsNamed) {
  const Status status = RunLiar("shape");
  EXPECT_EQ(status.reason(), kReasonModelRefused);
  EXPECT_THAT(status.message(), HasSubstr("300001"));
}

TEST_F(ProcessRunnerTest, SilenceHasALimit) {
  options_.start_timeout = milliseconds(100);
  Status status = RunLiar("silent");
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("100 ms"), HasSubstr("starting")));
  options_.start_timeout = milliseconds(20'000);
  options_.progress_timeout = milliseconds(150);
  status = RunLiar("stuck");
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("150 ms"), HasSubstr("reading an output")));
}

// As a driver's files do: the program that would report on the hang never comes back either.
TEST_F(ProcessRunnerTest, ReportThatHangsTooIsGivenUp) {
  options_.start_timeout = milliseconds(100);
  options_.hang_report_flag = "--describe-board";
  const Status status = RunLiar("silent");
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
  EXPECT_THAT(status.message(), Not(HasSubstr("[")));
}

TEST_F(ProcessRunnerTest, LastWordsAreToldAndCannotSteerATerminal) {
  const Status status = RunLiar("exit");
  EXPECT_EQ(status.reason(), kReasonRunnerCrashed);
  EXPECT_THAT(status.message(), HasSubstr("exit code 3"));
  EXPECT_THAT(status.message(), HasSubstr("first | the license has"));
  EXPECT_THAT(status.message(), Not(HasSubstr("\x1b")));
}

TEST_F(ProcessRunnerTest, ProgramThatIsNotThere) {
  options_.argv = {"/no/such/plumb-runner"};
  const Status status = ProcessRunner(options_).Run(spec_, sink_, {});
  EXPECT_EQ(status.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("/no/such/plumb-runner"));
}

TEST_F(ProcessRunnerTest, ProgramThatDoesNotSpeakTheProtocol) {
  options_.argv = {"false"};
  const Status status = ProcessRunner(options_).Run(spec_, sink_, {});
  EXPECT_EQ(status.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("exit code 1"));
}

TEST_F(ProcessRunnerTest, InputThatIsNotThere) {
  spec_.inputs[0].path = folder_.path() / "absent";
  EXPECT_EQ(RunLiar("honest").reason(), kReasonInputRefused);
}

}  // namespace
}  // namespace plumb
