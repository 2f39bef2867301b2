// Every implementation of the comparison's loops against the definition, bit by bit.
#include "common/analysis/pair_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/analysis/pair_comparator.h"
#include "common/analysis/pair_feed.h"
#include "common/tensor/convert.h"
#include "common/tensor/element_type.h"
#include "tests/common/analysis/definition.h"
#include "tests/common/analysis/tensors.h"

namespace plumb::analysis {
namespace {

constexpr auto kLargeFloat = static_cast<double>(std::numeric_limits<float>::max());

struct Sample {
  std::string name;
  TensorDesc reference_desc;
  TensorDesc target_desc;
  std::vector<uint8_t> reference;
  std::vector<uint8_t> target;
  size_t values = 0;
  StatisticsOptions options;
};

template <class T>
std::vector<uint8_t> BytesOf(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <class T, class U>
Sample MakeSample(std::string name,
                  ElementType reference_type,
                  const std::vector<T>& reference,
                  ElementType target_type,
                  const std::vector<U>& target) {
  Sample sample;
  sample.name = std::move(name);
  sample.reference_desc.element_type = reference_type;
  sample.target_desc.element_type = target_type;
  sample.reference = BytesOf(reference);
  sample.target = BytesOf(target);
  sample.values = reference.size();
  sample.options = {.lsb = 0,
                    .reference_limits = {},
                    .target_limits = {},
                    .elementwise = true,
                    .atol = 0.01,
                    .rtol = 0.125};
  return sample;
}

std::string DefinitionOf(const Sample& sample) {
  std::vector<double> r(sample.values);
  std::vector<double> t(sample.values);
  ToDoubles(sample.reference_desc, sample.reference.data(), r);
  ToDoubles(sample.target_desc, sample.target.data(), t);
  Definition definition(sample.options);
  for (size_t i = 0; i < sample.values; ++i) {
    definition.Add(r[i], t[i], t[i] - r[i]);
  }
  return Text(definition.Total()) + "; " + Text(definition.tally);
}

// Fed in pieces of the sizes that `next_size` gives.
template <class NextSize>
std::string Fed(const Sample& sample, const KernelSet& kernels, NextSize next_size) {
  PairFeed feed(sample.reference_desc, sample.target_desc, sample.options, kernels);
  const uint64_t reference_size = sample.reference.size() / sample.values;
  const uint64_t target_size = sample.target.size() / sample.values;
  for (size_t done = 0; done < sample.values;) {
    const size_t count = std::min<size_t>(next_size(), sample.values - done);
    feed.Add(sample.reference.data() + done * reference_size,
             sample.target.data() + done * target_size,
             count);
    done += count;
  }
  return Text(feed.statistics().sums()) + "; " + Text(feed.statistics().tally());
}

void ExpectTheDefinition(const Sample& sample) {
  SCOPED_TRACE(sample.name + ", " + std::to_string(sample.values) + " values");
  const std::string expected = DefinitionOf(sample);
  for (const KernelSet* kernels : SupportedKernels()) {
    SCOPED_TRACE(kernels->name);
    for (const size_t size : {1U, 8U, 13U, 1000U, 4096U, 1U << 20U}) {
      EXPECT_EQ(Fed(sample, *kernels, [=] { return size; }), expected) << "pieces of " << size;
    }
    std::mt19937 random(7);
    EXPECT_EQ(Fed(sample, *kernels, [&] { return random() % 300; }), expected) << "odd pieces";
  }
}

constexpr size_t kLengths[] = {1, 7, 8, 9, 31, 4095, 4096, 4097, 10'007};

// What one kind of data does to a value and the noise on it.
struct Flavour {
  const char* name;
  double size;
  int different_of_64;  // targets that differ
  int special_of_1024;  // elements from the list of special values
};

constexpr Flavour kFlavours[] = {
    {"usual", 100, 64, 0},
    {"equal", 100, 0, 0},
    {"seldom different", 100, 1, 0},
    {"a few special", 100, 32, 1},
    {"many special", 100, 32, 300},
    {"equal with special", 1, 0, 20},
    {"denormal", 1e-41, 32, 0},
    {"huge", 1e38, 32, 0},
    {"zeros", 0, 16, 0},
};

template <class T>
T Special(uint32_t which) {
  using Limits = std::numeric_limits<T>;
  const T values[] = {T(0),
                      static_cast<T>(-T(0)),
                      Limits::quiet_NaN(),
                      static_cast<T>(-Limits::quiet_NaN()),
                      Limits::infinity(),
                      static_cast<T>(-Limits::infinity()),
                      Limits::max(),
                      Limits::lowest(),
                      Limits::denorm_min(),
                      Limits::min()};
  return values[which % std::size(values)];
}

template <class T>
void FillFloats(const Flavour& flavour,
                size_t count,
                std::vector<T>& reference,
                std::vector<T>& target) {
  std::mt19937 random(static_cast<uint32_t>(count));
  std::normal_distribution<double> normal;
  const auto limit = static_cast<double>(std::numeric_limits<T>::max());
  for (size_t i = 0; i < count; ++i) {
    const double r = std::clamp(normal(random) * flavour.size, -limit, limit);
    const double noise = 1 + normal(random) * 0.1;
    reference.push_back(static_cast<T>(r));
    if (static_cast<int>(random() % 1024) < flavour.special_of_1024) {
      reference.back() = Special<T>(random());
    }
    target.push_back(reference.back());
    if (static_cast<int>(random() % 64) < flavour.different_of_64) {
      target.back() = flavour.special_of_1024 > 0 && random() % 64 == 0
                          ? Special<T>(random())
                          : static_cast<T>(std::clamp(r * noise, -limit, limit));
    }
  }
}

template <class T>
class FloatKernels : public testing::Test {};

using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatKernels, FloatTypes);

TYPED_TEST(FloatKernels, GiveTheDefinitionsBits) {
  const ElementType type =
      sizeof(TypeParam) == sizeof(float) ? ElementType::kFloat32 : ElementType::kFloat64;
  for (const Flavour& flavour : kFlavours) {
    for (const size_t length : kLengths) {
      std::vector<TypeParam> reference;
      std::vector<TypeParam> target;
      FillFloats(flavour, length, reference, target);
      ExpectTheDefinition(MakeSample(flavour.name, type, reference, type, target));
    }
  }
}

TEST(PairKernels, SquaresBeyondADoubleGiveTheDefinitionsBits) {
  std::vector<double> reference(5000, 1.0);
  std::vector<double> target(5000, 1.5);
  reference[100] = 1e200;
  target[4500] = -1e300;
  ExpectTheDefinition(
      MakeSample("overflow", ElementType::kFloat64, reference, ElementType::kFloat64, target));
}

TEST(PairKernels, ProductsOfTheLargestAndSmallestFloatsAreExact) {
  std::vector<float> reference;
  std::vector<float> target;
  for (size_t i = 0; i < 4096; ++i) {
    reference.push_back(static_cast<float>(i % 3 == 0 ? kLargeFloat : 1.4e-45));
    target.push_back(static_cast<float>(i % 5 == 0 ? -kLargeFloat : 4.2e-45));
  }
  ExpectTheDefinition(
      MakeSample("extremes", ElementType::kFloat32, reference, ElementType::kFloat32, target));
}

template <class T>
class IntegerKernels : public testing::Test {};

using IntegerTypes = testing::Types<int8_t, uint8_t, int16_t, uint16_t, int32_t, int64_t>;
TYPED_TEST_SUITE(IntegerKernels, IntegerTypes);

template <class T>
ElementType TypeOf() {
  constexpr bool kSigned = std::is_signed_v<T>;
  switch (sizeof(T)) {
    case 1:
      return kSigned ? ElementType::kInt8 : ElementType::kUint8;
    case 2:
      return kSigned ? ElementType::kInt16 : ElementType::kUint16;
    case 4:
      return ElementType::kInt32;
    default:
      return ElementType::kInt64;
  }
}

template <class T>
void FillIntegers(int different_of_64,
                  size_t count,
                  std::vector<T>& reference,
                  std::vector<T>& target) {
  std::mt19937 random(static_cast<uint32_t>(count));
  // Of 64 bits only so many that their products with a scale are exact: there t − r is taken of the
  // integers.
  const int64_t mask = sizeof(T) == 8 ? (int64_t{1} << 28) - 1 : -1;
  for (size_t i = 0; i < count; ++i) {
    const auto any = static_cast<int64_t>(uint64_t{random()} << 32U | random()) & mask;
    reference.push_back(static_cast<T>(any));
    if (random() % 16 == 0) {
      reference.back() = sizeof(T) == 8      ? T(0)
                         : random() % 2 == 0 ? std::numeric_limits<T>::max()
                                             : std::numeric_limits<T>::min();
    }
    target.push_back(reference.back());
    if (static_cast<int>(random() % 64) < different_of_64) {
      target.back() = static_cast<T>(static_cast<int64_t>(reference.back()) +
                                     static_cast<int64_t>(random() % 23) - 11);
    }
  }
}

struct Quantisation {
  float scale;
  int64_t zero_point;
};

TYPED_TEST(IntegerKernels, GiveTheDefinitionsBits) {
  using T = TypeParam;
  const ElementType type = TypeOf<T>();
  const Quantisation quantisations[] = {
      {0, 0}, {0.0078125F, 0}, {0.01F, 3}, {0.3F, -128}, {1e-30F, 12345}, {-0.5F, 7}};
  for (const auto& [scale, zero_point] : quantisations) {
    for (const int different : {0, 1, 64}) {
      for (const size_t length : kLengths) {
        std::vector<T> reference;
        std::vector<T> target;
        FillIntegers(different, length, reference, target);
        Sample sample = MakeSample("integers", type, reference, type, target);
        for (TensorDesc* desc : {&sample.reference_desc, &sample.target_desc}) {
          desc->scale = scale;
          desc->zero_point = sizeof(T) == 8 ? 0 : zero_point;
        }
        const double step = scale == 0 ? 1.0 : static_cast<double>(scale);
        sample.options.lsb = std::abs(step);
        sample.options.reference_limits = TypeLimits{-100 * step, 100 * step};
        sample.options.target_limits = TypeLimits{-90 * step, 110 * step};
        ExpectTheDefinition(sample);
      }
    }
  }
}

TEST(PairKernels, TypesThatDifferGiveTheDefinitionsBits) {
  std::vector<int16_t> shorts;
  std::vector<float> floats;
  std::vector<int8_t> chars;
  std::vector<uint16_t> halves;
  std::mt19937 random(3);
  for (size_t i = 0; i < 9001; ++i) {
    shorts.push_back(static_cast<int16_t>(random()));
    floats.push_back(static_cast<float>(shorts.back()) * 0.01F +
                     static_cast<float>(random() % 3) * 0.001F);
    chars.push_back(static_cast<int8_t>(random()));
    halves.push_back(static_cast<uint16_t>(random()));
  }
  Sample mixed =
      MakeSample("s16 and f32", ElementType::kInt16, shorts, ElementType::kFloat32, floats);
  mixed.reference_desc.scale = 0.01F;
  mixed.options.lsb = static_cast<double>(0.01F);
  ExpectTheDefinition(mixed);
  Sample integers =
      MakeSample("s16 and s8", ElementType::kInt16, shorts, ElementType::kInt8, chars);
  integers.target_desc.scale = 0.5F;
  integers.target_desc.zero_point = -1;
  ExpectTheDefinition(integers);
  std::vector<uint16_t> others = halves;
  others[5000] ^= 1U;
  ExpectTheDefinition(
      MakeSample("f16", ElementType::kFloat16, halves, ElementType::kFloat16, others));
  Sample scales =
      MakeSample("two scales", ElementType::kInt16, shorts, ElementType::kInt16, shorts);
  scales.reference_desc.scale = 0.5F;
  scales.target_desc.scale = 0.25F;
  scales.options.lsb = 0.25;
  ExpectTheDefinition(scales);
}

// The numbers are those of tests/common/analysis/documented_order.py.
TEST(PairKernels, GiveTheSumsOfAnotherImplementation) {
  std::vector<float> reference;
  std::vector<float> target;
  uint32_t state = 12345;
  for (size_t i = 0; i < 10'007; ++i) {
    state = state * 1664525U + 1013904223U;
    reference.push_back(static_cast<float>((static_cast<double>(state) - 0x1p31) / 0x1p28));
    const double factor = 1 + (static_cast<double>((state >> 7U) % 256U) - 100) / 10000.0;
    target.push_back(static_cast<float>(static_cast<double>(reference.back()) * factor));
  }
  const Sample sample =
      MakeSample("sums", ElementType::kFloat32, reference, ElementType::kFloat32, target);
  for (const KernelSet* kernels : SupportedKernels()) {
    PairFeed feed(sample.reference_desc, sample.target_desc, {}, *kernels);
    feed.Add(sample.reference.data(), sample.target.data(), sample.values);
    const Sums sums = feed.statistics().sums();
    EXPECT_EQ(sums.squared_error, 0x1.a82a3fb04f0a2p+3) << kernels->name;
    EXPECT_EQ(sums.absolute_error, 0x1.0c9603522a000p+8) << kernels->name;
    EXPECT_EQ(sums.squared_reference, 0x1.9f861cd9b2446p+17) << kernels->name;
    EXPECT_EQ(sums.absolute_reference, 0x1.38485faf1cc00p+15) << kernels->name;
    EXPECT_EQ(sums.squared_target, 0x1.a1e7fcbd13feep+17) << kernels->name;
    EXPECT_EQ(sums.product, 0x1.a0b3bc76e3c1ep+17) << kernels->name;
  }
}

// The same values with rows far or not so far apart, in memory and through a reader.
TEST(PairKernels, PaddingAndTheWayBytesComeDoNotMatter) {
  for (const int64_t width : {1, 3, 8, 13, 52, 61, 1000, 40'000}) {
    const int64_t rows = width > 100 ? 5 : 301;
    const size_t count = static_cast<size_t>(rows * width);
    const Tensor reference = Shorts({rows, width}, RandomShorts(count, 1), 0.01F);
    std::vector<int16_t> changed = RandomShorts(count, 1);
    for (size_t i = 0; i < changed.size(); i += 3) {
      ++changed[i];
    }
    const Tensor target = Shorts({rows, width}, changed, 0.01F);
    for (const uint32_t padding : {0U, 2U, 16U, 70'000U}) {
      const auto stride = static_cast<uint32_t>(width * 2) + padding;
      const Tensor padded = WithPoisonedPadding(reference, stride, 1);
      const Tensor padded_target = WithPoisonedPadding(target, stride, 2);
      for (const KernelSet* kernels : SupportedKernels()) {
        for (const bool in_memory : {true, false}) {
          const auto leg = [&](const Tensor& tensor) {
            LegBytes bytes = LegInMemory(tensor.bytes.span());
            bytes.memory = in_memory ? bytes.memory : nullptr;
            return bytes;
          };
          auto comparator = PairComparator::Create(padded.desc, padded_target.desc, {}, *kernels);
          ASSERT_TRUE(comparator.ok());
          ASSERT_TRUE(comparator->Advance(leg(padded), leg(padded_target)).ok());
          ASSERT_TRUE(comparator->complete());
          const TensorReport report = comparator->Report();
          EXPECT_EQ(report.different_elements, (count + 2) / 3) << width << " + " << padding;
          EXPECT_EQ(report.first_difference_index, 0U);
          const auto plain = CompareTensors(reference, target, {});
          ASSERT_TRUE(plain.ok());
          EXPECT_EQ(report.mse, plain->mse);
          EXPECT_EQ(report.cosine, plain->cosine);
          EXPECT_EQ(report.lsb_histogram, plain->lsb_histogram);
          EXPECT_EQ(report.reference_min, plain->reference_min);
        }
      }
    }
  }
}

TEST(PairKernels, OnlyThisCpusInstructionsAreOffered) {
  ASSERT_FALSE(SupportedKernels().empty());
  EXPECT_STREQ(SupportedKernels().front()->name, "portable");
  EXPECT_EQ(&BestKernels(), SupportedKernels().back());
}

}  // namespace
}  // namespace plumb::analysis
