// Which tensors of an ONNX file depend on its input, and the outputs that are appended.
#include "common/framework/onnx_tensors.h"

#include <gmock/gmock.h>

#include "tests/common/npu/import/onnx/model.h"

namespace plumb::framework {
namespace {

using plumb::testing::OnnxModel;
using ::testing::ElementsAre;

// A Reshape whose target is made of the input's own shape, as exporters write it.
Buffer ModelWithShapeArithmetic() {
  return OnnxModel()
      .Input("x", {1, 3, 4, 4})
      .Floats("weights", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6})
      .Integers("first", {0})
      .Integers("rest", {-1})
      .Node("Conv", {"x", "weights"}, {"features"})
      .Node("Shape", {"features"}, {"shape"})
      .Node("Gather", {"shape", "first"}, {"batch"})
      .Node("Concat", {"batch", "rest"}, {"target"})
      .Node("Reshape", {"features", "target"}, {"flat"})
      .Node("RandomNormal", {}, {"dice"})
      .Node("Dropout", {"flat", "", ""}, {"kept", "mask"})
      .Output("kept")
      .File();
}

std::vector<std::string> Told(const OnnxTensors& tensors) {
  std::vector<std::string> told;
  for (const OnnxTensor& tensor : tensors.tensors) {
    told.push_back(tensor.op + " " + tensor.name + (tensor.constant ? " constant" : ""));
  }
  return told;
}

TEST(OnnxTensorsTest, ShapeArithmeticIsConstantAndWhatItShapesIsNot) {
  const auto tensors = ReadOnnxTensors(ModelWithShapeArithmetic().span());
  ASSERT_TRUE(tensors.ok()) << tensors.status().ToString();
  EXPECT_THAT(Told(*tensors),
              ElementsAre("Conv features",
                          "Shape shape constant",
                          "Gather batch constant",
                          "Concat target constant",
                          "Reshape flat",
                          "RandomNormal dice",
                          "Dropout kept",
                          "Dropout mask"));
  EXPECT_THAT(tensors->outputs, ElementsAre("kept"));
}

TEST(OnnxTensorsTest, EveryTensorBecomesAnOutputOnce) {
  const Buffer file = ModelWithShapeArithmetic();
  const auto tensors = ReadOnnxTensors(file.span());
  ASSERT_TRUE(tensors.ok());
  const auto longer = WithEveryTensorAnOutput(file.span(), *tensors);
  const auto merged = ReadOnnxTensors(longer);
  ASSERT_TRUE(merged.ok()) << merged.status().ToString();
  EXPECT_EQ(Told(*merged), Told(*tensors));
  EXPECT_THAT(merged->outputs,
              ElementsAre("kept", "features", "shape", "batch", "target", "flat", "dice", "mask"));
}

TEST(OnnxTensorsTest, CutFilesAreErrorsOrShorter) {
  const Buffer file = ModelWithShapeArithmetic();
  size_t refused = 0;
  for (size_t size = 0; size < file.size(); ++size) {
    refused += ReadOnnxTensors(file.span().first(size)).ok() ? 0U : 1U;
  }
  EXPECT_GT(refused, file.size() / 2);
}

}  // namespace
}  // namespace plumb::framework
