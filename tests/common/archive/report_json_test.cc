#include "common/archive/report_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plumb::archive {
namespace {

using analysis::ComparisonReport;
using analysis::TensorReport;
using nlohmann::ordered_json;

ComparisonReport FullReport() {
  ComparisonReport report;
  report.verdict = analysis::Verdict::kMismatch;
  report.exit_code = 1;
  report.reference = {"builtin", "aa"};
  report.target = {"board camera-7", "bb"};
  report.coverage.matched = 1;
  report.coverage.missing_in_target = {"boxes"};
  TensorReport tensor;
  tensor.name = "scores";
  tensor.op = "CONV_2D";
  tensor.element_type = ElementType::kInt16;
  tensor.shape = {1, 10};
  tensor.count = 10;
  tensor.different_elements = 2;
  tensor.mse = 0.1;
  tensor.rmse = 0.31622776601683794;
  tensor.relative_l1 = 1e-300;
  tensor.cosine = 1;
  tensor.max_abs_error = 3;
  tensor.max_abs_error_index = 7;
  tensor.first_difference_index = 3;
  tensor.lsb_histogram.emplace();
  tensor.lsb_histogram->steps[9] = 2;
  tensor.verdict = analysis::Verdict::kMismatch;
  tensor.rule = "different_elements > 0";
  tensor.reason = "2 of 10 elements differ";
  report.tensors.push_back(tensor);
  report.first_divergence = analysis::FirstDivergence{"scores", 0, "different_elements > 0"};
  report.diagnosis.push_back({"scaled", "scores", "k = 2", 0.98, "look at the scale"});
  report.timing.board_ms = 1.5;
  report.identity = {"cc", {"dd"}, "camera-7", "S6", "0.1.0"};
  return report;
}

TEST(ReportJson, HasTheKeysOfTheContract) {
  const auto json = ordered_json::parse(ReportToJson(FullReport()));
  std::vector<std::string> keys;
  for (const auto& item : json.items()) {
    keys.push_back(item.key());
  }
  EXPECT_EQ(keys,
            (std::vector<std::string>{"schema",
                                      "verdict",
                                      "exit_code",
                                      "error",
                                      "reference",
                                      "target",
                                      "coverage",
                                      "tensors",
                                      "first_divergence",
                                      "diagnosis",
                                      "notes",
                                      "timing",
                                      "identity"}));
  EXPECT_EQ(json["schema"], "plumb.comparison/1");
  EXPECT_EQ(json["verdict"], "mismatch");
  EXPECT_TRUE(json["error"].is_null());
  EXPECT_EQ(json["reference"]["source"], "builtin");
  const auto& tensor = json["tensors"][0];
  for (const char* key : {"name",          "vendor_name",   "op",
                          "index",         "element_type",  "shape",
                          "count",         "equal",         "different_elements",
                          "mse",           "rmse",          "nrmse",
                          "rel_l1",        "rel_l2",        "cosine",
                          "sqnr_db",       "max_abs_error", "max_abs_error_index",
                          "max_lsb_error", "nan_reference", "nan_target",
                          "inf_reference", "inf_target",    "first_difference_index",
                          "verdict",       "reason"}) {
    EXPECT_TRUE(tensor.contains(key)) << key;
  }
  EXPECT_EQ(tensor["shape"], ordered_json({1, 10}));
  EXPECT_EQ(tensor["max_abs_error_index"], ordered_json({0, 7}));
  EXPECT_EQ(tensor["first_difference_index"], ordered_json({0, 3}));
  EXPECT_EQ(tensor["element_type"], "s16");
  EXPECT_TRUE(tensor["sqnr_db"].is_null());
  EXPECT_EQ(tensor["mse"], 0.1);
  EXPECT_EQ(json["coverage"]["missing_in_target"], ordered_json({"boxes"}));
  EXPECT_EQ(json["diagnosis"][0]["confidence"], 0.98);
  EXPECT_TRUE(json["timing"]["transfer_ms"].is_null());
  EXPECT_EQ(json["identity"]["input_sha256"], ordered_json({"dd"}));
}

TEST(ReportJson, ComesBackToTheSameBytes) {
  const std::string text = ReportToJson(FullReport());
  const auto report = ReportFromJson(text);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(ReportToJson(*report), text);
  EXPECT_EQ(report->tensors[0].max_abs_error_index, 7U);
  EXPECT_EQ(report->tensors[0].rmse, 0.31622776601683794);
}

TEST(ReportJson, AnErrorIsItsReasonOrItsCode) {
  ComparisonReport report;
  report.exit_code = 4;
  report.error = DeadlineExceededError("no answer").WithReason("runner_hung").WithHint("reboot");
  auto json = ordered_json::parse(ReportToJson(report));
  EXPECT_EQ(json["error"]["code"], "runner_hung");
  EXPECT_EQ(json["error"]["message"], "no answer");
  EXPECT_EQ(json["error"]["hint"], "reboot");
  EXPECT_EQ(json["verdict"], "not_compared");
  EXPECT_EQ(ReportFromJson(ReportToJson(report))->error.reason(), "runner_hung");
  report.error = NotFoundError("no file");
  json = ordered_json::parse(ReportToJson(report));
  EXPECT_EQ(json["error"]["code"], "not_found");
  EXPECT_EQ(ReportFromJson(ReportToJson(report))->error.code(), StatusCode::kNotFound);
}

TEST(ReportJson, EscapesTextThatIsNotUtf8) {
  ComparisonReport report;
  report.target.source = "bad \xFF name";
  const auto json = ordered_json::parse(ReportToJson(report));
  EXPECT_EQ(json["target"]["source"], "bad \\xff name");
}

TEST(ReportJson, NeverWritesNan) {
  ComparisonReport report = FullReport();
  report.tensors[0].mse = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(ordered_json::parse(ReportToJson(report))["tensors"][0]["mse"].is_null());
}

TEST(ReportJson, RefusesHostileTexts) {
  const std::string good = ReportToJson(FullReport());
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"plumb.comparison/1", "plumb.comparison/9"},
      {"\"exit_code\": 1", "\"exit_code\": 256"},
      {"\"exit_code\": 1", "\"exit_code\": \"1\""},
      {"\"mismatch\"", "\"maybe\""},
      {"\"tensors\": [", "\"tensors\": [[],"},
      {"\"count\": 10", "\"count\": -10"},
      {"\"mse\": 0.1", "\"mse\": \"0.1\""},
      {"\"matched\": 1", "\"matched\": 1.5"},
  };
  for (const auto& [from, to] : hostile) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    EXPECT_EQ(ReportFromJson(text).status().code(), StatusCode::kInvalidArgument) << to;
  }
  for (size_t size = 0; size + 2 < good.size(); size += 7) {
    EXPECT_FALSE(ReportFromJson(good.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace plumb::archive
