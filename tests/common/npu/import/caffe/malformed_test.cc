// Caffe files that lie: whatever the bytes, the importer answers with an error or a valid graph.
#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/npu/import/caffe/text.h"
#include "common/npu/import/caffe/weights.h"
#include "common/npu/import/import.h"
#include "tests/common/npu/import/caffe/run.h"
#include "tests/support/testdata.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::CaffeWeights;
using ::plumb::testing::ImportStatus;
using ::plumb::testing::LayerText;
using ::plumb::testing::NetText;
using ::plumb::testing::OnnxMessage;
using ::plumb::testing::TextFile;
using ::testing::HasSubstr;

std::string SmallNet() {
  return "# a net\nname: \"small\"\n" +
         NetText({1, 2, 4, 4},
                 "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'conv'\n"
                 "  convolution_param { num_output: 2 kernel_size: [3] pad: 1 } }\n"
                 "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }\n"
                 "layer { name: 'fc' type: 'InnerProduct' bottom: 'conv' top: 'fc'\n"
                 "  inner_product_param { num_output: 3 bias_term: false } }\n"
                 "layer { name: 'prob' type: 'Softmax' bottom: 'fc' top: 'prob' }\n");
}

CaffeWeights SmallWeights() {
  return CaffeWeights()
      .Layer("conv", {{{2, 2, 3, 3}, std::vector<float>(36, 0.5F)}, {{2}, {1, 2}}})
      .Layer("fc", {{{3, 32}, std::vector<float>(96, 0.25F)}});
}

TEST(MalformedCaffe, TheSmallNetItselfIsSound) {
  const Result<Graph> graph = ImportCaffe(TextFile(SmallNet()), SmallWeights().File(), "test");
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
}

TEST(MalformedCaffe, EveryCutOfTheWeightsIsAnError) {
  const Buffer net = TextFile(SmallNet());
  const Buffer file = SmallWeights().File();
  for (size_t size = 0; size < file.size(); ++size) {
    // A copy of exactly this size, so that a read beyond it is caught by the sanitizer.
    const Buffer part = Buffer::Copy(file.span().first(size));
    EXPECT_FALSE(ImportCaffe(net, part, "test").ok()) << "cut after " << size << " bytes";
  }
}

TEST(MalformedCaffe, EveryCutAndDamageOfTheTextIsAnErrorOrAValidGraph) {
  const std::string text = SmallNet();
  const Buffer weights = SmallWeights().File();
  size_t refused = 0;
  const auto check = [&](const std::string& changed) {
    const Result<Graph> graph = ImportCaffe(TextFile(changed), weights, "test");
    if (graph.ok()) {
      EXPECT_TRUE(ValidateGraph(*graph).ok());
    } else {
      ++refused;
      EXPECT_FALSE(graph.status().message().empty());
    }
  };
  for (size_t at = 0; at < text.size(); ++at) {
    check(text.substr(0, at));
    for (const char mask : {'\x01', '\x08', '\x20', '\x7F'}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      check(changed);
    }
  }
  EXPECT_GT(refused, 3 * text.size());
}

TEST(MalformedCaffe, EveryDamagedByteOfTheWeightsIsAnErrorOrAValidGraph) {
  const Buffer net = TextFile(SmallNet());
  const Buffer file = SmallWeights().File();
  for (size_t at = 0; at < file.size(); ++at) {
    for (const uint8_t mask : {0x01, 0x08, 0x80, 0xFF}) {
      std::vector<uint8_t> bytes(file.span().begin(), file.span().end());
      bytes[at] ^= mask;
      const Result<Graph> graph = ImportCaffe(net, Buffer::FromVector(std::move(bytes)), "test");
      if (graph.ok()) {
        EXPECT_TRUE(ValidateGraph(*graph).ok());
      }
    }
  }
}

TEST(MalformedCaffe, ARealNetworkCutAtEveryKibibyteOrWithADamagedByte) {
  const auto net = ReadFile(plumb::testing::TestDataPath("models/caffe/rnet.prototxt"));
  const auto weights = ReadFile(plumb::testing::TestDataPath("models/caffe/rnet.caffemodel"));
  ASSERT_TRUE(net.ok() && weights.ok());
  ASSERT_TRUE(ImportCaffe(*net, *weights, "test").ok());
  for (size_t size = 0; size < weights->size(); size += 1024) {
    EXPECT_FALSE(ImportCaffe(*net, Buffer::Copy(weights->span().first(size)), "test").ok())
        << "cut after " << size << " bytes";
    std::vector<uint8_t> bytes(weights->span().begin(), weights->span().end());
    bytes[size] ^= 0xFFU;
    const Result<Graph> graph = ImportCaffe(*net, Buffer::FromVector(std::move(bytes)), "test");
    if (graph.ok()) {
      EXPECT_TRUE(ValidateGraph(*graph).ok());
    }
  }
  EXPECT_FALSE(ImportCaffe(Buffer::Copy(net->span().first(1024)), *weights, "test").ok());
}

struct Telling {
  std::string text;
  std::string message;
  std::string hint;
};

class CaffeError : public ::testing::TestWithParam<Telling> {};

TEST_P(CaffeError, TellsWhereAndHowToMendIt) {
  const Status status = ImportStatus(GetParam().text);
  EXPECT_THAT(status.message(), HasSubstr(GetParam().message));
  EXPECT_THAT(status.hint(), HasSubstr(GetParam().hint));
}

INSTANTIATE_TEST_SUITE_P(
    MalformedCaffe,
    CaffeError,
    ::testing::Values(
        Telling{"name 'x'", "line 1: ':' or '{' is expected behind 'name'", ""},
        Telling{"name: 'x\n'", "line 1: a string has no closing '", ""},
        Telling{"layer {\n name: 'x'\n", "line 1: what opens here is never closed by }", ""},
        Telling{"layer {\n name: '\\q'\n", "line 2: a string has the unknown escape", ""},
        Telling{"layr { }", "line 1: NetParameter has no field 'layr'", "did you mean 'layer'?"},
        Telling{NetText({1, 1, 4, 4},
                        LayerText("Convolution", "\nconvolution_param { kernal_size: 3 }")),
                "line 3: convolution_param has no field 'kernal_size'",
                "did you mean 'kernel_size'?"},
        Telling{NetText({1, 1, 4, 4}, LayerText("Convolution", "convolution_parm { }")),
                "LayerParameter has no field 'convolution_parm'",
                "did you mean 'convolution_param'?"},
        Telling{NetText({1, 1, 4, 4},
                        LayerText("Pooling", "pooling_param { pool: MAXI kernel_size: 2 }")),
                "line 2: Pooling 'y': line 2: pool has the unknown value 'MAXI'",
                "it takes MAX, AVE, STOCHASTIC"},
        Telling{NetText({1, 1, 4, 4}, LayerText("Pooling", "pooling_param { kernel_size: 'a' }")),
                "'kernel_size' takes a whole number",
                ""},
        Telling{NetText({1, 1, 4, 4}, LayerText("Convolutoin")),
                "line 2: Convolutoin 'y': is not supported",
                "did you mean Convolution? supported layers: AbsVal, BNLL,"},
        Telling{NetText({1, 1, 4, 4}, LayerText("ArgMax")), "ArgMax 'y'", "on the CPU"},
        Telling{NetText({1, 4}, "layer { name: 'y' type: 'ReLU' bottom: 'y' top: 'z' }"),
                "reads 'y', which neither an input nor a layer before it makes",
                "did you mean 'x'?"},
        Telling{NetText({1, 4},
                        "layer { name: 'y' type: 'ReLU' bottom: 'x' top: 'y' }\nlayer { "
                        "name: 'z' type: 'TanH' bottom: 'x' top: 'y' }"),
                "makes 'y', which exists already",
                "name of its own"},
        Telling{NetText({1, 4}, LayerText("InnerProduct", "inner_product_param { num_output: 2 }")),
                "the caffemodel has 0 for it",
                ""},
        Telling{"layer { name: 'd' type: 'Data' top: 'data' }",
                "reads the network's data itself",
                "deploy prototxt"},
        Telling{"name: 'nothing'", "the file has no input", "type: \"Input\""},
        Telling{NetText({1, 0}, ""), "a dimension of 0", "1 for the batch"},
        Telling{NetText({1, 65536, 65536, 65536}, LayerText("ReLU")), "input 'x'", ""},
        Telling{"input: 'x' input_dim: 1", "1 inputs but 0 input_shape and 1 input_dim", ""},
        Telling{"layers { name: 'c' type: CONV bottom: 'x' top: 'y' }",
                "there is no layer type CONV",
                "in quotes"},
        Telling{NetText({1, 4}, LayerText("ReLU", "include { phase: TESTING }")),
                "there is no phase 'TESTING'",
                "TRAIN or TEST"}));

TEST(MalformedCaffe, TextIsBounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) {
    deep += "a {";
  }
  EXPECT_THAT(caffe::ParseText(deep).status().message(), HasSubstr("deeper than 16"));
  std::string wide;
  for (size_t i = 0; i <= caffe::kMaxTextFields; ++i) {
    wide += "a:1 ";
  }
  EXPECT_EQ(caffe::ParseText(wide).status().code(), StatusCode::kResourceExhausted);
}

TEST(MalformedCaffe, TextHasManyForms) {
  const auto text = caffe::ParseText(
      "a: \"x\\n\\x41\\102\" 'y' ; b: 0x10, c < d: 1.5e3f > # end\n e: [TRUE, false] f: { }");
  ASSERT_TRUE(text.ok()) << text.status().ToString();
  ASSERT_EQ(text->fields.size(), 6U);
  EXPECT_EQ(*caffe::TextOf(text->fields[0]), "x\nABy");
  EXPECT_EQ(*caffe::IntegerOf(text->fields[1]), 16);
  EXPECT_EQ(*caffe::RealOf(text->fields[2].message->fields[0]), 1500);
  EXPECT_EQ(*caffe::WordOf(text->fields[3]), "TRUE");
  EXPECT_EQ(text->fields[3].line, 2U);
  EXPECT_FALSE(*caffe::FlagOf(text->fields[4]));
  EXPECT_NE(text->fields[5].message, nullptr);
  EXPECT_FALSE(caffe::IntegerOf(text->fields[0]).ok());
  EXPECT_FALSE(caffe::TextOf(text->fields[1]).ok());
  EXPECT_FALSE(caffe::MessageOf(text->fields[1]).ok());
}

Status ReadBlob(const OnnxMessage& blob) {
  const std::string file =
      OnnxMessage().Message(100, OnnxMessage().Bytes(1, "y").Message(7, blob)).bytes();
  return caffe::ReadWeights(TextFile(file).span()).status();
}

TEST(MalformedCaffe, BlobsWhoseCountsAreNotTheirData) {
  EXPECT_TRUE(ReadBlob(OnnxMessage().Real(5, 1)).ok());
  EXPECT_TRUE(ReadBlob(OnnxMessage().Bytes(8, std::string(8, '\0'))).ok());
  EXPECT_THAT(ReadBlob(OnnxMessage().Number(1, 2).Real(5, 1)).message(), HasSubstr("holds 1"));
  EXPECT_THAT(ReadBlob(OnnxMessage().Message(7, OnnxMessage().Number(1, -1)).Real(5, 1)).message(),
              HasSubstr("layer 1"));
  EXPECT_THAT(
      ReadBlob(OnnxMessage().Message(7, OnnxMessage().Bytes(1, std::string(200, '\1')))).message(),
      HasSubstr("more than 10 dimensions"));
  EXPECT_FALSE(ReadBlob(OnnxMessage().Bytes(5, "abc")).ok());
  EXPECT_THAT(
      caffe::ReadWeights(
          TextFile(OnnxMessage().Message(2, OnnxMessage().Message(1, OnnxMessage())).bytes())
              .span())
          .status()
          .hint(),
      HasSubstr("upgrade_net_proto_binary"));
}

TEST(MalformedCaffe, GroupsDoNotMultiplyWithoutBound) {
  // A deconvolution of 60000 channels by groups is stored in 60000 weights, and spread into 3.6e9.
  const std::string text =
      NetText({1, 60000, 1, 1},
              LayerText("Deconvolution",
                        "convolution_param { num_output: 60000 kernel_size: 1 group: 60000 "
                        "bias_term: false }"));
  const Status status = ImportStatus(text, {{{60000}, std::vector<float>(60000)}});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
}

}  // namespace
}  // namespace plumb::npu
