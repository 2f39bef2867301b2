#include "common/layers/vendor_line.h"

#include <gtest/gtest.h>

#include "tests/common/layers/sop_rows.h"

namespace plumb::layers {
namespace {

// The line is fixed to the character: name, tab, double spaces, tab.
TEST(VendorLine, IsWrittenToTheCharacter) {
  const VendorLine line{
      "39.batch_norm_6.tmp_2.xx.output0", "ADD", "float", 60.729672, 0.997336, 0.0915134};
  EXPECT_EQ(FormatVendorLine(line),
            "39.batch_norm_6.tmp_2.xx.output0\tOP: ADD  Type: float  MSE: 60.729672  COS: "
            "0.997336  RMSE:\t0.091513");
}

TEST(VendorLine, TheSopsRowsAreReadAndComeBackAfterOneMoreRound) {
  const auto lines = ParseVendorLog(kSopRows);
  ASSERT_TRUE(lines.ok()) << lines.status().ToString();
  ASSERT_EQ(lines->size(), 11U);
  EXPECT_EQ(lines->at(2).directory, "47.relu_6.tmp_0.xx.output0");
  EXPECT_EQ(lines->at(2).op, "RELU");
  EXPECT_DOUBLE_EQ(*lines->at(2).mse, 16.851153);
  EXPECT_DOUBLE_EQ(*lines->at(2).cosine, 0.994130);
  EXPECT_DOUBLE_EQ(*lines->at(2).relative_l1, 0.143941);
  std::string log = "DumpDebug finished\n";
  for (const VendorLine& line : *lines) {
    log += FormatVendorLine(line) + "\r\n";
  }
  const auto again = ParseVendorLog(log);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(*again, *lines);
}

TEST(VendorLine, KeepsWhatTheVendorPrintsForNan) {
  const auto lines =
      ParseVendorLog("0.a.xx.output0\tOP: ADD  Type: float  MSE: -nan  COS: nan  RMSE:\tinf\n");
  ASSERT_TRUE(lines.ok());
  EXPECT_FALSE(lines->front().mse || lines->front().cosine || lines->front().relative_l1);
}

TEST(VendorLine, TakesADirectoryApart) {
  const auto parts = ParseVendorDirectory("47.relu_6.tmp_0.xx.output2");
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->op_index, 47U);
  EXPECT_EQ(parts->name, "relu_6.tmp_0");
  EXPECT_EQ(parts->output_index, 2U);
  for (const char* other : {"", "relu", "x.relu.xx.output0", "1.xx.output", "1.a.xx.outputx"}) {
    EXPECT_FALSE(ParseVendorDirectory(other).has_value()) << other;
  }
}

TEST(VendorLine, NamesTheLineThatIsBroken) {
  const auto bad =
      ParseVendorLog("started\n0.a.xx.output0 OP: ADD Type: float MSE: one COS: 1 RMSE: 0\n");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().message(), "line 2: MSE is 'one', which is no number");
  EXPECT_FALSE(ParseVendorLog("").ok());
  EXPECT_FALSE(ParseVendorLog("a OP: b RMSE: 1\n").ok());
}

}  // namespace
}  // namespace plumb::layers
