#include <algorithm>
#include <array>

#include "common/npu/import/onnx_resize.h"
#include "common/npu/import/onnx_shapes.h"

namespace plumb::npu::onnx {
namespace {

Status ConvertReshape(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, ReshapedShape(node, value->shape));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().UseInOrder(*value));
  return node.Make(Layout::kPlain, OpKind::kReshape, {input}, {}, shape);
}

bool IsIdentity(const std::vector<int32_t>& permutation) {
  for (size_t i = 0; i < permutation.size(); ++i) {
    if (permutation[i] != static_cast<int32_t>(i)) {
      return false;
    }
  }
  return true;
}

// A network exported from NHWC turns its input to NCHW first and its results back: as pictures
// neither moves anything.
Status ConvertTranspose(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(std::vector<int32_t> permutation,
                         ReadPermutation(node, value->shape.rank()));
  const Layout from = value->home;
  const bool to_picture = from == Layout::kPlain && permutation == std::vector<int32_t>{0, 3, 1, 2};
  const bool keeps_picture = from == Layout::kPicture && IsIdentity(permutation);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, from));
  const Layout to = to_picture || keeps_picture ? Layout::kPicture : Layout::kPlain;
  for (int32_t& axis : permutation) {
    axis = AxisUnder(from, axis);
  }
  if (to == Layout::kPicture) {
    permutation = {permutation[0], permutation[2], permutation[3], permutation[1]};
  }
  if (IsIdentity(permutation)) {
    const Shape shape = node.graph().ShapeOf(input);
    return node.Make(to, OpKind::kReshape, {input}, {}, shape);
  }
  return node.Make(to, OpKind::kTranspose, {input}, TransposeAttributes{std::move(permutation)});
}

bool IsZero(const Value& value) {
  return value.constant && value.constant->is_float &&
         std::all_of(value.constant->floats.begin(),
                     value.constant->floats.end(),
                     [](float element) { return element == 0; });
}

// Joining zeros to one computed tensor pads it: exporters of NHWC networks write it so.
Status PadInstead(const NodeView& node, std::span<Value* const> values, int32_t axis) {
  PadAttributes pad;
  Value* data = nullptr;
  int64_t before = 0;
  int64_t after = 0;
  for (Value* value : values) {
    const int64_t size = value->shape[static_cast<size_t>(axis)];
    if (!value->constant) {
      data = value;
    } else {
      (data == nullptr ? before : after) += size;
    }
  }
  const Layout layout = data->home;
  const auto place = static_cast<size_t>(AxisUnder(layout, axis));
  pad.before.resize(data->shape.rank(), 0);
  pad.after.resize(data->shape.rank(), 0);
  PLUMB_ASSIGN_OR_RETURN(pad.before[place], Narrow(before));
  PLUMB_ASSIGN_OR_RETURN(pad.after[place], Narrow(after));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*data, layout));
  return node.Make(layout, OpKind::kPad, {input}, std::move(pad));
}

// True when all but `axis` agree, so that zeros need no look at their other dimensions.
bool JoinAlong(std::span<Value* const> values, int32_t axis) {
  const Shape& first = values.front()->shape;
  for (const Value* value : values) {
    if (value->shape.rank() != first.rank()) {
      return false;
    }
    for (size_t i = 0; i < first.rank(); ++i) {
      if (i != static_cast<size_t>(axis) && value->shape[i] != first[i]) {
        return false;
      }
    }
  }
  return true;
}

Status ConvertConcat(const NodeView& node) {
  std::vector<Value*> values;
  size_t computed = 0;
  size_t zeros = 0;
  bool picture = false;
  for (size_t i = 0; i < node.input_count(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(i));
    values.push_back(value);
    computed += value->constant ? 0U : 1U;
    zeros += IsZero(*value) ? 1U : 0U;
    picture = picture || value->is_picture();
  }
  if (values.empty()) {
    return InvalidArgumentError("joins nothing");
  }
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", 1), values.front()->shape.rank()));
  if (!JoinAlong(values, axis)) {
    return InvalidArgumentError("joins shapes that differ in another axis than " +
                                std::to_string(axis));
  }
  if (computed == 1 && zeros > 0 && zeros + computed == values.size()) {
    return PadInstead(node, values, axis);
  }
  const Layout layout = picture ? Layout::kPicture : Layout::kPlain;
  std::vector<uint32_t> operands;
  for (Value* value : values) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t operand, node.graph().Use(*value, layout));
    operands.push_back(operand);
  }
  return node.Make(
      layout, OpKind::kConcat, std::move(operands), ConcatAttributes{AxisUnder(layout, axis)});
}

// The same values with axis `axis` of `rank` last, and back: a swap is its own inverse.
TransposeAttributes SwapWithLast(int32_t axis, size_t rank) {
  TransposeAttributes swap;
  for (size_t i = 0; i < rank; ++i) {
    swap.permutation.push_back(static_cast<int32_t>(i));
  }
  std::swap(swap.permutation[static_cast<size_t>(axis)], swap.permutation.back());
  return swap;
}

// Before operator set 13 everything from `axis` on is one row.
Status SoftmaxOfRows(const NodeView& node, Value& value, int32_t axis) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().UseInOrder(value));
  int64_t rows = 1;
  for (int32_t i = 0; i < axis; ++i) {
    rows *= value.shape[static_cast<size_t>(i)];
  }
  const auto all = static_cast<int64_t>(value.shape.element_count().value_or(0));
  PLUMB_ASSIGN_OR_RETURN(const Shape flat, Shape::Create(std::array{rows, all / rows}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t reshaped,
                         node.Step("rows", OpKind::kReshape, {input}, {}, flat));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t result,
                         node.Step("softmax", OpKind::kSoftmax, {reshaped}, SoftmaxAttributes{1}));
  return node.Make(Layout::kPlain, OpKind::kReshape, {result}, {}, value.shape);
}

Status ConvertSoftmax(const NodeView& node) {
  constexpr int64_t kOneAxis = 13;
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const bool one_axis = node.opset() >= kOneAxis;
  const size_t rank = value->shape.rank();
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", one_axis ? -1 : 1), rank));
  int64_t behind = 1;
  for (auto i = static_cast<size_t>(axis) + 1; i < rank; ++i) {
    behind *= value->shape[i];
  }
  if (!one_axis && behind != 1) {
    return SoftmaxOfRows(node, *value, axis);
  }
  const Layout layout = value->home;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, layout));
  const int32_t place = AxisUnder(layout, axis);
  if (static_cast<size_t>(place) + 1 == rank) {
    return node.Make(layout, OpKind::kSoftmax, {input}, SoftmaxAttributes{1});
  }
  const TransposeAttributes swap = SwapWithLast(place, rank);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t turned,
                         node.Step("turned", OpKind::kTranspose, {input}, swap));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t result,
                         node.Step("softmax", OpKind::kSoftmax, {turned}, SoftmaxAttributes{1}));
  return node.Make(layout, OpKind::kTranspose, {result}, swap);
}

// What a node pads with; 0 when it does not say.
Result<float> PadValue(const NodeView& node) {
  if (!node.Has(2)) {
    return node.Real("value", 0);
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<float> values, node.KnownFloats(2));
  return values.size() == 1 ? Result<float>(values.front())
                            : InvalidArgumentError("has a padding value that is no single number");
}

Status ConvertPad(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const size_t rank = value->shape.rank();
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, node.IntegersOf("pads", 1));
  PLUMB_ASSIGN_OR_RETURN(std::vector<int32_t> axes, node.AxesOf("axes", 3, rank));
  PLUMB_ASSIGN_OR_RETURN(const float with, PadValue(node));
  if (node.Text("mode", "constant") != "constant" || with != 0) {
    return UnimplementedError("pads with something else than zeros");
  }
  for (size_t i = 0; !node.Has(3) && i < rank; ++i) {
    axes.push_back(static_cast<int32_t>(i));
  }
  if (pads.size() != 2 * axes.size()) {
    return InvalidArgumentError("has " + std::to_string(pads.size()) + " pads for " +
                                std::to_string(axes.size()) + " axes");
  }
  PadAttributes attributes;
  attributes.before.resize(rank, 0);
  attributes.after.resize(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto place = static_cast<size_t>(AxisUnder(value->home, axes[i]));
    PLUMB_ASSIGN_OR_RETURN(attributes.before[place], Narrow(pads[i]));
    PLUMB_ASSIGN_OR_RETURN(attributes.after[place], Narrow(pads[axes.size() + i]));
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, value->home));
  return node.Make(value->home, OpKind::kPad, {input}, std::move(attributes));
}

// Channel order CRD: input channel is (c · block + i) · block + j.
Status SpreadColumnsFirst(const NodeView& node, uint32_t input, int64_t block) {
  const Shape s = node.graph().ShapeOf(input);
  const int64_t channels = s[3] / (block * block);
  PLUMB_ASSIGN_OR_RETURN(const Shape split,
                         Shape::Create(std::array{s[0], s[1], s[2], channels, block, block}));
  PLUMB_ASSIGN_OR_RETURN(const Shape whole,
                         Shape::Create(std::array{s[0], s[1] * block, s[2] * block, channels}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t parts,
                         node.Step("split", OpKind::kReshape, {input}, {}, split));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t turned,
      node.Step("turned", OpKind::kTranspose, {parts}, TransposeAttributes{{0, 1, 4, 2, 5, 3}}));
  return node.Make(Layout::kPicture, OpKind::kReshape, {turned}, {}, whole);
}

Status ConvertDepthToSpace(const NodeView& node) {
  constexpr int32_t kMaxBlock = 1024;
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const int32_t block, Narrow(node.Integer("blocksize", 0)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPicture));
  if (value->shape.rank() != 4 || block < 1 || block > kMaxBlock ||
      value->shape[1] % (int64_t{block} * block) != 0) {
    return InvalidArgumentError("cannot spread " + value->shape.ToString() + " over blocks of " +
                                std::to_string(block));
  }
  if (node.Text("mode", "DCR") == "CRD") {
    return SpreadColumnsFirst(node, input, block);
  }
  return node.Make(Layout::kPicture, OpKind::kDepthToSpace, {input}, DepthToSpaceAttributes{block});
}

Status ConvertResize(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const ResizePlan plan, PlanResize(node, value->shape));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPicture));
  return node.Make(Layout::kPicture, plan.kind, {input}, plan.attributes, ToPicture(plan.output));
}

constexpr NamedConverter kConverters[] = {
    {"Concat", ConvertConcat},
    {"DepthToSpace", ConvertDepthToSpace},
    {"Flatten", ConvertReshape},
    {"Pad", ConvertPad},
    {"Reshape", ConvertReshape},
    {"Resize", ConvertResize},
    {"Softmax", ConvertSoftmax},
    {"Squeeze", ConvertReshape},
    {"Transpose", ConvertTranspose},
    {"Unsqueeze", ConvertReshape},
    {"Upsample", ConvertResize},
};

}  // namespace

std::span<const NamedConverter> LayoutConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
