#include "common/archive/tolerance_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::archive {
namespace {

TEST(TolerancePolicy, AnExceptionReplacesTheDefaultWhole) {
  const auto policy = ParseTolerancePolicy(
      R"({"default": {"min_cosine": 0.99, "max_rel_l1": 0.1},
          "tensors": {"scores": {"atol": 0.5, "rtol": 0.01}, "labels": {}}})");
  ASSERT_TRUE(policy.ok()) << policy.status().ToString();
  EXPECT_EQ(policy->For("boxes").min_cosine, 0.99);
  EXPECT_EQ(policy->For("boxes").max_relative_l1, 0.1);
  EXPECT_EQ(policy->For("scores").atol, 0.5);
  EXPECT_EQ(policy->For("scores").rtol, 0.01);
  EXPECT_EQ(policy->For("scores").min_cosine, std::nullopt);
  EXPECT_TRUE(policy->For("labels").demands_equality());
}

TEST(TolerancePolicy, AnEmptyFileDemandsEquality) {
  const auto policy = ParseTolerancePolicy("{}");
  ASSERT_TRUE(policy.ok());
  EXPECT_TRUE(policy->For("x").demands_equality());
}

TEST(TolerancePolicy, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"",
                           "[]",
                           "{\"default\": 1}",
                           R"({"defaults": {}})",
                           R"({"default": {"min_cos": 0.9}})",
                           R"({"default": {"atol": -1}})",
                           R"({"default": {"atol": "1"}})",
                           R"({"default": {"atol": 1e999}})",
                           R"({"default": {"min_cosine": 1.5}})",
                           R"({"tensors": {"a": null}})"}) {
    EXPECT_EQ(ParseTolerancePolicy(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(TolerancePolicy, ErrorsNameTheKey) {
  const auto status = ParseTolerancePolicy(R"({"tensors": {"a": {"atols": 1}}})").status();
  EXPECT_THAT(status.message(), testing::HasSubstr("'tensors.a.atols'"));
}

}  // namespace
}  // namespace plumb::archive
