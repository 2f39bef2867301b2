// V9: padding is never compared, never hashed as data, never shown.
#include <gtest/gtest.h>

#include "common/analysis/pair_comparator.h"
#include "common/archive/valid_digest.h"
#include "common/ring/output_check.h"
#include "common/tensor/notation.h"
#include "common/tensor/npy.h"
#include "tests/common/analysis/tensors.h"

namespace plumb::test {
namespace {

// 7 rows of 13 values, 26 bytes in rows of 32.
const Tensor& Plain() {
  static const Tensor tensor =
      analysis::Shorts({1, 7, 13}, analysis::RandomShorts(std::size_t{7} * 13, 1), 0.5F);
  return tensor;
}

Tensor Padded(uint32_t seed) {
  return analysis::WithPoisonedPadding(Plain(), 32, seed);
}

TEST(RequirementV9, PaddingIsNotCompared) {
  ASSERT_NE(Padded(1).bytes.view(), Padded(2).bytes.view());
  const auto report = analysis::CompareTensors(Padded(1), Padded(2), {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->equal);
  EXPECT_EQ(report->count, 7U * 13);
  EXPECT_TRUE(analysis::CompareTensors(Plain(), Padded(2), {})->equal);
}

TEST(RequirementV9, PaddingIsNotHashed) {
  const auto by_archive = [](const Tensor& tensor) {
    return archive::ValidDigestOf(*ValidRegionOf(tensor.desc), tensor.bytes.span());
  };
  const auto by_runner = [](const Tensor& tensor) {
    OutputCheck check(0, *ValidRegionOf(tensor.desc));
    check.Feed(0, tensor.bytes.span());
    return check.Finish(0).valid_digest;
  };
  EXPECT_EQ(by_archive(Padded(1)), by_archive(Plain()));
  EXPECT_EQ(by_archive(Padded(2)), by_archive(Plain()));
  EXPECT_EQ(by_runner(Padded(1)), by_archive(Plain()));
}

TEST(RequirementV9, PaddingIsNotShown) {
  EXPECT_EQ(*SerializeNpy(Padded(1)), *SerializeNpy(Plain()));
  const std::string shown = *FormatTensor(Padded(1), 1000);
  EXPECT_EQ(shown.substr(shown.find('=')),
            (*FormatTensor(Padded(2), 1000)).substr(shown.find('=')));
}

}  // namespace
}  // namespace plumb::test
