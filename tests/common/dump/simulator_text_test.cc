// The two writers' texts, copied by hand from what their documentation shows.
#include "common/dump/simulator_text.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::dump {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<double> ValuesOf(const Tensor& tensor) {
  const auto values = RealValues(tensor);
  EXPECT_TRUE(values.ok()) << values.status().ToString();
  return values.ok() ? *values : std::vector<double>{};
}

std::string Complaint(std::string_view text) {
  const auto parsed = ParseSimulatorText(text);
  EXPECT_FALSE(parsed.ok());
  return parsed.status().message();
}

TEST(SimulatorText, ReadsTheBoardsText) {
  const auto tensors = ParseSimulatorText(
      "scores Tensor:\n{\ntensor dim:3,\tOriginal shape:[1 2 3 ]\ntensor data:\n"
      "0.500000  -1.000000  2.250000  0.000001  -0.000001  123456.789063\n}\n\n"
      "mean Tensor:\n{\ntensor dim:2,\tOriginal shape:[1 1 ]\ntensor data:\n7.000000\n}\n\n");
  ASSERT_TRUE(tensors.ok()) << tensors.status().ToString();
  ASSERT_EQ(tensors->size(), 2U);
  EXPECT_EQ((*tensors)[0].desc.name, "scores");
  EXPECT_EQ((*tensors)[0].desc.shape, (Shape{1, 2, 3}));
  EXPECT_EQ((*tensors)[0].desc.element_type, ElementType::kFloat64);
  EXPECT_THAT(ValuesOf((*tensors)[0]),
              ElementsAre(0.5, -1.0, 2.25, 0.000001, -0.000001, 123456.789063));
  EXPECT_EQ((*tensors)[1].desc.name, "mean");
  EXPECT_THAT(ValuesOf((*tensors)[1]), ElementsAre(7.0));
}

TEST(SimulatorText, LeavesOutTheAlignmentOfThePcsText) {
  // [1,2,3] stored as [1,2,8]: 9.9 is what nobody may look at.
  const auto tensors = ParseSimulatorText(
      "a/b:0 Tensor:\n{\nOriginal shape:[1, 2, 3], Alignment shape:[1, 2, 8]\n"
      "The following tensor data is in alignment shape:\n"
      "1.000000  2.000000  3.000000  9.900000  9.900000  9.900000  9.900000  9.900000  "
      "4.000000  5.000000  6.000000  9.900000  9.900000  9.900000  9.900000  9.900000  \n}\n");
  ASSERT_TRUE(tensors.ok()) << tensors.status().ToString();
  EXPECT_EQ((*tensors)[0].desc.name, "a/b:0");
  EXPECT_EQ((*tensors)[0].desc.shape, (Shape{1, 2, 3}));
  EXPECT_THAT(ValuesOf((*tensors)[0]), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(SimulatorText, AlignmentMayBeInAnyDimension) {
  const auto tensors = ParseSimulatorText(
      "x Tensor:\n{\nOriginal shape:[2, 2], Alignment shape:[3, 4]\n"
      "1 2 0 0\n3 4 0 0\n0 0 0 0\n}\n");
  ASSERT_TRUE(tensors.ok()) << tensors.status().ToString();
  EXPECT_THAT(ValuesOf((*tensors)[0]), ElementsAre(1, 2, 3, 4));
}

TEST(SimulatorText, ReadsWhatPrintfWritesOfSpecialNumbers) {
  const auto tensors =
      ParseSimulatorText("x Tensor:\r\n{\r\nOriginal shape:[4]\r\nnan  -nan  inf  -inf\r\n}\r\n");
  ASSERT_TRUE(tensors.ok()) << tensors.status().ToString();
  const auto values = ValuesOf((*tensors)[0]);
  ASSERT_EQ(values.size(), 4U);
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_EQ(values[2], INFINITY);
  EXPECT_EQ(values[3], -INFINITY);
}

TEST(SimulatorText, SaysWhatIsWrong) {
  EXPECT_THAT(Complaint(""), HasSubstr("no tensor"));
  EXPECT_THAT(Complaint("hello\n"), HasSubstr("is no 'NAME Tensor:' line"));
  EXPECT_THAT(Complaint("x Tensor:\n1 2 3\n"), HasSubstr("no '{'"));
  EXPECT_THAT(Complaint("x Tensor:\n{\n1 2 3\n}\n"), HasSubstr("no 'Original shape:"));
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[2]\n1 2"), HasSubstr("ends before its '}'"));
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[3]\n1 2\n}"), HasSubstr("2 numbers"));
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[1]\n1 2\n}"), HasSubstr("2 numbers"));
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[2]\n1 2x\n}"), HasSubstr("'2x'"));
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[2, -1]\n1\n}"), HasSubstr("x"));
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[2 y]\n1\n}"), HasSubstr("'y'"));
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[2], Alignment shape:[1]\n1\n}"),
              HasSubstr("does not fit"));
  EXPECT_THAT(
      Complaint("x Tensor:\n{\nOriginal shape:[1,2], Alignment shape:[8]\n1 1 1 1 1 1 1 1}"),
      HasSubstr("'1}'"));
  EXPECT_THAT(Complaint("\x1b[2J Tensor:\n{\n"), HasSubstr("name"));
  // Shapes whose product overflows are no count of numbers.
  EXPECT_THAT(Complaint("x Tensor:\n{\nOriginal shape:[2147483647 2147483647 2147483647]\n1\n}"),
              HasSubstr("1 numbers"));
}

TEST(SimulatorText, IsRecognised) {
  EXPECT_TRUE(LooksLikeSimulatorText("x Tensor:\n{\nOriginal"));
  EXPECT_TRUE(LooksLikeSimulatorText("\n  x Tensor: \r\n{\r\n"));
  EXPECT_FALSE(LooksLikeSimulatorText("x Tensor:"));
  EXPECT_FALSE(LooksLikeSimulatorText("isFloat: 1\n//out 0"));
  EXPECT_FALSE(LooksLikeSimulatorText(""));
}

}  // namespace
}  // namespace plumb::dump
