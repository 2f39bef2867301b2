#include "common/dump/input_config.h"

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/testdata.h"

namespace plumb::dump {
namespace {

TEST(InputConfig, ReadsTheModelsOwnFile) {
  const auto text = ReadFile(testing::TestDataPath("models/face_detection_short_range.ini"));
  ASSERT_TRUE(text.ok());
  const auto config = ParseInputConfig(text->view());
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  ASSERT_EQ(config->inputs.size(), 1U);
  EXPECT_EQ(config->inputs[0].name, "input");
  EXPECT_EQ(config->inputs[0].training_format, "RGB");
  EXPECT_EQ(config->inputs[0].input_format, "RGB");
  EXPECT_EQ(config->inputs[0].quantize, true);
  EXPECT_EQ(config->inputs[0].mean, (PerColor{127.5, 127.5, 127.5}));
  EXPECT_EQ(config->inputs[0].std_dev, (PerColor{127.5, 127.5, 127.5}));
  ASSERT_EQ(config->outputs.size(), 2U);
  EXPECT_EQ(config->outputs[1].name, "classificators");
  EXPECT_EQ(config->outputs[1].dequantize, true);
  EXPECT_TRUE(config->warnings.empty());
}

TEST(InputConfig, ReadsQuotesListsAndSemicolons) {
  const auto config = ParseInputConfig(
      "# a comment\r\n"
      "[input_config]\r\n"
      "inputs = 'left', \"right\" ;  ; more words after the end\r\n"
      "training_input_formats=BGR,RAWDATA_S16_NHWC;\r\n"
      "mean=\"123.5:116:103\";\r\n"
      "std_value=58.5:57:57.25, 1;\r\n"
      "input_width_alignment=16;\r\n"
      "input_layouts=NHWC,NCHW\r\n"
      "[CONV_CONFIG]\r\n"
      "input_format=ALL_INT16;\r\n"
      "tensor_arrays=\"conv1,conv2\";\r\n");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  ASSERT_EQ(config->inputs.size(), 2U);
  EXPECT_EQ(config->inputs[0].name, "left");
  EXPECT_EQ(config->inputs[1].name, "right");
  EXPECT_EQ(config->inputs[1].training_format, "RAWDATA_S16_NHWC");
  EXPECT_EQ(config->inputs[0].mean, (PerColor{123.5, 116, 103}));
  EXPECT_EQ(config->inputs[1].mean, (PerColor{123.5, 116, 103})) << "one value holds for all";
  EXPECT_EQ(config->inputs[1].std_dev, (PerColor{1, 1, 1}));
  EXPECT_EQ(config->inputs[1].width_alignment, 16U);
  EXPECT_EQ(config->inputs[1].layout, "NCHW");
  EXPECT_EQ(config->convolution.input_format, "ALL_INT16");
  EXPECT_EQ(config->convolution.tensors, (std::vector<std::string>{"conv1", "conv2"}));
}

TEST(InputConfig, ReadsTheMeansOfTheOldTools) {
  const auto config = ParseInputConfig(
      "[INPUT_CONFIG]\nmean_red=1\nmean_green=2\nmean_blue=3\nstd_value=4\n"
      "[OUTPUT_CONFIG]\noutput_formats=NCHW\n");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->inputs.at(0).mean, (PerColor{1, 2, 3}));
  EXPECT_EQ(config->outputs.at(0).layout, "NCHW");
}

TEST(InputConfig, WarnsOfUnknownKeysAndKnowsTheConvertersOwn) {
  const auto config =
      ParseInputConfig("[INPUT_CONFIG]\nnum_process=10;\nmeen=1;\n[OPTIMIZATION]\nlevel=3\n");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->warnings,
            (std::vector<std::string>{"line 3: unknown key 'meen' in [INPUT_CONFIG]",
                                      "line 5: unknown key 'level' in [OPTIMIZATION]"}));
}

struct BadCase {
  const char* text;
  const char* says;
};

class RefusesConfig : public ::testing::TestWithParam<BadCase> {};

TEST_P(RefusesConfig, NamingTheLine) {
  const auto config = ParseInputConfig(GetParam().text);
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.status().message().find(GetParam().says), std::string::npos)
      << config.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Texts,
    RefusesConfig,
    ::testing::Values(BadCase{"mean=1\n", "line 1"},
                      BadCase{"[INPUT_CONFIG\n", "line 1"},
                      BadCase{"[INPUT_CONFIG]\nmean\n", "line 2"},
                      BadCase{"[INPUT_CONFIG]\nmean=grey\n", "no number"},
                      BadCase{"[INPUT_CONFIG]\nmean=1:2\n", "r:g:b"},
                      BadCase{"[INPUT_CONFIG]\nmean=nan\n", "no number"},
                      BadCase{"[INPUT_CONFIG]\nstd_value=0\n", "above 0"},
                      BadCase{"[INPUT_CONFIG]\ninputs=a\nmean=1,2,3\n", "3 values for 1"},
                      BadCase{"[INPUT_CONFIG]\nquantizations=yes\n", "TRUE nor FALSE"},
                      BadCase{"[INPUT_CONFIG]\ninput_formats=YUV\n", "none of RGB"},
                      BadCase{"[INPUT_CONFIG]\ninput_width_alignment=0\n", "alignment"},
                      BadCase{"[INPUT_CONFIG]\ninputs='a\n", "quotes"},
                      BadCase{"[CONV_CONFIG]\ninput_format=INT4\n", "none of ALL_UINT8"},
                      BadCase{"[INPUT_CONFIG]\ninputs=a\x01\n", "no text"}));

TEST(PerColor, IsOneNumberOrThree) {
  EXPECT_EQ(*ParsePerColor("2"), (PerColor{2, 2, 2}));
  EXPECT_EQ(*ParsePerColor("1: 2 :3"), (PerColor{1, 2, 3}));
  EXPECT_FALSE(ParsePerColor("").ok());
  EXPECT_FALSE(ParsePerColor("1:2:3:4").ok());
  EXPECT_FALSE(ParsePerColor("inf").ok());
}

}  // namespace
}  // namespace plumb::dump
