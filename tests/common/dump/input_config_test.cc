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

struct StrictCase {
  const char* text;
  const char* says;
  const char* hint;
};

class RefusesWhatIsUnknown : public ::testing::TestWithParam<StrictCase> {};

TEST_P(RefusesWhatIsUnknown, WithTheLineAndTheNearestWord) {
  const Status status = ParseInputConfig(GetParam().text, UnknownWords::kRefuse).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), GetParam().says);
  EXPECT_EQ(status.hint(), GetParam().hint);
}

INSTANTIATE_TEST_SUITE_P(
    Texts,
    RefusesWhatIsUnknown,
    ::testing::Values(StrictCase{"[INPUT_CONFIG]\ninputs=a\nmeen=1\n",
                                 "line 3: unknown key 'meen' in [INPUT_CONFIG]",
                                 "did you mean 'mean'?"},
                      StrictCase{"\n[INPT_CONFIG]\nmean=1\n",
                                 "line 2: unknown section [INPT_CONFIG]",
                                 "did you mean [INPUT_CONFIG]?"},
                      StrictCase{"[CONV_CONFG]\n",
                                 "line 1: unknown section [CONV_CONFG]",
                                 "did you mean [CONV_CONFIG]?"},
                      StrictCase{"[INPUT_CONFIG]\ndequantizations=TRUE\n",
                                 "line 2: unknown key 'dequantizations' in [INPUT_CONFIG]",
                                 "it belongs to [OUTPUT_CONFIG]"},
                      StrictCase{"[CONV_CONFIG]\nfoo=1\n",
                                 "line 2: unknown key 'foo' in [CONV_CONFIG]",
                                 "the keys of [CONV_CONFIG] are input_format, tensor_arrays"},
                      StrictCase{
                          "[CONV_CONFIG]\ninput_format=ALL_INT61\n",
                          "line 2: input_format: 'ALL_INT61' is none of ALL_UINT8, ALL_INT16, "
                          "CONV2D_INT16, DEPTHWISE_INT16",
                          "did you mean ALL_INT16?"}));

TEST(InputConfig, OnlyWarnsOfTheSectionThatNobodyDocuments) {
  const auto config = ParseInputConfig("[OPTIMIZATION]\nlevel=3\n", UnknownWords::kRefuse);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->warnings,
            std::vector<std::string>{"line 2: unknown key 'level' in [OPTIMIZATION]"});
}

TEST(InputConfig, ReadsTheConvertersOwnKeys) {
  const auto config = ParseInputConfig(
      "[INPUT_CONFIG]\nquant_file=a.json\nnum_process=10\nquant_level=L5\nphase=Fixed\n"
      "workmode=x\nbatchmode=one_buf\nbatch=4\ninput_shapes=1,3,224,224\n",
      UnknownWords::kRefuse);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  const ConverterConfig& converter = config->converter;
  EXPECT_EQ(converter.quant_file, "a.json");
  EXPECT_EQ(converter.num_process, 10U);
  EXPECT_EQ(converter.quant_level, "L5");
  EXPECT_EQ(converter.phase, "Fixed");
  EXPECT_EQ(converter.work_mode, "x");
  EXPECT_EQ(converter.batch_mode, "one_buf");
  EXPECT_EQ(converter.batch, 4U);
  EXPECT_EQ(converter.input_shapes, (std::vector<std::string>{"1", "3", "224", "224"}));
  EXPECT_FALSE(ParseInputConfig("[INPUT_CONFIG]\nquant_level=L6\n").ok());
  EXPECT_FALSE(ParseInputConfig("[INPUT_CONFIG]\nbatch=0\n").ok());
}

Status Fit(const std::string& text) {
  const auto config = ParseInputConfig(text, UnknownWords::kRefuse);
  EXPECT_TRUE(config.ok()) << config.status().ToString();
  return CheckNames(*config,
                    {{"image"}, {"boxes", "scores"}, {"image", "conv1", "relu1"}, {"relu1"}});
}

TEST(CheckNames, NamesTheLineAndTheNearest) {
  EXPECT_TRUE(Fit("[INPUT_CONFIG]\ninputs=image\n[OUTPUT_CONFIG]\noutputs=scores\n"
                  "[CONV_CONFIG]\ntensor_arrays=relu1\n")
                  .ok());
  const Status input = Fit("[INPUT_CONFIG]\nmean=1\ninputs=imgae\n");
  EXPECT_EQ(input.message(), "line 3: the network has no input 'imgae'");
  EXPECT_EQ(input.hint(), "did you mean 'image'?");
  const Status output = Fit("[OUTPUT_CONFIG]\noutputs=boxes,score\n");
  EXPECT_EQ(output.message(), "line 2: the network has no output 'score'");
  EXPECT_EQ(output.hint(), "did you mean 'scores'?");
  const Status tensor = Fit("[CONV_CONFIG]\ninput_format=ALL_UINT8\ntensor_arrays=relu\n");
  EXPECT_EQ(tensor.message(), "line 3: tensor_arrays: the network has no tensor 'relu'");
  EXPECT_EQ(tensor.hint(), "did you mean 'relu1'?");
  EXPECT_EQ(Fit("[CONV_CONFIG]\ntensor_arrays=conv1\n").message(),
            "line 2: tensor_arrays: no convolution reads 'conv1', and only inputs of convolutions "
            "can be raised");
  EXPECT_EQ(Fit("[INPUT_CONFIG]\nmean=1,2,3\n").message(),
            "line 2: 3 values for the 1 inputs of the network");
}

TEST(WriteInputConfig, WritesWhatParsesBackTheSame) {
  const std::string text =
      "[INPUT_CONFIG]\ninputs=left,right;\ntraining_input_formats=BGR,RAWDATA_S16_NHWC;\n"
      "input_formats=YUV_NV12,RAWDATA_S16_NHWC;\nquantizations=TRUE,FALSE;\n"
      "mean=1:2.5:3,0:0:0;\nstd_value=58:58:58,1:1:1;\ninput_width_alignment=16,1;\n"
      "input_height_alignment=2,1;\ninput_layouts=NHWC,NCHW;\nquant_file=t.json;\n"
      "num_process=4;\nquant_level=Q20;\nphase=Fixed;\nworkmode=w;\nbatchmode=n_buf;\n"
      "batch=2;\ninput_shapes=1,3;\n\n"
      "[OUTPUT_CONFIG]\noutputs=a,b;\ndequantizations=FALSE,TRUE;\noutput_layouts=NCHW,NHWC;\n\n"
      "[CONV_CONFIG]\ninput_format=CONV2D_INT16;\ntensor_arrays=x/1:0,y;\n";
  const auto config = ParseInputConfig(text, UnknownWords::kRefuse);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  const auto written = WriteInputConfig(*config);
  ASSERT_TRUE(written.ok()) << written.status().ToString();
  EXPECT_EQ(*written, text);
}

TEST(WriteInputConfig, WritesAFragmentAndRefusesWhatAListCannotHold) {
  InputConfig config;
  config.convolution.tensors = {"a", "b"};
  EXPECT_EQ(*WriteInputConfig(config), "[CONV_CONFIG]\ntensor_arrays=a,b;\n");
  config.convolution.tensors = {"a,b"};
  EXPECT_EQ(WriteInputConfig(config).status().code(), StatusCode::kInvalidArgument);
  InputConfig uneven;
  uneven.inputs.resize(2);
  uneven.inputs[0].name = "a";
  EXPECT_EQ(WriteInputConfig(uneven).status().code(), StatusCode::kInvalidArgument);
}

TEST(PerColor, IsOneNumberOrThree) {
  EXPECT_EQ(*ParsePerColor("2"), (PerColor{2, 2, 2}));
  EXPECT_EQ(*ParsePerColor("1: 2 :3"), (PerColor{1, 2, 3}));
  EXPECT_FALSE(ParsePerColor("").ok());
  EXPECT_FALSE(ParsePerColor("1:2:3:4").ok());
  EXPECT_FALSE(ParsePerColor("inf").ok());
}

}  // namespace
}  // namespace plumb::dump
