#include "common/tensor/shape.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Shape, CountsElementsAndRows) {
  const Shape shape{2, 3, 4};
  EXPECT_EQ(shape.element_count(), 24U);
  EXPECT_EQ(shape.row_count(), 6U);
  EXPECT_EQ(shape.innermost(), 4);
  EXPECT_EQ(shape.ToString(), "2x3x4");
}

TEST(Shape, AScalarIsOneElement) {
  const Shape scalar;
  EXPECT_EQ(scalar.rank(), 0U);
  EXPECT_EQ(scalar.element_count(), 1U);
  EXPECT_EQ(scalar.row_count(), 1U);
  EXPECT_EQ(scalar.innermost(), 1);
  EXPECT_EQ(scalar.ToString(), "");
}

TEST(Shape, RefusesImpossibleDimensions) {
  const auto create = [](std::vector<int64_t> dims) { return Shape::Create(dims); };
  EXPECT_TRUE(create(std::vector<int64_t>(10, 1)).ok());
  EXPECT_EQ(create(std::vector<int64_t>(11, 1)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(create({-1}).ok());
  EXPECT_TRUE(create({0x7FFFFFFF}).ok());
  EXPECT_FALSE(create({0x80000000LL}).ok());
  EXPECT_FALSE(create({INT64_MIN}).ok());
}

TEST(Shape, CountsThatDoNotFitAreEmptyNotWrapped) {
  const auto huge = Shape::Create(std::vector<int64_t>(3, 0x7FFFFFFF));
  ASSERT_TRUE(huge.ok());
  EXPECT_EQ(huge->element_count(), std::nullopt);
  EXPECT_EQ(huge->row_count(), 0x7FFFFFFFULL * 0x7FFFFFFFULL);
  const auto empty = Shape::Create(std::vector<int64_t>{0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0});
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->element_count(), 0U) << "a zero anywhere makes it empty";
  constexpr int64_t kMost = 0x7FFFFFFF;
  EXPECT_EQ((Shape{kMost, kMost, kMost, 0, 3}.row_count()), 0U);
  EXPECT_EQ((Shape{kMost, kMost, kMost, 3, 0}.row_count()), 0U);
  EXPECT_EQ((Shape{kMost, kMost, kMost, 3, 1}.row_count()), std::nullopt);
}

TEST(Shape, UnravelsRowMajor) {
  const Shape shape{2, 3, 4};
  const auto position = shape.Unravel(23);
  EXPECT_EQ(position[0], 1);
  EXPECT_EQ(position[1], 2);
  EXPECT_EQ(position[2], 3);
  EXPECT_EQ(shape.Unravel(4)[1], 1);
  EXPECT_EQ((Shape{0, 3}.Unravel(5)[1]), 2) << "an empty shape does not divide by zero";
}

TEST(Shape, ComparesDimensions) {
  EXPECT_EQ((Shape{1, 10}), (Shape{1, 10}));
  EXPECT_FALSE((Shape{1, 10}) == (Shape{10}));
  EXPECT_FALSE((Shape{1, 10}) == (Shape{1, 11}));
  EXPECT_FALSE(Shape{} == Shape{1});
}

}  // namespace
}  // namespace plumb
