#include <algorithm>
#include <array>

#include "common/npu/import/onnx/resize.h"
#include "common/npu/import/onnx/shapes.h"

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

// Output channel (i · block + j) · C + c is input channel c of place (h · block + i, w · block +
// j).
Status ConvertSpaceToDepth(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const int64_t block = node.Integer("blocksize", 0);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPicture));
  const Shape s = node.graph().ShapeOf(input);
  if (s.rank() != 4 || block < 1 || s[1] % block != 0 || s[2] % block != 0) {
    return InvalidArgumentError("cannot gather " + value->shape.ToString() + " from blocks of " +
                                std::to_string(block));
  }
  PLUMB_ASSIGN_OR_RETURN(
      const Shape split,
      Shape::Create(std::array{s[0], s[1] / block, block, s[2] / block, block, s[3]}));
  PLUMB_ASSIGN_OR_RETURN(
      const Shape whole,
      Shape::Create(std::array{s[0], s[1] / block, s[2] / block, s[3] * block * block}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t parts,
                         node.Step("split", OpKind::kReshape, {input}, {}, split));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t turned,
      node.Step("turned", OpKind::kTranspose, {parts}, TransposeAttributes{{0, 1, 3, 2, 4, 5}}));
  return node.Make(Layout::kPicture, OpKind::kReshape, {turned}, {}, whole);
}

// Rows first: [OH, H] · [N, H, W · C], then [OW, W] · [N · OH, W, C].
Status ResizeByMatrices(const NodeView& node, uint32_t input, ResizePlan plan) {
  const Shape s = node.graph().ShapeOf(input);
  const Shape out = ToPicture(plan.output);
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(plan.rows.size() + plan.columns.size()));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t rows,
      node.graph().AddConstant(node.NewName("rows"), Shape{out[1], s[1]}, std::move(plan.rows)));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t columns,
      node.graph().AddConstant(
          node.NewName("columns"), Shape{out[2], s[2]}, std::move(plan.columns)));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t lines,
      node.Step("lines", OpKind::kReshape, {input}, {}, Shape{s[0], s[1], s[2] * s[3]}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tall,
                         node.Step("tall", OpKind::kBatchMatMul, {rows, lines}));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t apart,
      node.Step("apart", OpKind::kReshape, {tall}, {}, Shape{s[0] * out[1], s[2], s[3]}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t wide,
                         node.Step("wide", OpKind::kBatchMatMul, {columns, apart}));
  return node.Make(Layout::kPicture, OpKind::kReshape, {wide}, {}, out);
}

Status ConvertResize(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(ResizePlan plan, PlanResize(node, value->shape));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPicture));
  if (!plan.rows.empty()) {
    return ResizeByMatrices(node, input, std::move(plan));
  }
  return node.Make(Layout::kPicture, plan.kind, {input}, plan.attributes, ToPicture(plan.output));
}

constexpr NamedConverter kConverters[] = {
    {"Concat", ConvertConcat},
    {"DepthToSpace", ConvertDepthToSpace},
    {"Flatten", ConvertReshape},
    {"Reshape", ConvertReshape},
    {"Resize", ConvertResize},
    {"SpaceToDepth", ConvertSpaceToDepth},
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
