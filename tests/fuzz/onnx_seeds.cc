#include "tests/fuzz/onnx_seeds.h"

#include "tests/common/npu/import/onnx_model.h"

namespace plumb::fuzz {
namespace {

using testing::FloatAttribute;
using testing::IntAttribute;
using testing::IntsAttribute;
using testing::OnnxModel;
using testing::TextAttribute;

OnnxModel Picture() {
  return OnnxModel().Input("x", {1, 2, 4, 4});
}

Buffer Convolution(const std::string& op) {
  return Picture()
      .Floats("w", {2, 2, 3, 3}, std::vector<float>(36, 0.5F))
      .Floats("b", {2}, {0.25F, -1})
      .Node(op, {"x", "w", "b"}, {"c"}, {IntsAttribute("pads", {1, 1, 1, 1})})
      .Node("Relu", {"c"}, {"y"})
      .Output("y")
      .File();
}

Buffer ShapeArithmetic() {
  return Picture()
      .Integers("start", {0})
      .Integers("end", {1})
      .Integers("rest", {-1})
      .Floats("w", {32, 3}, std::vector<float>(96, 0.125F))
      .Node("Shape", {"x"}, {"s"})
      .Node("Slice", {"s", "start", "end"}, {"n"})
      .Node("Concat", {"n", "rest"}, {"t"}, {IntAttribute("axis", 0)})
      .Node("Reshape", {"x", "t"}, {"r"})
      .Node("MatMul", {"r", "w"}, {"m"})
      .Node("Softmax", {"m"}, {"y"})
      .Output("y")
      .File();
}

Buffer Moves() {
  return Picture()
      .Floats("scales", {4}, {1, 1, 2, 2})
      .Integers("pads", {0, 0, 1, 0, 0, 1, 0, 0})
      .Node("Transpose", {"x"}, {"t"}, {IntsAttribute("perm", {0, 2, 3, 1})})
      .Node("Transpose", {"t"}, {"p"}, {IntsAttribute("perm", {0, 3, 1, 2})})
      .Node("Pad", {"p", "pads"}, {"q"})
      .Node("Resize", {"q", "", "scales"}, {"z"}, {TextAttribute("mode", "linear")})
      .Node("Split", {"z"}, {"a", "b"}, {IntAttribute("axis", 1)})
      .Node("Concat", {"b", "a"}, {"k"}, {IntAttribute("axis", 1)})
      .Node("ReduceMean", {"k"}, {"y"}, {IntsAttribute("axes", {2, 3})})
      .Output("y")
      .File();
}

Buffer Activations() {
  return Picture()
      .Floats("half", {2, 1, 1}, {0.5F, 2})
      .Node("Clip", {"x"}, {"c"}, {FloatAttribute("min", -2), FloatAttribute("max", 3)})
      .Node("HardSigmoid", {"c"}, {"h"})
      .Node("Mul", {"h", "half"}, {"m"})
      .Node("Sigmoid", {"m"}, {"s"})
      .Node("MaxPool", {"s"}, {"y"}, {IntsAttribute("kernel_shape", {2, 2})})
      .Output("y")
      .File(9);
}

}  // namespace

std::vector<std::pair<std::string, Buffer>> OnnxSeeds() {
  return {{"conv", Convolution("Conv")},
          {"conv_transpose", Convolution("ConvTranspose")},
          {"shape_arithmetic", ShapeArithmetic()},
          {"moves", Moves()},
          {"activations", Activations()}};
}

}  // namespace plumb::fuzz
