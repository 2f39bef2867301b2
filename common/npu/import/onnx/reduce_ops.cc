#include <algorithm>
#include <array>

#include "common/npu/import/onnx/operands.h"

namespace plumb::npu::onnx {
namespace {

bool Contains(const std::vector<int32_t>& axes, int32_t axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

// Without the reduced axes a picture is in the file's order again if its channels went or both of
// its sides did.
bool StaysInOrder(const std::vector<int32_t>& axes) {
  return Contains(axes, 1) || (Contains(axes, 2) && Contains(axes, 3));
}

struct Reduction {
  uint32_t input = 0;
  Layout made = Layout::kPlain;  // the result's
  ReduceAttributes attributes;
};

Result<Reduction> ReadReduction(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const size_t rank = value->shape.rank();
  PLUMB_ASSIGN_OR_RETURN(std::vector<int32_t> axes, node.AxesOf("axes", 1, rank));
  const bool all = axes.empty();
  for (size_t i = 0; all && i < rank; ++i) {
    axes.push_back(static_cast<int32_t>(i));
  }
  Reduction reduction;
  ReduceAttributes& attributes = reduction.attributes;
  attributes.keep_dims = node.Integer("keepdims", 1) != 0;
  const bool plain =
      value->home == Layout::kPlain || (!attributes.keep_dims && !StaysInOrder(axes));
  const Layout layout = plain ? Layout::kPlain : Layout::kPicture;
  for (const int32_t axis : axes) {
    attributes.axes.push_back(AxisUnder(layout, axis));
  }
  std::sort(attributes.axes.begin(), attributes.axes.end());
  PLUMB_ASSIGN_OR_RETURN(reduction.input, node.graph().Use(*value, layout));
  reduction.made = attributes.keep_dims ? layout : Layout::kPlain;
  return reduction;
}

// Newer operator sets may say so of a node without axes.
Result<bool> ReducesNothing(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, node.IntegersOf("axes", 1));
  return axes.empty() && node.Integer("noop_with_empty_axes", 0) != 0;
}

template <OpKind kKind>
Status ConvertReduce(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const bool nothing, ReducesNothing(node));
  if (nothing) {
    return MakeCopy(node);
  }
  PLUMB_ASSIGN_OR_RETURN(Reduction of, ReadReduction(node));
  return node.Make(of.made, kKind, {of.input}, std::move(of.attributes));
}

// The sum of what `kKind` makes of each element.
template <OpKind kKind>
Result<uint32_t> SumOf(const NodeView& node, const Reduction& of) {
  const bool twice = kKind == OpKind::kMul;
  std::vector<uint32_t> operands(twice ? 2 : 1, of.input);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t each, node.Step("each", kKind, std::move(operands)));
  return node.Step("sum", OpKind::kSum, {each}, of.attributes);
}

Result<Reduction> ReadCompound(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const bool nothing, ReducesNothing(node));
  if (nothing) {
    return UnimplementedError("reduces nothing");
  }
  return ReadReduction(node);
}

template <OpKind kKind>
Status ConvertSumOf(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Reduction of, ReadCompound(node));
  const bool twice = kKind == OpKind::kMul;
  std::vector<uint32_t> operands(twice ? 2 : 1, of.input);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t each, node.Step("each", kKind, std::move(operands)));
  return node.Make(of.made, OpKind::kSum, {each}, std::move(of.attributes));
}

Status ConvertReduceL2(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Reduction of, ReadCompound(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sum, SumOf<OpKind::kMul>(node, of));
  return node.Make(of.made, OpKind::kSqrt, {sum});
}

Status ConvertReduceLogSum(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Reduction of, ReadCompound(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sum,
                         node.Step("sum", OpKind::kSum, {of.input}, std::move(of.attributes)));
  return node.Make(of.made, OpKind::kLog, {sum});
}

// max + ln Σ exp(x − max), which does not overflow.
Status ConvertReduceLogSumExp(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Reduction of, ReadCompound(node));
  ReduceAttributes kept = of.attributes;
  kept.keep_dims = true;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t largest,
                         node.Step("largest", OpKind::kReduceMax, {of.input}, kept));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t below,
                         node.Step("below", OpKind::kSub, {of.input, largest}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t power, node.Step("power", OpKind::kExp, {below}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sum,
                         node.Step("sum", OpKind::kSum, {power}, of.attributes));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t logarithm, node.Step("log", OpKind::kLog, {sum}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t offset,
                         node.Step("offset", OpKind::kReduceMax, {of.input}, of.attributes));
  return node.Make(of.made, OpKind::kAdd, {logarithm, offset});
}

template <OpKind kKind>
Status ConvertArg(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", 0), value->shape.rank()));
  const bool keep = node.Integer("keepdims", 1) != 0;
  const bool plain = value->home == Layout::kPlain || (!keep && !StaysInOrder({axis}));
  const Layout layout = plain ? Layout::kPlain : Layout::kPicture;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, layout));
  const bool last = node.Integer("select_last_index", 0) != 0;
  return node.Make(keep ? layout : Layout::kPlain,
                   kKind,
                   {input},
                   ArgAttributes{AxisUnder(layout, axis), keep, last});
}

// 1 at the first of the largest along an axis, else 0.
Status ConvertHardmax(const NodeView& node) {
  constexpr int64_t kOneAxis = 13;
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const size_t rank = value->shape.rank();
  const bool one_axis = node.opset() >= kOneAxis;
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", one_axis ? -1 : 1), rank));
  if (!one_axis && static_cast<size_t>(axis) + 1 != rank) {
    return UnimplementedError("takes several axes as one, as before operator set 13");
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPlain));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t place,
                         node.Step("place", OpKind::kArgMax, {input}, ArgAttributes{axis, true}));
  std::vector<int64_t> dims(rank - static_cast<size_t>(axis), 1);
  dims.front() = value->shape[static_cast<size_t>(axis)];
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(dims.front())));
  std::vector<float> places;
  for (int64_t i = 0; i < dims.front(); ++i) {
    places.push_back(static_cast<float>(i));
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t all,
      node.graph().AddConstant(node.NewName("places"), shape, std::move(places)));
  return node.Make(Layout::kPlain, OpKind::kEqual, {place, all});
}

constexpr NamedConverter kConverters[] = {
    {"ArgMax", ConvertArg<OpKind::kArgMax>},
    {"ArgMin", ConvertArg<OpKind::kArgMin>},
    {"Hardmax", ConvertHardmax},
    {"ReduceL1", ConvertSumOf<OpKind::kAbs>},
    {"ReduceL2", ConvertReduceL2},
    {"ReduceLogSum", ConvertReduceLogSum},
    {"ReduceLogSumExp", ConvertReduceLogSumExp},
    {"ReduceMax", ConvertReduce<OpKind::kReduceMax>},
    {"ReduceMean", ConvertReduce<OpKind::kMean>},
    {"ReduceMin", ConvertReduce<OpKind::kReduceMin>},
    {"ReduceProd", ConvertReduce<OpKind::kReduceProd>},
    {"ReduceSum", ConvertReduce<OpKind::kSum>},
    {"ReduceSumSquare", ConvertSumOf<OpKind::kMul>},
};

}  // namespace

std::span<const NamedConverter> ReduceConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
