#include "common/analysis/outcome.h"

#include <gtest/gtest.h>

#include "common/runner/failure.h"

namespace plumb::analysis {
namespace {

ComparisonReport ReportWith(const std::vector<Verdict>& verdicts) {
  ComparisonReport report;
  for (const Verdict verdict : verdicts) {
    TensorReport tensor;
    tensor.name = "t" + std::to_string(report.tensors.size());
    tensor.index = static_cast<uint32_t>(report.tensors.size());
    tensor.verdict = verdict;
    tensor.rule = verdict == Verdict::kMismatch ? "different_elements > 0" : "";
    report.tensors.push_back(tensor);
  }
  report.coverage.matched = verdicts.size();
  return report;
}

void ExpectOutcome(ComparisonReport report,
                   Verdict verdict,
                   int exit_code,
                   const OutcomeOptions& options = {}) {
  DecideOutcome(options, report);
  EXPECT_EQ(report.verdict, verdict);
  EXPECT_EQ(report.exit_code, exit_code);
}

constexpr auto kYes = Verdict::kMatch;
constexpr auto kNo = Verdict::kMismatch;
constexpr auto kNone = Verdict::kNotCompared;

TEST(DecideOutcome, AllMatching) {
  ExpectOutcome(ReportWith({kYes, kYes}), kYes, 0);
}

TEST(DecideOutcome, OneMismatchDecidesAndIsTheFirstDivergence) {
  auto report = ReportWith({kYes, kNo, kNo});
  DecideOutcome({}, report);
  EXPECT_EQ(report.exit_code, 1);
  ASSERT_TRUE(report.first_divergence);
  EXPECT_EQ(report.first_divergence->name, "t1");
  EXPECT_EQ(report.first_divergence->rule, "different_elements > 0");
}

TEST(DecideOutcome, NothingComparedIsCoverage) {
  ExpectOutcome(ReportWith({}), kNone, 5);
  ExpectOutcome(ReportWith({kNone}), kNone, 5);
  ExpectOutcome(ReportWith({kNone, kYes}), kYes, 0);
}

TEST(DecideOutcome, MissingTensorsAreCoverageUnlessSomethingMismatches) {
  auto report = ReportWith({kYes});
  report.coverage.missing_in_target = {"boxes"};
  ExpectOutcome(report, kNone, 5);
  ExpectOutcome(report, kYes, 0, {.min_coverage_percent = 50});
  report.tensors[0].verdict = kNo;
  ExpectOutcome(report, kNo, 1);
}

TEST(DecideOutcome, AnUnsteadyTargetComesBeforeAMismatch) {
  ExpectOutcome(ReportWith({kNo}), kNone, 6, {.target_repeatable = false});
}

TEST(DecideOutcome, StaleAndUnwrittenComeBeforeRepeatability) {
  for (const char* cause : {"stale_output", "unwritten_output"}) {
    auto report = ReportWith({kNo});
    report.diagnosis.push_back({cause, "", "", 1, ""});
    ExpectOutcome(report, kNo, 1, {.target_repeatable = false});
  }
}

TEST(DecideOutcome, ErrorsComeFirstAndLeaveNoVerdict) {
  const auto with = [](const Status& error) {
    auto report = ReportWith({kNo});
    report.error = error;
    report.diagnosis.push_back({"stale_output", "", "", 1, ""});
    return report;
  };
  const OutcomeOptions unsteady{.target_repeatable = false};
  ExpectOutcome(with(InternalError("bug")), kNone, 70, unsteady);
  ExpectOutcome(with(InvalidArgumentError("bad file")), kNone, 2, unsteady);
  ExpectOutcome(with(UnavailableError("no link")), kNone, 3, unsteady);
  ExpectOutcome(
      with(DeadlineExceededError("hung").WithReason(kReasonRunnerHung)), kNone, 4, unsteady);
}

TEST(Coverage, IsAPercentageOfWhatShouldHaveBeenCompared) {
  Coverage coverage;
  EXPECT_EQ(coverage.percent(), 0);
  coverage.matched = 3;
  EXPECT_EQ(coverage.percent(), 100);
  coverage.missing_in_reference = {"a"};
  EXPECT_EQ(coverage.percent(), 75);
  coverage.constant = 10;
  EXPECT_EQ(coverage.percent(), 75) << "constants are never missing";
}

}  // namespace
}  // namespace plumb::analysis
