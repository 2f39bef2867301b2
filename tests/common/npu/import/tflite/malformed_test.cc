// Files that lie: whatever the bytes, the importer answers with an error or a valid graph.
#include <functional>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/npu/import/tflite/tflite.h"
#include "tests/common/npu/import/tflite/writer.h"
#include "tests/support/testdata.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::ConvOptions;
using ::plumb::testing::FlatNode;
using ::plumb::testing::TestDataPath;
using ::plumb::testing::TfliteWriter;
using ::testing::HasSubstr;
using tflite::Builtin;
using tflite::OperatorField;
using tflite::Padding;
using Type = tflite::TensorType;

// Every part of the format that the importer reads, in about two kilobytes.
Buffer SmallModel() {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {1, 3, 3, 1}, Type::kInt8);
  const int32_t w = writer.Tensor<int8_t>("w", {1, 2, 2, 1}, Type::kInt8, {1, 2, 3, 4});
  const int32_t b = writer.Tensor<int32_t>("b", {1}, Type::kInt32, {5});
  const int32_t y = writer.Tensor("y", {1, 2, 2, 1}, Type::kInt8);
  const int32_t pads =
      writer.Tensor<int32_t>("pads", {4, 2}, Type::kInt32, {0, 0, 1, 1, 0, 0, 0, 0});
  const int32_t z = writer.Tensor("z", {1, 4, 2, 1}, Type::kInt8);
  const int32_t f = writer.Tensor("f", {1, 4, 2, 1});
  writer.Quantize(x, {0.5F}, {-3});
  writer.Quantize(w, {0.25F}, {0});
  writer.Quantize(y, {2}, {7});
  writer.Quantize(z, {2}, {7});
  writer.Op(Builtin::kConv2d, {x, w, b}, {y})
      .Table(OperatorField::kOptions, ConvOptions(Padding::kValid, 1, 1));
  writer.Op(Builtin::kPad, {y, pads}, {z});
  writer.Op(Builtin::kDequantize, {z}, {f});
  return writer.File({x}, {f});
}

TEST(MalformedTflite, TheSmallModelItselfIsSound) {
  const Result<Graph> graph = ImportTflite(SmallModel(), "test");
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
}

TEST(MalformedTflite, EveryTruncationIsAnError) {
  const Buffer file = SmallModel();
  for (size_t size = 0; size < file.size(); ++size) {
    // A copy of exactly this size, so that a read beyond it is caught by the sanitizer.
    const Buffer part = Buffer::Copy(file.span().first(size));
    EXPECT_FALSE(ImportTflite(part, "test").ok()) << "cut after " << size << " bytes";
  }
}

TEST(MalformedTflite, EveryDamagedByteIsAnErrorOrAValidGraph) {
  const Buffer file = SmallModel();
  size_t refused = 0;
  for (size_t position = 0; position < file.size(); ++position) {
    for (const uint8_t mask : {0x01, 0x80, 0xFF}) {
      std::vector<uint8_t> bytes(file.span().begin(), file.span().end());
      bytes[position] ^= mask;
      const Result<Graph> graph = ImportTflite(Buffer::FromVector(std::move(bytes)), "test");
      if (graph.ok()) {
        EXPECT_TRUE(ValidateGraph(*graph).ok());
      } else {
        ++refused;
        EXPECT_FALSE(graph.status().message().empty());
      }
    }
  }
  EXPECT_GT(refused, file.size() / 4);
}

TEST(MalformedTflite, TruncationsOfARealModelAreErrors) {
  const auto file = plumb::ReadFile(TestDataPath("models/face_detection_short_range.tflite"));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  for (size_t size = 0; size < file->size(); size += 4093) {
    EXPECT_FALSE(ImportTflite(Buffer::Copy(file->span().first(size)), "test").ok())
        << "cut after " << size << " bytes";
  }
}

TEST(MalformedTflite, OtherFilesAreNotTakenForTflite) {
  const Status status = ImportTflite(Buffer::FromString("\x89PNG\r\n\x1a\n....."), "x").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("TFL3"));
}

Status ImportRelu(const std::function<void(TfliteWriter&, int32_t, int32_t)>& change) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {2});
  const int32_t y = writer.Tensor("y", {2});
  change(writer, x, y);
  return ImportTflite(writer.File({x}, {y}), "test").status();
}

TEST(MalformedTflite, IndicesOutsideTheFileAreNamed) {
  const Status tensor = ImportRelu(
      [](TfliteWriter& writer, int32_t, int32_t y) { writer.Op(Builtin::kRelu, {9}, {y}); });
  EXPECT_THAT(tensor.message(), HasSubstr("operation 0: tensor 9 of 2"));
  const Status buffer = ImportRelu([](TfliteWriter& writer, int32_t x, int32_t y) {
    writer.At(x).Scalar(tflite::TensorField::kBuffer, uint32_t{12});
    writer.Op(Builtin::kRelu, {x}, {y});
  });
  EXPECT_THAT(buffer.message(), HasSubstr("buffer 12 of 1"));
  const Status code = ImportRelu([](TfliteWriter& writer, int32_t x, int32_t y) {
    writer.Op(Builtin::kRelu, {x}, {y}).Scalar(OperatorField::kCode, uint32_t{5});
  });
  EXPECT_THAT(code.message(), HasSubstr("operator code 5 of 1"));
}

TEST(MalformedTflite, ImpossibleShapesAreRefusedBeforeAnythingIsAllocated) {
  for (const std::vector<int32_t>& shape :
       {std::vector<int32_t>{-1, 2}, {0}, {1 << 30, 1 << 30, 1 << 30}, {1 << 29}}) {
    TfliteWriter writer;
    const int32_t x = writer.Tensor("x", shape);
    const int32_t y = writer.Tensor("y", shape);
    writer.Op(Builtin::kRelu, {x}, {y});
    EXPECT_EQ(ImportTflite(writer.File({x}, {y}), "test").status().code(),
              StatusCode::kInvalidArgument);
  }
}

TEST(MalformedTflite, AnOperationWithoutOutputIsRefused) {
  const Status status = ImportRelu(
      [](TfliteWriter& writer, int32_t x, int32_t) { writer.Op(Builtin::kRelu, {x}, {}); });
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("0 outputs"));
}

}  // namespace
}  // namespace plumb::npu
