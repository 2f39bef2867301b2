// V8: NaN, infinity and zero norms give defined metrics; JSON never holds a NaN but null and a
// reason; numbers from peers that must be finite are.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "common/analysis/pair_comparator.h"
#include "common/archive/report_json.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"
#include "common/runner/failure.h"
#include "server/rpc/run_convert.h"
#include "tests/common/analysis/tensors.h"
#include "tests/requirements/doors.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

analysis::TensorReport Compare(const std::vector<float>& reference,
                               const std::vector<float>& target,
                               const analysis::Tolerance& tolerance = {}) {
  auto report =
      analysis::CompareTensors(analysis::Floats(reference), analysis::Floats(target), tolerance);
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  return report.ok() ? *report : analysis::TensorReport();
}

nlohmann::ordered_json JsonOf(const analysis::TensorReport& report) {
  analysis::ComparisonReport run;
  run.tensors = {report};
  const std::string text = archive::ReportToJson(run);
  // The parser takes no NaN and no infinity.
  return nlohmann::ordered_json::parse(text)["tensors"][0];
}

TEST(RequirementV8, ZeroNormsHaveNoCosineAndSayWhy) {
  const auto report = Compare({0, 0, 0}, {1, 2, 3});
  EXPECT_EQ(report.verdict, analysis::Verdict::kMismatch);
  EXPECT_FALSE(report.cosine);
  EXPECT_FALSE(report.relative_l1);
  EXPECT_EQ(report.max_abs_error, 3.0);
  const auto json = JsonOf(report);
  EXPECT_TRUE(json["cosine"].is_null());
  EXPECT_NE(json["reason"], "");
}

TEST(RequirementV8, NanAndInfinityNeverMatchByAccident) {
  for (const float odd : {kNan, kInf, -kInf}) {
    const auto report = Compare({1, 2, 3}, {1, odd, 3});
    EXPECT_EQ(report.verdict, analysis::Verdict::kMismatch) << static_cast<double>(odd);
    EXPECT_EQ(report.different_elements, 1U);
    JsonOf(report);
    // However wide the tolerance.
    analysis::Tolerance wide;
    wide.atol = 1e300;
    wide.rtol = 1e300;
    EXPECT_EQ(Compare({1, 2, 3}, {1, odd, 3}, wide).verdict, analysis::Verdict::kMismatch)
        << static_cast<double>(odd);
    EXPECT_EQ(Compare({1, odd, 3}, {1, 2, 3}, wide).verdict, analysis::Verdict::kMismatch)
        << static_cast<double>(odd);
  }
}

TEST(RequirementV8, NumbersFromPeersAreFinite) {
  for (const float odd : {kNan, kInf, -kInf}) {
    v1::TensorDesc desc = ToWire({});
    desc.set_scale(odd);
    EXPECT_EQ(rpc::FromProto(desc).status().reason(), kReasonProtocol);
    Claim claim;
    claim.scale = odd;
    for (const Door& door : Doors()) {
      EXPECT_FALSE(door.take(claim).ok()) << door.name;
    }
    v1::UploadRequest request;
    request.set_sequence(1);
    request.mutable_invoke()->set_invoke_ms(static_cast<double>(odd));
    EXPECT_EQ(rpc::TakeUploadMessage(request).status().reason(), kReasonProtocol);
    v1::StartRunRequest run;
    run.set_request_id(std::string(32, 'a'));
    run.mutable_model()->set_sha256(std::string(64, 'a'));
    run.set_model_name("m");
    run.add_inputs()->set_sha256(std::string(64, 'b'));
    run.set_repetitions(1);
    run.set_invoke_timeout_ms(1);
    run.set_deadline_ms(1);
    run.set_simulator(v1::SIMULATOR_KIND_BUILTIN);
    EXPECT_TRUE(server::FromProto(run).ok());
    run.mutable_tolerance()->mutable_defaults()->set_atol(static_cast<double>(odd));
    EXPECT_EQ(server::FromProto(run).status().reason(), kReasonProtocol);
  }
  v1::UploadRequest request;
  request.set_sequence(1);
  request.mutable_invoke()->set_invoke_ms(-1);
  EXPECT_EQ(rpc::TakeUploadMessage(request).status().reason(), kReasonProtocol);
}

}  // namespace
}  // namespace plumb::test
