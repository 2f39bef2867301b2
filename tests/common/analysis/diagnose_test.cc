#include "common/analysis/diagnose.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/analysis/pair_comparator.h"
#include "common/runner/failure.h"
#include "tests/common/analysis/tensors.h"

namespace plumb::analysis {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

ComparedPair Pair(const Tensor& reference, const Tensor& target) {
  auto report = CompareTensors(reference, target, {});
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  return {reference, target, *report};
}

std::vector<Diagnosis> DiagnosePair(const Tensor& reference, const Tensor& target) {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(reference, target));
  return Diagnose(request);
}

// The first cause and its confidence; evidence and advice must be there.
void ExpectFirst(const std::vector<Diagnosis>& list, const std::string& cause, double confidence) {
  ASSERT_FALSE(list.empty()) << "expected " << cause;
  EXPECT_EQ(list[0].cause, cause) << list[0].evidence;
  EXPECT_GE(list[0].confidence, confidence);
  EXPECT_FALSE(list[0].evidence.empty());
  EXPECT_EQ(list[0].advice, AdviceFor(cause));
  EXPECT_FALSE(list[0].advice.empty());
}

const Shape kPicture{1, 12, 10, 6};
constexpr size_t kCount = 720;
constexpr float kScale = 0.0123F;

Tensor Reference() {
  return Shorts(kPicture, RandomShorts(kCount, 42), kScale);
}

// Values of the reference, changed by f(flat index, values).
template <class F>
Tensor Changed(F f) {
  const auto values = RandomShorts(kCount, 42);
  std::vector<int16_t> changed(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    changed[i] = static_cast<int16_t>(f(i, values));
  }
  return Shorts(kPicture, changed, kScale);
}

TEST(Diagnose, NothingWhereNothingDiffers) {
  EXPECT_THAT(DiagnosePair(Reference(), Reference()), IsEmpty());
}

TEST(Diagnose, NoCauseForUnrelatedValues) {
  const auto other = RandomShorts(kCount, 43);
  EXPECT_THAT(DiagnosePair(Reference(), Shorts(kPicture, other, kScale)), IsEmpty());
  std::vector<float> a(kCount);
  std::vector<float> b(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    a[i] = static_cast<float>(other[i]);
    b[i] = static_cast<float>(RandomShorts(kCount, 44)[i]);
  }
  EXPECT_THAT(DiagnosePair(MakeTensor(ElementType::kFloat32, kPicture, a),
                           MakeTensor(ElementType::kFloat32, kPicture, b)),
              IsEmpty());
}

TEST(Diagnose, NoCauseForOneFalseElement) {
  const auto list = DiagnosePair(
      Reference(), Changed([](size_t i, const auto& v) { return i == 300 ? 9000 : v[i]; }));
  for (const auto& found : list) {
    EXPECT_EQ(found.cause, "rounding_profile") << found.evidence;
    EXPECT_LE(found.confidence, 0.3);
  }
}

TEST(Diagnose, FloatBytesUnderAnInt16Descriptor) {
  const auto values = RandomShorts(kCount, 42);
  std::vector<float> floats(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    floats[i] = static_cast<float>(values[i]) * kScale;
  }
  Tensor target = MakeTensor(ElementType::kFloat32, kPicture, floats);
  target.desc = Reference().desc;
  target.desc.aligned_size = target.bytes.size();
  const auto list = DiagnosePair(Reference(), target);
  ExpectFirst(list, "element_format", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("all 720 elements"));
  EXPECT_EQ(list[0].tensor, "scores");
}

TEST(Diagnose, Int16BytesUnderAFloatDescriptor) {
  const auto values = RandomShorts(kCount, 42);
  std::vector<float> floats(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    floats[i] = static_cast<float>(values[i]) * kScale;
  }
  const Tensor reference = MakeTensor(ElementType::kFloat32, kPicture, floats);
  Tensor target = reference;
  std::vector<uint8_t> bytes(kCount * sizeof(float), 0x55);
  std::memcpy(bytes.data(), values.data(), kCount * sizeof(int16_t));
  target.bytes = Buffer::FromVector(bytes);
  const auto list = DiagnosePair(reference, target);
  ExpectFirst(list, "element_format", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("scale 0.0123"));
}

TEST(Diagnose, RowsWithoutThePaddingThatTheStrideSays) {
  const Tensor padded = WithPoisonedPadding(Reference(), 16, 7);
  std::vector<uint8_t> bytes(padded.bytes.span().begin(), padded.bytes.span().end());
  const Tensor plain = Reference();
  std::copy(plain.bytes.span().begin(), plain.bytes.span().end(), bytes.begin());
  Tensor target = padded;
  target.bytes = Buffer::FromVector(bytes);
  const auto list = DiagnosePair(plain, target);
  ExpectFirst(list, "padding_as_data", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("rows of 16 bytes"));
}

TEST(Diagnose, RowsWithPaddingThatTheStrideDoesNotSay) {
  Tensor target = WithPoisonedPadding(Reference(), 16, 7);
  target.desc.inner_stride = 0;
  const auto list = DiagnosePair(Reference(), target);
  ExpectFirst(list, "padding_as_data", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("16 bytes apart"));
}

TEST(Diagnose, ScaledByAFactor) {
  Tensor target = Reference();
  target.desc.scale = 3 * kScale;
  const auto list = DiagnosePair(Reference(), target);
  ExpectFirst(list, "scaled", 0.9);
  EXPECT_THAT(list[0].evidence, HasSubstr("target = 3 x reference"));
}

TEST(Diagnose, ScaledAndRoundedToTheGrid) {
  const auto list = DiagnosePair(Reference(), Changed([](size_t i, const auto& v) {
                                   return std::lround(static_cast<double>(v[i]) * 0.75);
                                 }));
  ExpectFirst(list, "scaled", 0.9);
  EXPECT_THAT(list[0].evidence, HasSubstr("0.75"));
}

TEST(Diagnose, ConstantOffset) {
  const auto list =
      DiagnosePair(Reference(), Changed([](size_t i, const auto& v) { return v[i] + 40; }));
  ExpectFirst(list, "constant_offset", 0.9);
  EXPECT_THAT(list[0].evidence, HasSubstr("reference + 0.492"));
}

TEST(Diagnose, OffsetOf128StepsIsAZeroPoint) {
  const auto list =
      DiagnosePair(Reference(), Changed([](size_t i, const auto& v) { return v[i] - 128; }));
  ExpectFirst(list, "zero_point_128", 0.9);
}

TEST(Diagnose, ValuesCutAtTheEndOfARange) {
  const auto list = DiagnosePair(Reference(), Changed([](size_t i, const auto& v) {
                                   return std::clamp<int>(v[i], -3000, 2000);
                                 }));
  ExpectFirst(list, "saturation", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("the target is"));
}

TEST(Diagnose, ALowerMaximumAloneIsNoSaturation) {
  auto values = RandomShorts(kCount, 42);
  const auto largest = std::max_element(values.begin(), values.end());
  *largest = 20'000;
  const Tensor reference = Shorts(kPicture, values, kScale);
  *largest = 19'000;
  for (const auto& found : DiagnosePair(reference, Shorts(kPicture, values, kScale))) {
    EXPECT_NE(found.cause, "saturation");
  }
}

// Where element i of a buffer with the channels first comes from when they are last.
size_t FromNchw(size_t i) {
  const size_t channel = i / 120;
  const size_t pixel = i % 120;
  return pixel * 6 + channel;
}

TEST(Diagnose, ChannelsFirstInsteadOfLast) {
  const auto list =
      DiagnosePair(Reference(), Changed([](size_t i, const auto& v) { return v[FromNchw(i)]; }));
  ExpectFirst(list, "layout", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("NCHW"));
}

TEST(Diagnose, ChannelsFirstWithTheShapeToMatch) {
  Tensor target = Changed([](size_t i, const auto& v) { return v[FromNchw(i)]; });
  target.desc.shape = {1, 6, 12, 10};
  const auto list = DiagnosePair(Reference(), target);
  ExpectFirst(list, "layout", 1);
}

TEST(Diagnose, ChannelsReversed) {
  const auto list = DiagnosePair(
      Reference(), Changed([](size_t i, const auto& v) { return v[i / 6 * 6 + 5 - i % 6]; }));
  ExpectFirst(list, "channel_order", 1);
}

TEST(Diagnose, RowsShifted) {
  const auto list = DiagnosePair(Reference(), Changed([](size_t i, const auto& v) {
                                   return i >= 120 ? v[i - 120] : static_cast<int16_t>(77);
                                 }));
  ExpectFirst(list, "shifted_rows", 0.9);
  EXPECT_THAT(list[0].evidence, HasSubstr("reference row n-2"));
}

TEST(Diagnose, ColumnsShifted) {
  const auto list = DiagnosePair(Reference(), Changed([](size_t i, const auto& v) {
                                   return i / 6 % 10 < 9 ? v[i + 6] : static_cast<int16_t>(77);
                                 }));
  ExpectFirst(list, "shifted_columns", 0.9);
  EXPECT_THAT(list[0].evidence, HasSubstr("reference column n+1"));
}

TEST(Diagnose, WorksOnPaddedTensors) {
  const Tensor target = Changed([](size_t i, const auto& v) { return v[i / 6 * 6 + 5 - i % 6]; });
  ExpectFirst(
      DiagnosePair(WithPoisonedPadding(Reference(), 16, 1), WithPoisonedPadding(target, 32, 2)),
      "channel_order",
      1);
}

Tensor OffByOne() {
  return Changed([](size_t i, const auto& v) { return v[i] + static_cast<int>(i % 3 == 1); });
}

TEST(Diagnose, RoundingProfileThatReproducesTheTarget) {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(Reference(), OffByOne()));
  std::vector<std::string> tried;
  request.rounding_profiles = {"half_up", "half_away", "other"};
  request.resimulate = [&tried](const std::string& profile) -> Result<std::vector<Tensor>> {
    tried.push_back(profile);
    if (profile == "half_up") {
      return UnavailableError("the simulator is gone");
    }
    return std::vector<Tensor>{profile == "half_away" ? OffByOne() : Reference()};
  };
  const auto list = Diagnose(request);
  ExpectFirst(list, "rounding_profile", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("half_away"));
  EXPECT_EQ(tried, (std::vector<std::string>{"half_up", "half_away"}));
  EXPECT_EQ(list.size(), 1U);
}

TEST(Diagnose, WithoutAProfileOnlyTheHistogramWithLittleConfidence) {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(Reference(), OffByOne()));
  request.rounding_profiles = {"half_up"};
  request.resimulate = [](const std::string&) -> Result<std::vector<Tensor>> {
    return std::vector<Tensor>{Reference()};
  };
  const auto list = Diagnose(request);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].cause, "rounding_profile");
  EXPECT_LE(list[0].confidence, 0.3);
  EXPECT_THAT(list[0].evidence, HasSubstr("0: 480, +1: 240"));
}

DiagnosisRequest StaleRequest() {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(Reference(), OffByOne()));
  request.evidence.OnProbe({11}, false);
  request.evidence.OnTensorEnd({0, 0, 11, 0});
  return request;
}

TEST(Diagnose, StaleOutput) {
  const auto list = Diagnose(StaleRequest());
  ExpectFirst(list, "stale_output", 0.9);
  EXPECT_EQ(list.size(), 1U);
}

TEST(Diagnose, AnOutputEqualToTheReferenceIsNotStale) {
  DiagnosisRequest request = StaleRequest();
  request.pairs[0] = Pair(Reference(), Reference());
  EXPECT_THAT(Diagnose(request), IsEmpty());
}

TEST(Diagnose, UnwrittenOutputIsNeverStale) {
  DiagnosisRequest request = StaleRequest();
  request.evidence = {};
  request.evidence.OnProbe({11}, false);
  request.evidence.OnTensorEnd({0, 0, 11, 1440});
  const auto list = Diagnose(request);
  ExpectFirst(list, "unwritten_output", 1);
  EXPECT_EQ(list.size(), 1U);
  EXPECT_THAT(list[0].evidence, HasSubstr("1440 of 1440 bytes"));
}

TEST(Diagnose, AFewCanaryBytesAreChance) {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(Reference(), OffByOne()));
  request.evidence.OnTensorEnd({0, 0, 12, 9});
  for (const auto& found : Diagnose(request)) {
    EXPECT_NE(found.cause, "unwritten_output");
  }
}

TEST(Diagnose, NotRepeatableEvenWhereTheFirstRepetitionMatches) {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(Reference(), Reference()));
  request.evidence.OnTensorEnd({0, 0, 1, 0});
  request.evidence.OnTensorEnd({1, 0, 1, 0});
  request.evidence.OnTensorEnd({2, 0, 2, 0});
  const auto list = Diagnose(request);
  ExpectFirst(list, "not_repeatable", 1);
  EXPECT_THAT(list[0].evidence, HasSubstr("1 of 2 repetitions"));
}

TEST(Diagnose, OtherModelOrInput) {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(Reference(), OffByOne()));
  request.reference_identity = {"aa", {"11"}};
  request.target_identity = {"bb", {"11"}};
  ExpectFirst(Diagnose(request), "wrong_model", 1);
  request.target_identity = {"aa", {"22"}};
  ExpectFirst(Diagnose(request), "wrong_input", 1);
  request.target_identity = {"", {}};
  EXPECT_NE(Diagnose(request).at(0).cause, "wrong_model");
}

TEST(Diagnose, StopsWhenCancelled) {
  DiagnosisRequest request;
  request.pairs.push_back(Pair(Reference(), OffByOne()));
  request.cancel.Cancel();
  EXPECT_THAT(Diagnose(request), IsEmpty());
}

TEST(DiagnoseFailure, NamesTheCauseOfAFailedRun) {
  const auto hung = DeadlineExceededError("Invoke took 30 s").WithReason(kReasonRunnerHung);
  ExpectFirst(DiagnoseFailure(hung), "runner_hung", 1);
  EXPECT_EQ(DiagnoseFailure(hung)[0].evidence, "Invoke took 30 s");
  EXPECT_THAT(DiagnoseFailure(UnavailableError("x").WithReason(kReasonAgentLost)), IsEmpty());
  EXPECT_THAT(DiagnoseFailure(OkStatus()), IsEmpty());
}

}  // namespace
}  // namespace plumb::analysis
