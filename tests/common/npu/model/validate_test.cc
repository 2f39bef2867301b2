#include "common/npu/model/validate.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/common/npu/kernels/layer_builder.h"
#include "tests/common/npu/kernels/layer_generator.h"

namespace plumb::npu {
namespace {

FixedTensor U8(const std::string& name, const Shape& shape, int32_t zero_point = 0) {
  return MakeTensor(name, shape, ElementType::kUint8, zero_point);
}

FixedModel Conv() {
  Conv2d conv;
  conv.window.kernel_width = 2;
  conv.linear = {Int8Buffer({1, 2, 3, 4}), {0}, {{1 << 30, 31}}};
  conv.clamp = {0, 255};
  return MakeLayer(conv, {U8("x", {1, 1, 3, 2})}, U8("y", {1, 1, 2, 1}));
}

template <class Op>
Op& OpOf(FixedModel& model) {
  return std::get<Op>(model.ops[0].attributes);
}

// One way to break a valid model, and a word that the complaint must hold.
struct Break {
  const char* name;
  FixedModel (*make)();
  void (*damage)(FixedModel& model);
  const char* complaint;
};

FixedModel AveragePool() {
  AveragePool2d pool;
  pool.window.kernel_width = 2;
  pool.multiplier = {1, 0};
  pool.clamp = {0, 255};
  return MakeLayer(pool, {U8("x", {1, 1, 3, 2})}, U8("y", {1, 1, 2, 2}));
}

FixedModel Binary() {
  return MakeLayer(Add{1, 1, 0, {0, 255}}, {U8("a", {2, 3}), U8("b", {3})}, U8("y", {2, 3}));
}

FixedModel Table() {
  Lookup lookup;
  lookup.table.assign(256, 5);
  return MakeLayer(lookup, {U8("x", {2})}, U8("y", {2}));
}

FixedModel SoftmaxLayer() {
  Softmax softmax;
  softmax.exp_table.assign(256, 0);
  softmax.exp_table[0] = 1 << 30;
  softmax.output = {256, 0};
  softmax.clamp = {0, 255};
  return MakeLayer(softmax, {U8("x", {1, 3})}, U8("y", {1, 3}));
}

FixedModel Bilinear() {
  const Taps taps = {{0, 0}, {0, 1}, {0, 1024}};
  return MakeLayer(ResizeBilinear{taps, taps}, {U8("x", {1, 2, 2, 1})}, U8("y", {1, 2, 2, 1}));
}

FixedModel Slice() {
  return MakeLayer(StridedSlice{{1}, {2}}, {U8("x", {4})}, U8("y", {2}));
}

FixedModel Picture() {
  FixedModel model = MakeLayer(Reshape{}, {U8("x", {1, 2, 2, 3})}, U8("y", {12}));
  model.inputs[0].training_format = InputFormat::kRgb;
  return model;
}

const Break kBreaks[] = {
    {"weights",
     Conv,
     [](auto& m) {
       OpOf<Conv2d>(m).linear.values = Int8Buffer({1, 2, 3});
     },
     "weights"},
    {"bias", Conv, [](auto& m) { OpOf<Conv2d>(m).linear.bias.clear(); }, "one bias"},
    {"bias_size",
     Conv,
     [](auto& m) { OpOf<Conv2d>(m).linear.bias[0] = int64_t{1} << 46; },
     "overflow"},
    {"multiplier",
     Conv,
     [](auto& m) {
       OpOf<Conv2d>(m).linear.multipliers[0] = {1 << 30, 15};
     },
     "multiplier"},
    {"negative_multiplier",
     Conv,
     [](auto& m) { OpOf<Conv2d>(m).linear.multipliers[0].mantissa = -1; },
     "multiplier"},
    {"shift",
     Conv,
     [](auto& m) { OpOf<Conv2d>(m).linear.multipliers[0].shift = 63; },
     "multiplier"},
    {"groups", Conv, [](auto& m) { OpOf<Conv2d>(m).groups = 3; }, "groups"},
    {"no_groups", Conv, [](auto& m) { OpOf<Conv2d>(m).groups = 0; }, "groups"},
    {"stride", Conv, [](auto& m) { OpOf<Conv2d>(m).window.stride_height = 0; }, "window"},
    {"kernel", Conv, [](auto& m) { OpOf<Conv2d>(m).window.kernel_width = 1 << 20; }, "window"},
    {"pad", Conv, [](auto& m) { OpOf<Conv2d>(m).window.pad_top = -1; }, "window"},
    {"clamp",
     Conv,
     [](auto& m) {
       OpOf<Conv2d>(m).clamp = {0, 256};
     },
     "clamp"},
    {"empty_clamp",
     Conv,
     [](auto& m) {
       OpOf<Conv2d>(m).clamp = {9, 8};
     },
     "clamp"},
    {"rank",
     Conv,
     [](auto& m) {
       m.tensors[0].shape = {3, 2};
     },
     "batch"},
    {"no_input", Conv, [](auto& m) { m.ops[0].inputs.clear(); }, "inputs"},
    {"two_inputs",
     Conv,
     [](auto& m) {
       m.ops[0].inputs = {0, 0};
     },
     "inputs"},
    {"unknown_input", Conv, [](auto& m) { m.ops[0].inputs = {5}; }, "no value"},
    {"own_output", Conv, [](auto& m) { m.ops[0].inputs = {1}; }, "no value"},
    {"unknown_output", Conv, [](auto& m) { m.ops[0].output = 9; }, "does not exist"},
    {"overwritten_input", Conv, [](auto& m) { m.ops[0].output = 0; }, "second value"},
    {"unknown_model_output", Conv, [](auto& m) { m.outputs = {2}; }, "no value"},
    {"no_model_output", Conv, [](auto& m) { m.outputs.clear(); }, "outputs"},
    {"no_model_input", Conv, [](auto& m) { m.inputs.clear(); }, "inputs"},
    {"zero_dim",
     Conv,
     [](auto& m) {
       m.tensors[1].shape = {1, 0, 2, 1};
     },
     "empty"},
    {"huge_dims",
     Conv,
     [](auto& m) {
       m.tensors[1].shape = {65536, 65536, 65536, 65536};
     },
     "too large"},
    {"deep_rank",
     Conv,
     [](auto& m) {
       m.tensors[1].shape = {1, 1, 1, 1, 1, 1, 1, 1, 2};
     },
     "rank"},
    {"scale", Conv, [](auto& m) { m.tensors[0].scale = -1; }, "scale"},
    {"nan_scale", Conv, [](auto& m) { m.tensors[0].scale = std::nan(""); }, "scale"},
    {"zero_point", Conv, [](auto& m) { m.tensors[0].zero_point = 256; }, "zero point"},
    {"type", Conv, [](auto& m) { m.tensors[0].element_type = ElementType::kFloat32; }, "type"},
    {"name", Conv, [](auto& m) { m.tensors[0].name = "a\nb"; }, "name"},
    {"constant", Conv, [](auto& m) { m.tensors[1].constant = Int8Buffer({1}); }, "size"},
    {"dry_window",
     AveragePool,
     [](auto& m) { OpOf<AveragePool2d>(m).window.stride_width = 3; },
     "padding"},
    {"pool_pad",
     AveragePool,
     [](auto& m) { OpOf<AveragePool2d>(m).window.pad_left = 2; },
     "padding"},
    {"pool_sums",
     AveragePool,
     [](auto& m) {
       OpOf<AveragePool2d>(m).multiplier = {INT32_MAX, 62};
     },
     "overflow"},
    {"pool_channels",
     AveragePool,
     [](auto& m) {
       m.tensors[1].shape = {1, 1, 2, 1};
     },
     "channels"},
    {"broadcast", Binary, [](auto& m) { m.tensors[1].shape = {2}; }, "broadcast"},
    {"grown_output",
     Binary,
     [](auto& m) {
       m.tensors[2].shape = {2, 4};
     },
     "broadcast"},
    {"add_shift", Binary, [](auto& m) { OpOf<Add>(m).shift = 63; }, "shift"},
    {"short_table", Table, [](auto& m) { OpOf<Lookup>(m).table.pop_back(); }, "table"},
    {"wide_input",
     Table,
     [](auto& m) { m.tensors[0].element_type = ElementType::kInt16; },
     "table"},
    {"table_range", Table, [](auto& m) { OpOf<Lookup>(m).table[7] = 256; }, "table"},
    {"exp_of_zero", SoftmaxLayer, [](auto& m) { OpOf<Softmax>(m).exp_table[0] = 0; }, "table"},
    {"exp_range", SoftmaxLayer, [](auto& m) { OpOf<Softmax>(m).exp_table[1] = -1; }, "table"},
    {"softmax_shift", SoftmaxLayer, [](auto& m) { OpOf<Softmax>(m).output.shift = 13; }, "factor"},
    {"tap", Bilinear, [](auto& m) { OpOf<ResizeBilinear>(m).rows.upper[1] = 2; }, "outside"},
    {"tap_weight",
     Bilinear,
     [](auto& m) { OpOf<ResizeBilinear>(m).rows.weight[1] = 2049; },
     "outside"},
    {"tap_count",
     Bilinear,
     [](auto& m) { OpOf<ResizeBilinear>(m).rows.lower.pop_back(); },
     "tables"},
    {"quantisation", Bilinear, [](auto& m) { m.tensors[1].scale = 2; }, "share"},
    {"slice_end", Slice, [](auto& m) { OpOf<StridedSlice>(m).stride[0] = 3; }, "outside"},
    {"slice_stride", Slice, [](auto& m) { OpOf<StridedSlice>(m).stride[0] = 0; }, "outside"},
    {"picture_type",
     Picture,
     [](auto& m) {
       m.tensors[0].element_type = ElementType::kInt16;
       m.tensors[1].element_type = ElementType::kInt16;
     },
     "pixels"},
    {"picture_shape",
     Picture,
     [](auto& m) {
       m.tensors[0].shape = {1, 3, 2, 2};
     },
     "picture"},
    {"std_dev", Picture, [](auto& m) { m.inputs[0].std_dev = 0; }, "std_dev"},
};

class Validate : public testing::TestWithParam<Break> {};

TEST_P(Validate, RefusesAndSaysWhy) {
  const Break& broken = GetParam();
  FixedModel model = broken.make();
  ASSERT_TRUE(ValidateModel(model).ok()) << ValidateModel(model).ToString();
  broken.damage(model);
  const Status status = ValidateModel(model);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find(broken.complaint), std::string::npos) << status.message();
}

INSTANTIATE_TEST_SUITE_P(EveryRelation, Validate, testing::ValuesIn(kBreaks), [](const auto& test) {
  return std::string(test.param.name);
});

TEST(ValidateModel, BoundsSumsByWhatTheWeightsCanReach) {
  // 2^25 weights of -128 times 32768 are 2^47 exactly,
  // one too many, with one of them 0 they fit.
  FullyConnected full;
  const int64_t depth = int64_t{1} << 25;
  std::vector<uint8_t> weights(static_cast<size_t>(depth), 0x80);
  full.linear = {Buffer::Copy(weights), {0}, {{1, 0}}};
  full.clamp = {-32768, 32767};
  const FixedTensor output = MakeTensor("y", {1, 1}, ElementType::kInt16);
  const FixedTensor input = MakeTensor("x", {1, depth}, ElementType::kInt16);
  EXPECT_FALSE(ValidateModel(MakeLayer(full, {input}, output)).ok());
  weights[5] = 0;
  full.linear.values = Buffer::Copy(weights);
  EXPECT_TRUE(ValidateModel(MakeLayer(full, {input}, output)).ok());
}

TEST(ValidateModel, NamesTheOperation) {
  FixedModel model = Conv();
  model.ops[0].name = "block1/conv";
  OpOf<Conv2d>(model).clamp = {0, 300};
  EXPECT_NE(ValidateModel(model).message().find("operation 0 'block1/conv'"), std::string::npos);
}

}  // namespace
}  // namespace plumb::npu
