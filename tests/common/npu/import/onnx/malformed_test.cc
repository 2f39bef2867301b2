// ONNX files that lie: whatever the bytes, the importer answers with an error or a valid graph.
#include <gmock/gmock.h>

#include "common/npu/import/import.h"
#include "tests/common/npu/import/onnx/model.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::FloatTensor;
using ::plumb::testing::IntAttribute;
using ::plumb::testing::IntsAttribute;
using ::plumb::testing::OnnxMessage;
using ::plumb::testing::OnnxModel;
using ::testing::HasSubstr;

// Every part of the format that the importer reads.
Buffer SmallModel() {
  return OnnxModel()
      .Input("x", {1, 2, 4, 4})
      .Floats("w", {2, 2, 3, 3}, std::vector<float>(36, 0.5F))
      .Integers("start", {0})
      .Integers("end", {1})
      .Integers("rest", {-1})
      .Node("Conv", {"x", "w"}, {"c"}, {IntsAttribute("pads", {1, 1, 1, 1})})
      .Node("Shape", {"c"}, {"s"})
      .Node("Slice", {"s", "start", "end"}, {"n"})
      .Node("Concat", {"n", "rest"}, {"t"}, {IntAttribute("axis", 0)})
      .Node("Reshape", {"c", "t"}, {"r"})
      .Node("Softmax", {"r"}, {"y"})
      .Output("y")
      .File();
}

TEST(MalformedOnnx, TheSmallModelItselfIsSound) {
  EXPECT_EQ(DetectNetworkFormat(SmallModel()), NetworkFormat::kOnnx);
  const Result<Graph> graph = ImportOnnx(SmallModel(), "test");
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
}

TEST(MalformedOnnx, EveryTruncationIsAnError) {
  const Buffer file = SmallModel();
  for (size_t size = 0; size < file.size(); ++size) {
    // A copy of exactly this size, so that a read beyond it is caught by the sanitizer.
    const Buffer part = Buffer::Copy(file.span().first(size));
    EXPECT_FALSE(ImportOnnx(part, "test").ok()) << "cut after " << size << " bytes";
  }
}

TEST(MalformedOnnx, EveryDamagedByteIsAnErrorOrAValidGraph) {
  const Buffer file = SmallModel();
  size_t refused = 0;
  for (size_t position = 0; position < file.size(); ++position) {
    for (const uint8_t mask : {0x01, 0x08, 0x80, 0xFF}) {
      std::vector<uint8_t> bytes(file.span().begin(), file.span().end());
      bytes[position] ^= mask;
      const Result<Graph> graph = ImportOnnx(Buffer::FromVector(std::move(bytes)), "test");
      if (graph.ok()) {
        EXPECT_TRUE(ValidateGraph(*graph).ok());
      } else {
        ++refused;
        EXPECT_FALSE(graph.status().message().empty());
      }
    }
  }
  EXPECT_GT(refused, file.size() / 2);
}

Status ImportWith(const OnnxMessage& tensor) {
  return ImportOnnx(OnnxModel()
                        .Input("x", {1})
                        .Initializer(tensor)
                        .Node("Add", {"x", "w"}, {"y"})
                        .Output("y")
                        .File(),
                    "test")
      .status();
}

TEST(MalformedOnnx, CountsThatTheDataDoesNotHave) {
  constexpr int64_t kHuge = int64_t{1} << 31U;
  EXPECT_THAT(ImportWith(FloatTensor("w", {kHuge - 1, kHuge - 1}, {1})).message(),
              HasSubstr("2^28"));
  EXPECT_THAT(ImportWith(FloatTensor("w", {kHuge}, {1})).message(), HasSubstr("'w'"));
  EXPECT_THAT(ImportWith(FloatTensor("w", {-1}, {1})).message(), HasSubstr("'w'"));
  EXPECT_THAT(ImportWith(FloatTensor("w", {3}, {1, 2})).message(), HasSubstr("3 elements"));
}

TEST(MalformedOnnx, FoldingIsBounded) {
  // Each step doubles: 2^40 elements if nothing stopped it.
  OnnxModel model;
  model.Input("x", {1}).Floats("a0", {1}, {1});
  for (int i = 0; i < 40; ++i) {
    const std::string from = "a" + std::to_string(i);
    model.Node("Concat", {from, from}, {"a" + std::to_string(i + 1)}, {IntAttribute("axis", 0)});
  }
  const Status status =
      ImportOnnx(model.Node("Add", {"x", "a40"}, {"y"}).Output("y").File(), "test").status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
}

TEST(MalformedOnnx, NamesThatAreMissingOrTaken) {
  const auto relu = [](const std::string& from, const std::string& to) {
    return ImportOnnx(OnnxModel().Input("x", {1}).Node("Relu", {from}, {to}).Output(to).File(),
                      "test")
        .status();
  };
  EXPECT_THAT(relu("nobody", "y").message(), HasSubstr("'nobody'"));
  EXPECT_THAT(relu("x", "x").message(), HasSubstr("exists already"));
  EXPECT_FALSE(relu("x", "").ok());
}

TEST(MalformedOnnx, OtherOperatorSets) {
  const OnnxModel model = OnnxModel().Input("x", {1}).Node("Relu", {"x"}, {"y"}).Output("y");
  EXPECT_TRUE(ImportOnnx(model.File(1), "test").ok());
  EXPECT_TRUE(ImportOnnx(model.File(20), "test").ok());
  EXPECT_THAT(ImportOnnx(model.File(0), "test").status().message(), HasSubstr("operator set 0"));
  EXPECT_THAT(ImportOnnx(model.File(21), "test").status().message(), HasSubstr("operator set 21"));
}

TEST(MalformedOnnx, OldOperatorSetsKeepToWhatStillMeansTheSame) {
  const auto add = [](const std::vector<OnnxMessage>& attributes) {
    return ImportOnnx(
        OnnxModel().Input("x", {1}).Node("Add", {"x", "x"}, {"y"}, attributes).Output("y").File(6),
        "test");
  };
  EXPECT_TRUE(add({}).ok());
  EXPECT_THAT(add({IntAttribute("broadcast", 1)}).status().message(), HasSubstr("operator set 6"));
}

}  // namespace
}  // namespace plumb::npu
