#include "tests/fuzz/onnx_seeds.h"

#include "tests/common/npu/import/onnx/model.h"

namespace plumb::fuzz {
namespace {

using testing::FloatAttribute;
using testing::IntAttribute;
using testing::IntsAttribute;
using testing::OnnxMessage;
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

Buffer Places() {
  return Picture()
      .Integers("pads", {0, 0, 1, 2, 0, 0, 2, 1})
      .Integers("places", {3, 0, 0, 2})
      .Integers("times", {1, 2, 1, 1})
      .Integers("start", {-1})
      .Integers("end", {-9})
      .Integers("axis", {2})
      .Integers("step", {-1})
      .Node("Pad", {"x", "pads"}, {"p"}, {TextAttribute("mode", "reflect")})
      .Node("Gather", {"p", "places"}, {"g"}, {IntAttribute("axis", 3)})
      .Node("Tile", {"g", "times"}, {"t"})
      .Node("Slice", {"t", "start", "end", "axis", "step"}, {"s"})
      .Node("ArgMax", {"s"}, {"a"}, {IntAttribute("axis", 1)})
      .Node("Max", {"a", "start"}, {"y"})
      .Output("y")
      .File();
}

Buffer Normalised() {
  return Picture()
      .Floats("w", {2}, {0.5F, 2})
      .Floats("b", {2}, {1, -1})
      .Floats("scales", {4}, {1, 1, 0.6F, 1.5F})
      .Node("LRN", {"x"}, {"l"}, {IntAttribute("size", 3)})
      .Node("InstanceNormalization", {"l", "w", "b"}, {"i"})
      .Node("Resize", {"i", "", "scales"}, {"r"}, {TextAttribute("mode", "cubic")})
      .Node("ReduceL2", {"r"}, {"n"}, {IntsAttribute("axes", {1})})
      .Node("Elu", {"n"}, {"e"})
      .Node("Transpose", {"e"}, {"t"}, {IntsAttribute("perm", {0, 1, 3, 2})})
      .Node("MatMul", {"e", "t"}, {"y"})
      .Output("y")
      .File(17);
}

// TensorProto of int8 (type 3), uint8 (2) or int32 (6), in int32_data.
OnnxMessage Narrow(const std::string& name,
                   int64_t type,
                   const std::vector<int64_t>& dims,
                   const std::vector<int64_t>& values) {
  OnnxMessage tensor;
  for (const int64_t dim : dims) {
    tensor.Number(1, dim);
  }
  tensor.Number(2, type).Bytes(8, name);
  for (const int64_t value : values) {
    tensor.Number(5, value);
  }
  return tensor;
}

// A convolution between QuantizeLinear and DequantizeLinear, then a QLinearConv.
Buffer Quantised() {
  return Picture()
      .Floats("s", {}, {0.5F})
      .Initializer(Narrow("z", 2, {}, {128}))
      .Initializer(Narrow("w", 3, {2, 2, 1, 1}, {3, -2, 5, 7}))
      .Floats("w_s", {2}, {0.25F, 0.5F})
      .Initializer(Narrow("w_z", 3, {2}, {0, 0}))
      .Initializer(Narrow("b", 6, {2}, {4, 8}))
      .Node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .Node("DequantizeLinear", {"q", "s", "z"}, {"r"})
      .Node("DequantizeLinear", {"w", "w_s", "w_z"}, {"w_r"}, {IntAttribute("axis", 0)})
      .Node("Conv", {"r", "w_r"}, {"c"})
      .Node("QuantizeLinear", {"c", "s", "z"}, {"c_q"})
      .Node("QLinearConv", {"c_q", "s", "z", "w", "w_s", "w_z", "s", "z", "b"}, {"y"})
      .Output("y")
      .File();
}

}  // namespace

std::vector<std::pair<std::string, Buffer>> OnnxSeeds() {
  return {{"conv", Convolution("Conv")},
          {"conv_transpose", Convolution("ConvTranspose")},
          {"shape_arithmetic", ShapeArithmetic()},
          {"moves", Moves()},
          {"activations", Activations()},
          {"places", Places()},
          {"normalised", Normalised()},
          {"quantised", Quantised()}};
}

}  // namespace plumb::fuzz
