#include <array>

#include "common/base/text.h"
#include "common/npu/import/onnx_window.h"
#include "common/npu/import/permute.h"

namespace plumb::npu::onnx {
namespace {

using importing::Permute;

// Constant weights of four axes and where they come from.
struct Weights {
  std::string name;
  Shape shape;
  std::vector<float> values;
};

Result<Weights> ReadWeights(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(1));
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, node.KnownFloats(1));
  if (value->shape.rank() != 4) {
    return UnimplementedError("has weights " + value->shape.ToString() +
                              "; only two spatial axes are supported");
  }
  return Weights{value->name, value->shape, std::move(values)};
}

Result<Value*> ReadPicture(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  if (value->shape.rank() != 4) {
    return UnimplementedError("reads '" + EscapeForDisplay(value->name) + "' of " +
                              value->shape.ToString() +
                              "; only pictures [N, C, H, W] are supported");
  }
  return value;
}

Status AddBias(const NodeView& node, std::vector<uint32_t>& operands) {
  if (!node.Has(2)) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(Value* const bias, node.Input(2));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr known, node.Known(2));
  if (known->shape.rank() != 1) {
    return InvalidArgumentError("has a bias of " + known->shape.ToString());
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t operand, node.graph().Use(*bias, Layout::kPlain));
  operands.push_back(operand);
  return OkStatus();
}

Result<int32_t> ReadGroups(const NodeView& node, const Shape& picture) {
  PLUMB_ASSIGN_OR_RETURN(const int32_t groups, Narrow(node.Integer("group", 1)));
  if (groups < 1 || picture[1] % groups != 0) {
    return InvalidArgumentError("has " + std::to_string(groups) + " groups of " +
                                std::to_string(picture[1]) + " channels");
  }
  return groups;
}

// [out][in / groups][kh][kw] to [out][kh][kw][in / groups], or, of one channel to a group,
// to [1][kh][kw][out].
Result<uint32_t> AddConvWeights(const NodeView& node, const Weights& weights, bool depthwise) {
  const Shape& s = weights.shape;
  const std::array<int32_t, 4> permutation =
      depthwise ? std::array<int32_t, 4>{1, 2, 3, 0} : std::array<int32_t, 4>{0, 2, 3, 1};
  const Shape shape = depthwise ? Shape{s[1], s[2], s[3], s[0]} : Shape{s[0], s[2], s[3], s[1]};
  return node.graph().AddConstant(
      weights.name, shape, Permute<float>(weights.values, s, permutation));
}

Status ConvertConv(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  PLUMB_ASSIGN_OR_RETURN(const Weights weights, ReadWeights(node));
  PLUMB_ASSIGN_OR_RETURN(const int32_t groups, ReadGroups(node, picture->shape));
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window,
                         ReadWindow(node, weights.shape[2], weights.shape[3]));
  PLUMB_RETURN_IF_ERROR(ApplyAutoPad(node, picture->shape, window));
  const bool depthwise = groups > 1 && groups == picture->shape[1] && weights.shape[1] == 1;
  window.groups = depthwise ? 1 : groups;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kernel, AddConvWeights(node, weights, depthwise));
  std::vector<uint32_t> operands = {input, kernel};
  PLUMB_RETURN_IF_ERROR(AddBias(node, operands));
  return node.Make(Layout::kPicture,
                   depthwise ? OpKind::kDepthwiseConv2d : OpKind::kConv2d,
                   std::move(operands),
                   window);
}

// [in][out / groups][kh][kw] to [out][kh][kw][in], with zeros between channels of other groups.
Result<uint32_t> AddTransposedWeights(const NodeView& node,
                                      const Weights& weights,
                                      int64_t groups) {
  const Shape& s = weights.shape;
  const int64_t in = s[0];
  const int64_t out_per_group = s[1];
  const int64_t kernel = s[2] * s[3];
  PLUMB_ASSIGN_OR_RETURN(const Shape shape,
                         Shape::Create(std::array{out_per_group * groups, s[2], s[3], in}));
  const uint64_t count = shape.element_count().value_or(kMaxConstantElements + 1);
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(count));
  std::vector<float> values(static_cast<size_t>(count), 0.0F);
  for (int64_t i = 0; i < in; ++i) {
    const int64_t first_out = i / (in / groups) * out_per_group;
    for (int64_t o = 0; o < out_per_group; ++o) {
      for (int64_t k = 0; k < kernel; ++k) {
        values[static_cast<size_t>(((first_out + o) * kernel + k) * in + i)] =
            weights.values[static_cast<size_t>((i * out_per_group + o) * kernel + k)];
      }
    }
  }
  return node.graph().AddConstant(weights.name, shape, std::move(values));
}

Status ConvertConvTranspose(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  PLUMB_ASSIGN_OR_RETURN(const Weights weights, ReadWeights(node));
  PLUMB_ASSIGN_OR_RETURN(const int32_t groups, ReadGroups(node, picture->shape));
  if (weights.shape[0] != picture->shape[1]) {
    return InvalidArgumentError("has weights " + weights.shape.ToString() + " for an input " +
                                picture->shape.ToString());
  }
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window,
                         ReadWindow(node, weights.shape[2], weights.shape[3]));
  PLUMB_ASSIGN_OR_RETURN(
      const Shape output,
      ReadTransposedOutput(node, picture->shape, weights.shape[1] * groups, window));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kernel, AddTransposedWeights(node, weights, groups));
  std::vector<uint32_t> operands = {input, kernel};
  PLUMB_RETURN_IF_ERROR(AddBias(node, operands));
  return node.Make(Layout::kPicture, OpKind::kTransposeConv2d, std::move(operands), window, output);
}

// count_include_pad: the zeros of the paddings count, so they become part of the picture.
Result<uint32_t> PadPicture(const NodeView& node, uint32_t input, WindowAttributes& window) {
  if (window.pad_top + window.pad_bottom + window.pad_left + window.pad_right == 0) {
    return input;
  }
  PadAttributes pad;
  pad.before = {0, window.pad_top, window.pad_left, 0};
  pad.after = {0, window.pad_bottom, window.pad_right, 0};
  window.pad_top = window.pad_bottom = window.pad_left = window.pad_right = 0;
  return node.Step("padded", OpKind::kPad, {input}, pad);
}

Status ConvertPool(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  const std::vector<int64_t> kernel = node.Integers("kernel_shape");
  if (kernel.size() != 2) {
    return UnimplementedError("has a kernel of " + std::to_string(kernel.size()) +
                              " axes; two are supported");
  }
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window, ReadWindow(node, kernel[0], kernel[1]));
  PLUMB_RETURN_IF_ERROR(ApplyAutoPad(node, picture->shape, window));
  const WindowAttributes declared = window;
  if (node.Integer("ceil_mode", 0) != 0) {
    ApplyCeilMode(picture->shape, window);
  }
  PLUMB_ASSIGN_OR_RETURN(uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  if (node.op() == "MaxPool") {
    return node.Make(Layout::kPicture, OpKind::kMaxPool2d, {input}, window);
  }
  if (node.Integer("count_include_pad", 0) != 0) {
    WindowAttributes counted = declared;
    PLUMB_ASSIGN_OR_RETURN(input, PadPicture(node, input, counted));
    counted.pad_bottom = window.pad_bottom - declared.pad_bottom;
    counted.pad_right = window.pad_right - declared.pad_right;
    window = counted;
  }
  return node.Make(Layout::kPicture, OpKind::kAveragePool2d, {input}, window);
}

Status ConvertGlobalPool(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  return node.Make(Layout::kPicture,
                   node.op() == "GlobalMaxPool" ? OpKind::kReduceMax : OpKind::kMean,
                   {input},
                   ReduceAttributes{{1, 2}, true});
}

// [in][out] to [out][in], each times `factor`.
Result<uint32_t> AddMatrix(const NodeView& node, bool transposed, float factor) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(1));
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, node.KnownFloats(1));
  if (value->shape.rank() != 2) {
    return UnimplementedError("multiplies by '" + EscapeForDisplay(value->name) + "' of " +
                              value->shape.ToString() + "; a constant matrix is supported");
  }
  Shape shape = value->shape;
  if (!transposed) {
    constexpr std::array<int32_t, 2> kTurned = {1, 0};
    values = Permute<float>(values, value->shape, kTurned);
    shape = Shape{value->shape[1], value->shape[0]};
  }
  for (float& element : values) {
    element *= factor;
  }
  return node.graph().AddConstant(value->name, shape, std::move(values));
}

// `input` times the constant matrix [out][in] under the name of the output or a made-up one.
Result<Shape> ProductShape(const NodeView& node, const Value& input, uint32_t matrix) {
  const Shape& weights = node.graph().ShapeOf(matrix);
  if (input.shape.rank() < 1 || input.shape.innermost() != weights[1]) {
    return InvalidArgumentError("multiplies " + input.shape.ToString() + " by a matrix of " +
                                std::to_string(weights[1]) + " rows");
  }
  std::vector<int64_t> dims(input.shape.dims().begin(), input.shape.dims().end());
  dims.back() = weights[0];
  return Shape::Create(dims);
}

Status ConvertMatMul(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t matrix, AddMatrix(node, false, 1));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, ProductShape(node, *value, matrix));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPlain));
  return node.Make(Layout::kPlain, OpKind::kFullyConnected, {input, matrix}, {}, shape);
}

// The third operand of Gemm as a bias, when it is one for each column.
Result<std::optional<uint32_t>> GemmBias(const NodeView& node, int64_t columns) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(2));
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, node.KnownFloats(2));
  if (values.size() == 1) {
    PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(columns)));
    values.assign(static_cast<size_t>(columns), values.front());
  }
  if (values.size() != static_cast<size_t>(columns) ||
      (value->shape.innermost() != columns && value->shape.element_count() != 1U)) {
    return std::optional<uint32_t>();
  }
  const float beta = node.Real("beta", 1);
  for (float& element : values) {
    element *= beta;
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t bias,
                         node.graph().AddConstant(value->name, Shape{columns}, std::move(values)));
  return std::optional<uint32_t>(bias);
}

Status ConvertGemm(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  if (value->shape.rank() != 2 || node.Integer("transA", 0) != 0) {
    return UnimplementedError("multiplies " + value->shape.ToString() +
                              "; rows [N, in], not transposed, are supported");
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t matrix,
                         AddMatrix(node, node.Integer("transB", 0) != 0, node.Real("alpha", 1)));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, ProductShape(node, *value, matrix));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPlain));
  std::vector<uint32_t> operands = {input, matrix};
  if (node.Has(2)) {
    PLUMB_ASSIGN_OR_RETURN(const std::optional<uint32_t> bias, GemmBias(node, shape[1]));
    if (!bias) {
      return UnimplementedError("adds something else than one bias for each column");
    }
    operands.push_back(*bias);
  }
  return node.Make(Layout::kPlain, OpKind::kFullyConnected, std::move(operands), {}, shape);
}

constexpr NamedConverter kConverters[] = {
    {"AveragePool", ConvertPool},
    {"Conv", ConvertConv},
    {"ConvTranspose", ConvertConvTranspose},
    {"Gemm", ConvertGemm},
    {"GlobalAveragePool", ConvertGlobalPool},
    {"GlobalMaxPool", ConvertGlobalPool},
    {"MatMul", ConvertMatMul},
    {"MaxPool", ConvertPool},
};

}  // namespace

std::span<const NamedConverter> WindowConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
