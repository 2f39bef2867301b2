// Each fault is made by hand in a tensor of known values.
#include "common/diagnosis/look_inside.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::diagnosis {
namespace {

using ::testing::HasSubstr;

// A generator whose values do not depend on the library; uniform in [0, 1).
class Noise {
 public:
  explicit Noise(uint64_t seed) : state_(seed * 2 + 1) {}

  double Next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 40U) / 16777216.0;
  }

  // Near a normal distribution: the sum of twelve.
  double Normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) {
      sum += Next();
    }
    return sum;
  }

 private:
  uint64_t state_;
};

// [1, 16, 20, 6], each channel and place of its own size, as activations are.
constexpr uint64_t kRows = 16;
constexpr uint64_t kColumns = 20;
constexpr uint64_t kChannels = 6;
const Shape kShape{1, 16, 20, 6};

std::vector<float> Activations(uint64_t seed = 1) {
  Noise noise(seed);
  std::vector<float> values;
  for (uint64_t place = 0; place < kRows * kColumns; ++place) {
    for (uint64_t channel = 0; channel < kChannels; ++channel) {
      values.push_back(static_cast<float>(3 * noise.Normal() + static_cast<double>(channel)));
    }
  }
  return values;
}

uint64_t At(uint64_t row, uint64_t column, uint64_t channel) {
  return (row * kColumns + column) * kChannels + channel;
}

// Element by element of another place.
std::vector<float> From(const std::vector<float>& values,
                        const std::function<uint64_t(uint64_t, uint64_t, uint64_t)>& source) {
  std::vector<float> made(values.size());
  for (uint64_t row = 0; row < kRows; ++row) {
    for (uint64_t column = 0; column < kColumns; ++column) {
      for (uint64_t channel = 0; channel < kChannels; ++channel) {
        made[At(row, column, channel)] = values[source(row, column, channel)];
      }
    }
  }
  return made;
}

std::vector<float> Noisy(std::vector<float> values, double size, uint64_t seed = 99) {
  Noise noise(seed);
  for (float& value : values) {
    value += static_cast<float>(size * noise.Normal());
  }
  return values;
}

std::vector<Finding> Look(const std::vector<float>& reference,
                          const std::vector<float>& target,
                          const Shape& shape = kShape) {
  return LookInside({reference, target, shape, false, {}, {}, {}}, {});
}

// The best finding; a cause of "" where there is none.
Finding Best(const std::vector<float>& reference,
             const std::vector<float>& target,
             const Shape& shape = kShape) {
  const auto found = Look(reference, target, shape);
  return found.empty() ? Finding{} : found.front();
}

void ExpectExact(const Finding& finding, const std::string& cause, const std::string& evidence) {
  EXPECT_EQ(finding.cause, cause);
  EXPECT_THAT(finding.evidence, HasSubstr(evidence));
  EXPECT_LT(finding.residual, 1e-6) << finding.evidence;
  EXPECT_GT(finding.before, 0.01) << finding.evidence;
}

TEST(LookInside, Offset) {
  const auto reference = Activations();
  auto target = reference;
  std::for_each(target.begin(), target.end(), [](float& v) { v += 0.75F; });
  ExpectExact(Best(reference, target), "constant_offset", "target = reference + 0.75");
  // Under noise of a tenth of it the residual is that of the noise.
  const Finding noisy = Best(reference, Noisy(target, 0.075));
  EXPECT_EQ(noisy.cause, "constant_offset");
  EXPECT_NEAR(noisy.residual / noisy.before, 0.1 * std::sqrt(2 / M_PI), 0.01);
}

TEST(LookInside, OffsetOfHalfARange) {
  const auto reference = Activations();
  auto target = reference;
  std::for_each(target.begin(), target.end(), [](float& v) { v -= 32; });
  const auto found = LookInside({reference, target, kShape, false, -32.0, 31.75, 0.25}, {});
  ASSERT_FALSE(found.empty());
  ExpectExact(found.front(), "zero_point_128", "target = reference - 32");
}

TEST(LookInside, Factor) {
  const auto reference = Activations();
  auto target = reference;
  std::for_each(target.begin(), target.end(), [](float& v) { v *= -0.5F; });
  ExpectExact(Best(reference, target), "scaled", "target = -0.5 x reference");
}

TEST(LookInside, FactorAndOffset) {
  const auto reference = Activations();
  auto target = reference;
  std::for_each(target.begin(), target.end(), [](float& v) { v = 2 * v - 9; });
  ExpectExact(Best(reference, target), "scaled_and_offset", "target = 2 x reference - 9");
}

TEST(LookInside, CutAtTheRange) {
  const auto reference = Activations();
  auto target = reference;
  std::for_each(target.begin(), target.end(), [](float& v) { v = std::clamp(v, -1.0F, 4.0F); });
  ExpectExact(Best(reference, target), "saturation", "the target is the other side held within");
  ExpectExact(Best(target, reference), "saturation", "the reference is the other side held within");
  // The same with a range that the target's quantisation is known to have: so it was calibrated.
  const auto found = LookInside({reference, target, kShape, false, -1.0, 4.0, 5.0 / 255}, {});
  ASSERT_FALSE(found.empty());
  ExpectExact(found.front(), "out_of_calibration", "held within [-1, 4]");
}

TEST(LookInside, ChannelsReversedAndSwapped) {
  const auto reference = Activations();
  ExpectExact(
      Best(reference,
           From(reference,
                [](uint64_t y, uint64_t x, uint64_t c) { return At(y, x, kChannels - 1 - c); })),
      "channel_order",
      "the 6 channels are in reverse order");
  ExpectExact(Best(reference,
                   From(reference,
                        [](uint64_t y, uint64_t x, uint64_t c) {
                          return At(y, x, c == 1 ? 4 : c == 4 ? 1 : c);
                        })),
              "channel_order",
              "2 channels have changed places (target 1 is 4, 4 is 1)");
}

TEST(LookInside, ChannelsThatComeFirst) {
  const auto reference = Activations();
  const Shape shape{1, 6, 16, 20};
  std::vector<float> target = reference;
  const size_t plane = kRows * kColumns;
  std::swap_ranges(target.begin(),
                   target.begin() + plane,
                   target.begin() + static_cast<std::ptrdiff_t>(2 * plane));
  const auto found = LookInside({reference, target, shape, true, {}, {}, {}}, {});
  ASSERT_FALSE(found.empty());
  ExpectExact(found.front(), "channel_order", "target 0 is 2, 2 is 0");
}

TEST(LookInside, Layouts) {
  const auto reference = Activations();
  std::vector<float> first;  // [6, 16, 20]
  for (uint64_t channel = 0; channel < kChannels; ++channel) {
    for (uint64_t place = 0; place < kRows * kColumns; ++place) {
      first.push_back(reference[place * kChannels + channel]);
    }
  }
  ExpectExact(Best(reference, first), "layout", "channels first (NCHW)");
  ExpectExact(Best(first, reference, Shape{1, 6, 16, 20}), "layout", "channels last (NHWC)");
  std::vector<float> turned;  // columns before rows
  for (uint64_t column = 0; column < kColumns; ++column) {
    for (uint64_t row = 0; row < kRows; ++row) {
      for (uint64_t channel = 0; channel < kChannels; ++channel) {
        turned.push_back(reference[At(row, column, channel)]);
      }
    }
  }
  ExpectExact(Best(reference, turned), "layout", "rows and columns exchanged");
}

TEST(LookInside, Shifts) {
  const auto reference = Activations();
  ExpectExact(Best(reference,
                   From(reference,
                        [](uint64_t y, uint64_t x, uint64_t c) {
                          return At(std::min(y + 2, kRows - 1), x, c);
                        })),
              "shifted_rows",
              "target row n is reference row n+2");
  ExpectExact(
      Best(reference,
           From(reference,
                [](uint64_t y, uint64_t x, uint64_t c) { return At(y, x == 0 ? 0 : x - 1, c); })),
      "shifted_columns",
      "target column n is reference column n-1");
}

TEST(LookInside, Stripes) {
  const auto reference = Activations();
  const auto other = Activations(7);
  auto rows = reference;
  auto channel = reference;
  auto tiles = reference;
  for (size_t i = 0; i < reference.size(); ++i) {
    const size_t row = i / kChannels / kColumns;
    const size_t column = i / kChannels % kColumns;
    rows[i] = row == 5 || row == 6 || row == 7 ? other[i] : reference[i];
    channel[i] = i % kChannels == 3 ? other[i] : reference[i];
    tiles[i] = column % 5 == 4 ? other[i] : reference[i];
  }
  ExpectExact(Best(reference, rows), "tile_stripe", "rows 5 to 7 of 16 have 100 % of the error");
  ExpectExact(Best(reference, channel), "tile_stripe", "channel 3 of 6 has");
  ExpectExact(Best(reference, tiles), "tile_stripe", "columns 4, 9, 14, 19 of 20");
  // What is beside the stripe may be noisy.
  const Finding noisy = Best(reference, Noisy(rows, 0.05));
  EXPECT_EQ(noisy.cause, "tile_stripe");
  EXPECT_GT(noisy.residual, 0.001);
}

TEST(LookInside, Edge) {
  const auto reference = Activations();
  const auto other = Activations(7);
  auto edge = reference;
  auto top_and_left = reference;
  for (size_t i = 0; i < reference.size(); ++i) {
    const size_t row = i / kChannels / kColumns;
    const size_t column = i / kChannels % kColumns;
    const bool start = row == 0 || column == 0;
    edge[i] = start || row + 1 == kRows || column + 1 == kColumns ? other[i] : reference[i];
    top_and_left[i] = start ? other[i] : reference[i];
  }
  ExpectExact(Best(reference, edge), "edge_only", "1 element at the top, bottom, left, right");
  ExpectExact(Best(reference, top_and_left), "edge_only", "1 element at the top, left");
}

TEST(LookInside, NothingIsFoundInNoise) {
  const std::vector<Shape> shapes = {kShape, {1, 1920}, {1, 96, 20}, {2, 4, 8, 30}, {1920}};
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const auto reference = Activations(seed);
    for (const double size : {0.01, 0.3, 3.0, 30.0}) {
      for (const Shape& shape : shapes) {
        const auto found = Look(reference, Noisy(reference, size, seed + 1000), shape);
        EXPECT_TRUE(found.empty())
            << found.front().cause << ": " << found.front().evidence << ", seed " << seed;
      }
    }
    const auto unrelated = Look(reference, Activations(seed + 500));
    EXPECT_TRUE(unrelated.empty()) << unrelated.front().evidence;
  }
}

// The error sits where the values are: that is no stripe.
TEST(LookInside, NothingIsFoundInASparseTensor) {
  std::vector<float> reference(kRows * kColumns * kChannels);
  Noise noise(3);
  for (uint64_t column = 2; column < 18; ++column) {
    for (uint64_t channel = 0; channel < kChannels; ++channel) {
      reference[At(7, column, channel)] = static_cast<float>(5 + noise.Normal());
    }
  }
  auto target = reference;
  for (float& value : target) {
    value += value == 0 ? 0.0F : static_cast<float>(noise.Normal());
  }
  const auto found = Look(reference, target);
  EXPECT_TRUE(found.empty()) << found.front().cause << ": " << found.front().evidence;
}

// ReLU's zeros and 8 bits of it, as fixed networks give.
TEST(LookInside, NothingIsFoundInQuantisedActivations) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    auto reference = Activations(seed);
    std::for_each(reference.begin(), reference.end(), [](float& v) { v = std::max(v, 0.0F); });
    auto target = reference;
    const float step = 12.0F / 15;
    std::for_each(
        target.begin(), target.end(), [step](float& v) { v = std::round(v / step) * step; });
    const auto found = Look(reference, target);
    EXPECT_TRUE(found.empty()) << found.front().cause << ": " << found.front().evidence;
  }
}

TEST(LookInside, NothingIsSaidOfEqualOrUnusableTensors) {
  const auto reference = Activations();
  EXPECT_TRUE(Look(reference, reference).empty());
  auto broken = reference;
  broken[5] = std::nanf("");
  EXPECT_TRUE(Look(reference, broken).empty());
  std::vector<float> few(reference.begin(), reference.begin() + 31);
  std::vector<float> doubled = few;
  std::for_each(doubled.begin(), doubled.end(), [](float& v) { v *= 2; });
  EXPECT_TRUE(Look(few, doubled, Shape{31}).empty());
  EXPECT_TRUE(Look(reference, {1, 2}).empty());
  const std::vector<float> zeros(reference.size());
  EXPECT_TRUE(Look(zeros, zeros).empty());
  EXPECT_TRUE(Look(reference, zeros).empty());
  EXPECT_TRUE(Look(zeros, Noisy(zeros, 1)).empty());
  CancelToken cancelled;
  cancelled.Cancel();
  auto offset = reference;
  std::for_each(offset.begin(), offset.end(), [](float& v) { v += 0.75F; });
  EXPECT_TRUE(LookInside({reference, offset, kShape, false, {}, {}, {}}, cancelled).empty());
}

}  // namespace
}  // namespace plumb::diagnosis
