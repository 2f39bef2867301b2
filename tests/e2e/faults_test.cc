// Every fault of docs/cli.md ends as its table says.
#include <gtest/gtest.h>

#include "tests/e2e/farm.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;

struct FaultCase {
  std::string fault;
  std::string family;
  std::vector<std::string> flags;
  int exit_code;
  std::string cause;
};

class Fault : public testing::TestWithParam<FaultCase> {};

TEST_P(Fault, EndsAsDocumented) {
  const FaultCase& expected = GetParam();
  std::vector<std::string> argv = {BinaryPath("plumb"),
                                   "run",
                                   "--local",
                                   "--virtual",
                                   expected.family + ",fault=" + expected.fault,
                                   "--model",
                                   BlazeFace(expected.family).model,
                                   "--input",
                                   BlazeFace(expected.family).input,
                                   "--json",
                                   "-"};
  argv.insert(argv.end(), expected.flags.begin(), expected.flags.end());
  const auto finished = RunProgram(argv);
  ASSERT_TRUE(finished.ok()) << finished.status().ToString();
  EXPECT_EQ(finished->exit.code, expected.exit_code) << finished->out << finished->err;
  const auto report = json::parse(finished->out, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << finished->out << finished->err;
  ASSERT_FALSE(report["diagnosis"].empty()) << finished->out;
  EXPECT_EQ(report["diagnosis"][0]["cause"], expected.cause);
  EXPECT_FALSE(report["diagnosis"][0]["evidence"].get<std::string>().empty());
  EXPECT_FALSE(report["diagnosis"][0]["advice"].get<std::string>().empty());
  EXPECT_EQ(report["exit_code"], expected.exit_code);
  EXPECT_EQ(report["verdict"], expected.exit_code == 1 ? "mismatch" : "not_compared");
}

INSTANTIATE_TEST_SUITE_P(
    Documented,
    Fault,
    testing::Values(FaultCase{"rounding", "S6", {}, 1, "rounding_profile"},
                    FaultCase{"stale", "S6", {}, 1, "stale_output"},
                    FaultCase{"stale", "S6", {"--repeat", "3"}, 1, "stale_output"},
                    FaultCase{"unwritten", "S6", {}, 1, "unwritten_output"},
                    FaultCase{"noise", "S6", {"--repeat", "3"}, 6, "not_repeatable"},
                    FaultCase{"format", "S6", {}, 1, "element_format"},
                    FaultCase{"padding", "1.x", {}, 1, "padding_as_data"},
                    FaultCase{"padding", "Q", {}, 1, "padding_as_data"},
                    FaultCase{"hang", "S6", {"--timeout", "1s"}, 4, "runner_hung"},
                    FaultCase{"crash", "S6", {}, 4, "runner_crashed"},
                    FaultCase{"ipu_hang", "S6", {}, 4, "runner_hung"},
                    FaultCase{"nomem", "S6", {}, 4, "out_of_memory"}),
    [](const auto& parameter) {
      return parameter.param.fault + "_" + std::to_string(parameter.index);
    });

TEST(FaultTest, StaleWithoutProbeIsStillAMismatch) {
  const auto finished = RunProgram({BinaryPath("plumb"),
                                    "run",
                                    "--local",
                                    "--virtual",
                                    "S6,fault=stale",
                                    "--no-probe",
                                    "--model",
                                    BlazeFace("S6").model,
                                    "--input",
                                    BlazeFace("S6").input});
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->exit.code, 1) << finished->out << finished->err;
}

TEST(FaultTest, NextRunOnTheSameAgentSucceedsAfterHangAndCrash) {
  for (const std::string fault : {"hang", "crash", "nomem"}) {
    Farm farm;
    farm.AddBoard("camera", "S6,fault=" + fault + ":1");
    const auto first = farm.RunModel(BlazeFace("S6"), {"--board", "camera", "--timeout", "1s"});
    EXPECT_EQ(first.exit.code, 4) << fault << first.out << first.err;
    const auto second = farm.RunModel(BlazeFace("S6"), {"--board", "camera"});
    EXPECT_EQ(second.exit.code, 0) << fault << second.out << second.err;
  }
}

}  // namespace
}  // namespace plumb::test
