// ONNX networks that are quantised already keep their integers. Expected values by hand.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "common/npu/import/onnx/onnx.h"
#include "common/npu/quantize/quantize.h"
#include "tests/common/npu/import/onnx/model.h"
#include "tests/common/npu/quantize/run_fixed.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::IntAttribute;
using ::plumb::testing::OnnxMessage;
using ::plumb::testing::OnnxModel;
using ::plumb::testing::RunFixed;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// TensorProto::DataType
constexpr int64_t kUint8 = 2;
constexpr int64_t kInt8 = 3;
constexpr int64_t kInt32 = 6;

// In int32_data, as ONNX keeps the narrow integers.
OnnxMessage Tensor(const std::string& name,
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

// A model whose nodes all take scales and zero points by the names defined here.
class StoredModel {
 public:
  OnnxModel model;

  // A scale NAME_s and a uint8 zero point NAME_z.
  StoredModel& Scale(const std::string& name, float scale, int64_t zero_point) {
    model.Floats(name + "_s", {}, {scale});
    model.Initializer(Tensor(name + "_z", kUint8, {}, {zero_point}));
    return *this;
  }

  // `from` to integers NAME and back to reals NAME_r, with the scale of `as`.
  StoredModel& Round(const std::string& from, const std::string& name, const std::string& as) {
    model.Node("QuantizeLinear", {from, as + "_s", as + "_z"}, {name});
    model.Node("DequantizeLinear", {name, as + "_s", as + "_z"}, {name + "_r"});
    return *this;
  }

  // An int8 constant and its reals NAME_r, scales along `axis`.
  StoredModel& Weights(const std::string& name,
                       const std::vector<int64_t>& dims,
                       const std::vector<int64_t>& values,
                       const std::vector<float>& scales,
                       int64_t type = kInt8,
                       int64_t axis = 0) {
    const auto count = static_cast<int64_t>(scales.size());
    model.Initializer(Tensor(name, type, dims, values));
    model.Floats(name + "_s", {count}, scales);
    model.Initializer(
        Tensor(name + "_z", type, {count}, std::vector<int64_t>(static_cast<size_t>(count), 0)));
    model.Node("DequantizeLinear",
               {name, name + "_s", name + "_z"},
               {name + "_r"},
               {IntAttribute("axis", axis)});
    return *this;
  }
};

FixedModel Fixed(const OnnxModel& model) {
  const Result<Graph> graph = ImportOnnx(model.File(), "test");
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  if (!graph.ok()) {
    return {};
  }
  EXPECT_TRUE(IsQuantized(*graph));
  const Result<FixedModel> fixed = FixedFromQuantizedGraph(*graph);
  EXPECT_TRUE(fixed.ok()) << fixed.status().ToString();
  return fixed.ok() ? *fixed : FixedModel();
}

std::string ErrorOf(const OnnxModel& model) {
  const Result<Graph> graph = ImportOnnx(model.File(), "test");
  return graph.ok() ? FixedFromQuantizedGraph(*graph).status().ToString()
                    : graph.status().ToString();
}

StoredModel ConvBehindQdq() {
  StoredModel stored;
  stored.model.Input("x", {1, 1, 2, 2});
  stored.Scale("in", 0.5F, 128).Scale("out", 1, 0).Round("x", "x_q", "in");
  stored.Weights("w", {2, 1, 1, 1}, {3, -2}, {0.25F, 0.5F});
  stored.Weights("b", {2}, {4, 8}, {0.125F, 0.25F}, kInt32);
  stored.model.Node("Conv", {"x_q_r", "w_r", "b_r"}, {"conv"}).Node("Relu", {"conv"}, {"relu"});
  stored.Round("relu", "y", "out");
  stored.model.Output("y_r");
  return stored;
}

TEST(Qdq, ConvolutionKeepsScalesWeightsAndBias) {
  const FixedModel fixed = Fixed(ConvBehindQdq().model);
  ASSERT_EQ(fixed.ops.size(), 2U);  // the rounding around them became their tensors' scales
  const auto& conv = std::get<Conv2d>(fixed.ops[0].attributes);
  EXPECT_THAT(conv.linear.bias, ElementsAre(4, 8));
  ASSERT_EQ(conv.linear.values.size(), 2U);
  EXPECT_EQ(static_cast<int8_t>(conv.linear.values.span()[0]), 3);
  EXPECT_EQ(static_cast<int8_t>(conv.linear.values.span()[1]), -2);
  const FixedTensor& input = fixed.tensors[fixed.inputs[0].tensor];
  EXPECT_EQ(input.name, "x");
  EXPECT_EQ(input.element_type, ElementType::kUint8);
  EXPECT_EQ(input.scale, 0.5);
  EXPECT_EQ(input.zero_point, 128);
  const FixedTensor& made = fixed.tensors[fixed.ops[0].output];
  EXPECT_EQ(made.name, "conv");
  EXPECT_EQ(made.scale, 1);
  EXPECT_EQ(made.zero_point, 0);
}

// x = 1, −2, 3, 0.5. Channel 0: 0.75 x + 0.5 = 1.25, −1, 2.75, 0.875. Channel 1: −x + 2 = 1, 4, −1,
// 1.5, which rounds to the even 2.
TEST(Qdq, ConvolutionGivesTheFilesIntegers) {
  const FixedModel fixed = Fixed(ConvBehindQdq().model);
  ASSERT_EQ(fixed.outputs.size(), 1U);
  EXPECT_THAT(RunFixed(fixed, {{130, 124, 134, 129}})[0], ElementsAre(1, 1, 0, 4, 3, 0, 1, 2));
}

// 2 · 3 + 4 · (−1) = 2 and 2 · 5 + 4 · 7 = 38 in units of 0.5 · 0.5; a real bias of 0.3 and −1 is 1
// (1.2) and −4 of them; the output has units of 2: 0.75 / 2 and 8.5 / 2.
TEST(Qdq, ARealBiasIsRoundedToItsUnits) {
  StoredModel stored;
  stored.model.Input("x", {1, 2});
  stored.Scale("in", 0.5F, 0).Scale("out", 2, 10).Round("x", "x_q", "in");
  stored.Weights("w", {2, 2}, {3, 5, -1, 7}, {0.5F, 0.5F}, kInt8, 1);
  stored.model.Floats("b", {2}, {0.3F, -1});
  stored.model.Node("Gemm", {"x_q_r", "w_r", "b"}, {"product"});
  stored.Round("product", "y", "out").model.Output("y_r");
  const FixedModel fixed = Fixed(stored.model);
  ASSERT_EQ(fixed.ops.size(), 1U);
  EXPECT_THAT(std::get<FullyConnected>(fixed.ops[0].attributes).linear.bias, ElementsAre(1, -4));
  EXPECT_THAT(RunFixed(fixed, {{2, 4}})[0], ElementsAre(10, 14));
}

// (4 − 2) · 0.5 + 3 · 2 = 7; pooled before the sum, which takes the scale of the QUANTIZE behind
// it.
TEST(Qdq, TwoScalesMeetInASum) {
  StoredModel stored;
  stored.model.Input("a", {1, 1, 1, 2}).Input("b", {1, 1, 1, 1});
  stored.Scale("first", 0.5F, 2).Scale("second", 2, 0).Scale("out", 1, 100);
  stored.Round("a", "a_q", "first").Round("b", "b_q", "second");
  stored.model.Node(
      "MaxPool", {"a_q_r"}, {"pooled"}, {plumb::testing::IntsAttribute("kernel_shape", {1, 2})});
  stored.model.Node("Add", {"pooled", "b_q_r"}, {"sum"});
  stored.Round("sum", "y", "out").model.Output("y_r");
  EXPECT_THAT(RunFixed(Fixed(stored.model), {{1, 4}, {3}})[0], ElementsAre(107));
}

// QLinearConv: (6 − 2) · 3 · 0.5 · 0.25 + 2 · 0.125 = 1.75, in units of 0.25 from 5 on: 12.
TEST(QLinear, ConvolutionIsOneOperationOfIntegers) {
  StoredModel stored;
  stored.model.Input("x", {1, 1, 1, 1});
  stored.Scale("in", 0.5F, 2).Scale("out", 0.25F, 5);
  stored.model.Initializer(Tensor("w", kInt8, {1, 1, 1, 1}, {3}))
      .Floats("w_s", {}, {0.25F})
      .Initializer(Tensor("w_z", kInt8, {}, {0}))
      .Initializer(Tensor("b", kInt32, {1}, {2}))
      .Node("QuantizeLinear", {"x", "in_s", "in_z"}, {"x_q"})
      .Node("QLinearConv", {"x_q", "in_s", "in_z", "w", "w_s", "w_z", "out_s", "out_z", "b"}, {"y"})
      .Output("y");
  const FixedModel fixed = Fixed(stored.model);
  ASSERT_EQ(fixed.ops.size(), 1U);
  EXPECT_THAT(RunFixed(fixed, {{6}})[0], ElementsAre(12));
}

TEST(Qdq, WhatHasNoFixedFormIsNamed) {
  StoredModel stored;
  stored.model.Input("x", {1, 2});
  stored.Scale("in", 0.5F, 0).Round("x", "x_q", "in");
  stored.model.Node("ReduceProd", {"x_q_r"}, {"product"});
  stored.Round("product", "y", "in").model.Output("y_r");
  EXPECT_THAT(ErrorOf(stored.model),
              AllOf(HasSubstr("REDUCE_PROD 'product'"), HasSubstr("no fixed-point form")));
}

TEST(Qdq, AResultThatNobodyRoundsIsNamed) {
  StoredModel stored;
  stored.model.Input("x", {1, 2});
  stored.Scale("in", 0.5F, 0).Round("x", "x_q", "in");
  stored.model.Node("Exp", {"x_q_r"}, {"power"}).Output("power");
  EXPECT_THAT(ErrorOf(stored.model),
              AllOf(HasSubstr("'power'"), HasSubstr("in the middle of a quantised network")));
}

TEST(Qdq, AnotherScaleThanItIsStoredWithIsRefused) {
  StoredModel stored;
  stored.model.Input("x", {1, 2});
  stored.Scale("in", 0.5F, 0).Scale("other", 0.25F, 0);
  stored.model.Node("QuantizeLinear", {"x", "in_s", "in_z"}, {"x_q"})
      .Node("DequantizeLinear", {"x_q", "other_s", "other_z"}, {"y"})
      .Output("y");
  EXPECT_THAT(ErrorOf(stored.model), AllOf(HasSubstr("'x_q'"), HasSubstr("another scale")));
}

TEST(Qdq, StoredIntegersAreNoNumbersToComputeWith) {
  StoredModel stored;
  stored.model.Input("x", {1, 2});
  stored.Scale("in", 0.5F, 0);
  stored.model.Node("QuantizeLinear", {"x", "in_s", "in_z"}, {"x_q"})
      .Node("Max", {"x_q", "in_z"}, {"y"})
      .Output("y");
  EXPECT_THAT(ErrorOf(stored.model), AllOf(HasSubstr("stored integers"), HasSubstr("'x_q'")));
}

TEST(Qdq, ScalesChosenAtRunTimeAreRefused) {
  StoredModel stored;
  stored.model.Input("x", {1, 2})
      .Node("DynamicQuantizeLinear", {"x"}, {"y", "y_s", "y_z"})
      .Output("y");
  EXPECT_THAT(ErrorOf(stored.model),
              AllOf(HasSubstr("DynamicQuantizeLinear"), HasSubstr("quantize_static")));
}

}  // namespace
}  // namespace plumb::npu
