#include <algorithm>
#include <cmath>

#include "common/npu/import/onnx/operands.h"

namespace plumb::npu::onnx {
namespace {

struct Affine {
  std::vector<float> factor, offset;
};

// scale · (x − mean) / sqrt(variance + epsilon) + bias as factor · x + offset.
Result<Affine> FoldNormalization(const NodeView& node, int64_t channels) {
  std::vector<float> parts[4];
  for (size_t i = 0; i < 4; ++i) {
    PLUMB_ASSIGN_OR_RETURN(parts[i], node.KnownFloats(i + 1));
    if (parts[i].size() != static_cast<size_t>(channels)) {
      return InvalidArgumentError("has " + std::to_string(parts[i].size()) + " parameters for " +
                                  std::to_string(channels) + " channels");
    }
  }
  const auto epsilon = static_cast<double>(node.Real("epsilon", 1e-5F));
  Affine affine;
  for (size_t c = 0; c < parts[0].size(); ++c) {
    const double deviation = std::sqrt(static_cast<double>(parts[3][c]) + epsilon);
    const double factor = static_cast<double>(parts[0][c]) / deviation;
    affine.factor.push_back(static_cast<float>(factor));
    affine.offset.push_back(static_cast<float>(static_cast<double>(parts[1][c]) -
                                               static_cast<double>(parts[2][c]) * factor));
  }
  return affine;
}

Status ConvertBatchNormalization(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  if (node.Integer("training_mode", 0) != 0 || value->shape.rank() < 2) {
    return UnimplementedError("is in training mode or has no channels");
  }
  const int64_t channels = value->shape[1];
  PLUMB_ASSIGN_OR_RETURN(Affine affine, FoldNormalization(node, channels));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  std::vector<int64_t> dims = {channels};
  if (x.layout == Layout::kPlain) {
    dims.resize(value->shape.rank() - 1, 1);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t factor,
      node.graph().AddConstant(node.NewName("factor"), shape, std::move(affine.factor)));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t offset,
      node.graph().AddConstant(node.NewName("offset"), shape, std::move(affine.offset)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled,
                         node.Step("scaled", OpKind::kMul, {x.tensor, factor}));
  return node.Make(x.layout, OpKind::kAdd, {scaled, offset});
}

// A constant of one element per channel that broadcasts along the channels of `layout`.
Result<uint32_t> ChannelConstant(const NodeView& node,
                                 std::string_view suffix,
                                 size_t operand,
                                 const Shape& input,
                                 Layout layout) {
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, node.KnownFloats(operand));
  std::vector<int64_t> dims = {input[1]};
  if (values.size() != static_cast<size_t>(input[1])) {
    return InvalidArgumentError("has " + std::to_string(values.size()) + " parameters for " +
                                std::to_string(input[1]) + " channels");
  }
  if (layout == Layout::kPlain) {
    dims.resize(input.rank() - 1, 1);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  return node.graph().AddConstant(node.NewName(suffix), shape, std::move(values));
}

struct Moments {
  uint32_t centred = 0;   // x − mean
  uint32_t variance = 0;  // mean of its square
};

// `mean` is the mean of x over the axes, which stay as axes of size 1.
Result<Moments> TakeMoments(const NodeView& node,
                            uint32_t x,
                            uint32_t mean,
                            const ReduceAttributes& axes) {
  Moments moments;
  PLUMB_ASSIGN_OR_RETURN(moments.centred, node.Step("centred", OpKind::kSub, {x, mean}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t square,
                         node.Step("square", OpKind::kMul, {moments.centred, moments.centred}));
  PLUMB_ASSIGN_OR_RETURN(moments.variance, node.Step("variance", OpKind::kMean, {square}, axes));
  return moments;
}

ReduceAttributes AxesFrom(int32_t first, size_t rank) {
  ReduceAttributes axes;
  axes.keep_dims = true;
  for (auto axis = first; axis < static_cast<int32_t>(rank); ++axis) {
    axes.axes.push_back(axis);
  }
  return axes;
}

// scale · (x − mean) / sqrt(variance + epsilon) + bias over the last axes; mean and 1 / sqrt are
// further outputs.
Status ConvertLayerNormalization(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(Value* const scale, node.Input(1));
  const size_t rank = value->shape.rank();
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, WrapAxis(node.Integer("axis", -1), rank));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t x, node.graph().Use(*value, Layout::kPlain));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t factor, node.graph().Use(*scale, Layout::kPlain));
  const ReduceAttributes axes = AxesFrom(axis, rank);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t mean,
                         MakeFurther(node, 1, "mean", OpKind::kMean, {x}, axes));
  PLUMB_ASSIGN_OR_RETURN(const Moments moments, TakeMoments(node, x, mean, axes));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t epsilon,
                         node.Scalar("epsilon", node.Real("epsilon", 1e-5F)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t moved,
                         node.Step("moved", OpKind::kAdd, {moments.variance, epsilon}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t inverse,
                         MakeFurther(node, 2, "inverse", OpKind::kRsqrt, {moved}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t normal,
                         node.Step("normal", OpKind::kMul, {moments.centred, inverse}));
  if (!node.Has(2)) {
    return node.Make(Layout::kPlain, OpKind::kMul, {normal, factor});
  }
  PLUMB_ASSIGN_OR_RETURN(Value* const bias, node.Input(2));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t offset, node.graph().Use(*bias, Layout::kPlain));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled,
                         node.Step("scaled", OpKind::kMul, {normal, factor}));
  return node.Make(Layout::kPlain, OpKind::kAdd, {scaled, offset});
}

// The same over the sides of each picture, scale and bias by channel.
Status ConvertInstanceNormalization(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  const Shape shape = value->shape;
  if (shape.rank() < 3) {
    return InvalidArgumentError("has no sides to normalise over");
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  const bool picture = x.layout == Layout::kPicture;
  const ReduceAttributes axes =
      picture ? ReduceAttributes{{1, 2}, true} : AxesFrom(2, shape.rank());
  PLUMB_ASSIGN_OR_RETURN(const uint32_t mean, node.Step("mean", OpKind::kMean, {x.tensor}, axes));
  PLUMB_ASSIGN_OR_RETURN(const Moments moments, TakeMoments(node, x.tensor, mean, axes));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t epsilon,
                         node.Scalar("epsilon", node.Real("epsilon", 1e-5F)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t moved,
                         node.Step("moved", OpKind::kAdd, {moments.variance, epsilon}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t inverse, node.Step("inverse", OpKind::kRsqrt, {moved}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scale, ChannelConstant(node, "scale", 1, shape, x.layout));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t bias, ChannelConstant(node, "bias", 2, shape, x.layout));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t normal,
                         node.Step("normal", OpKind::kMul, {moments.centred, inverse}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled, node.Step("scaled", OpKind::kMul, {normal, scale}));
  return node.Make(x.layout, OpKind::kAdd, {scaled, bias});
}

// (x − mean) / (sqrt(variance) + 1e-9).
Status ConvertMeanVariance(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  std::vector<int64_t> given = node.Integers("axes");
  if (given.empty()) {
    given = {0, 2, 3};
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  ReduceAttributes axes;
  axes.keep_dims = true;
  for (const int64_t axis : given) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t wrapped, WrapAxis(axis, value->shape.rank()));
    axes.axes.push_back(AxisUnder(x.layout, wrapped));
  }
  std::sort(axes.axes.begin(), axes.axes.end());
  PLUMB_ASSIGN_OR_RETURN(const uint32_t mean, node.Step("mean", OpKind::kMean, {x.tensor}, axes));
  PLUMB_ASSIGN_OR_RETURN(const Moments moments, TakeMoments(node, x.tensor, mean, axes));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t root,
                         node.Step("deviation", OpKind::kSqrt, {moments.variance}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t epsilon, node.Scalar("epsilon", 1e-9F));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t moved, node.Step("moved", OpKind::kAdd, {root, epsilon}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t inverse,
                         node.Step("inverse", OpKind::kReciprocal, {moved}));
  return node.Make(x.layout, OpKind::kMul, {moments.centred, inverse});
}

// x over the sum of its sizes, or over the root of the sum of its squares, along one axis.
Status ConvertLpNormalization(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  const int64_t p = node.Integer("p", 2);
  if (p != 1 && p != 2) {
    return UnimplementedError("normalises by another norm than 1 and 2");
  }
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", -1), value->shape.rank()));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  std::vector<uint32_t> operands(static_cast<size_t>(p), x.tensor);
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t each,
      node.Step("each", p == 1 ? OpKind::kAbs : OpKind::kMul, std::move(operands)));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t sum,
      node.Step("sum", OpKind::kSum, {each}, ReduceAttributes{{AxisUnder(x.layout, axis)}, true}));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t inverse,
      node.Step("inverse", p == 1 ? OpKind::kReciprocal : OpKind::kRsqrt, {sum}));
  return node.Make(x.layout, OpKind::kMul, {x.tensor, inverse});
}

// Ones, times alpha / size, where channel and neighbour are near enough.
std::vector<float> Neighbours(int64_t channels, int64_t size, float alpha) {
  const int64_t before = (size - 1) / 2;
  const int64_t after = size - 1 - before;
  std::vector<float> band;
  for (int64_t out = 0; out < channels; ++out) {
    for (int64_t in = 0; in < channels; ++in) {
      const bool near = in >= out - before && in <= out + after;
      band.push_back(near ? alpha / static_cast<float>(size) : 0);
    }
  }
  return band;
}

// x · (bias + alpha / size · Σ x² of the neighbouring channels)^−beta: the sum is a 1×1
// convolution.
Status ConvertLrn(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const int64_t size = node.Integer("size", 0);
  if (value->shape.rank() != 4 || size < 1 || size > value->shape[1] * 2) {
    return UnimplementedError("sums over " + std::to_string(size) + " channels of " +
                              value->shape.ToString() + "; pictures are supported");
  }
  const int64_t channels = value->shape[1];
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(channels * channels)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t x, node.graph().Use(*value, Layout::kPicture));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t square, node.Step("square", OpKind::kMul, {x, x}));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t band,
      node.graph().AddConstant(node.NewName("band"),
                               Shape{channels, 1, 1, channels},
                               Neighbours(channels, size, node.Real("alpha", 1e-4F))));
  const std::vector<float> start(static_cast<size_t>(channels), node.Real("bias", 1));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t bias,
                         node.graph().AddConstant(node.NewName("start"), Shape{channels}, start));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t sum,
      node.Step("sum", OpKind::kConv2d, {square, band, bias}, WindowAttributes{}));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t factor,
      node.Step("power", OpKind::kPower, {sum}, PowerAttributes{-node.Real("beta", 0.75F), 1, 0}));
  return node.Make(Layout::kPicture, OpKind::kMul, {x, factor});
}

constexpr NamedConverter kConverters[] = {
    {"BatchNormalization", ConvertBatchNormalization},
    {"InstanceNormalization", ConvertInstanceNormalization},
    {"LRN", ConvertLrn},
    {"LayerNormalization", ConvertLayerNormalization},
    {"LpNormalization", ConvertLpNormalization},
    {"MeanVarianceNormalization", ConvertMeanVariance},
};

}  // namespace

std::span<const NamedConverter> NormalizationConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
