#include <algorithm>

#include "common/npu/import/onnx_shapes.h"

namespace plumb::npu::onnx {
namespace {

// Appends the slice that takes `slices` of the file's axes of `value`, under the value's layout.
Result<uint32_t> EmitSlice(const NodeView& node,
                           const std::string& name,
                           Value& value,
                           const std::vector<SliceAxis>& slices) {
  StridedSliceAttributes attributes;
  attributes.begin.resize(slices.size());
  attributes.stride.resize(slices.size());
  attributes.size.resize(slices.size());
  std::vector<int64_t> dims(slices.size());
  for (size_t axis = 0; axis < slices.size(); ++axis) {
    const SliceAxis& slice = slices[axis];
    if (slice.step < 1 || slice.size < 1) {
      return UnimplementedError("cuts nothing or runs backwards");
    }
    const auto place = static_cast<size_t>(AxisUnder(value.home, static_cast<int32_t>(axis)));
    attributes.begin[place] = static_cast<int32_t>(slice.begin);
    attributes.stride[place] = static_cast<int32_t>(slice.step);
    attributes.size[place] = static_cast<int32_t>(slice.size);
    dims[place] = slice.size;
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(value, value.home));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  return node.graph().Emit(name, OpKind::kStridedSlice, {input}, std::move(attributes), shape);
}

Status ConvertSlice(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<SliceAxis> slices, ReadSlices(node, value->shape));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t cut, EmitSlice(node, node.output(), *value, slices));
  return node.graph().Define(node.output(), cut, value->home);
}

// How many places of an axis of `total` each output gets.
Result<std::vector<int64_t>> SplitSizes(const NodeView& node, int64_t total) {
  PLUMB_ASSIGN_OR_RETURN(std::vector<int64_t> sizes, node.IntegersOf("split", 1));
  const auto parts = static_cast<int64_t>(node.outputs().size());
  const int64_t each = (total + parts - 1) / parts;
  int64_t rest = total;
  const bool even = sizes.empty();
  for (int64_t i = 0; even && i < parts; ++i) {
    sizes.push_back(std::min(each, rest));
    rest -= sizes.back();
  }
  rest = total;
  for (const int64_t size : sizes) {
    if (size == 0) {
      return UnimplementedError("makes a part without elements");
    }
    if (size < 0 || size > rest) {
      return InvalidArgumentError("splits " + std::to_string(total) + " into other parts");
    }
    rest -= size;
  }
  if (rest != 0 || sizes.size() != node.outputs().size()) {
    return InvalidArgumentError("splits " + std::to_string(total) + " into other parts");
  }
  return sizes;
}

Status ConvertSplit(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", 0), value->shape.rank()));
  const auto place = static_cast<size_t>(axis);
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, SplitSizes(node, value->shape[place]));
  std::vector<SliceAxis> slices;
  for (const int64_t dim : value->shape.dims()) {
    slices.push_back({0, 1, dim});
  }
  slices[place].size = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    slices[place] = {slices[place].begin + slices[place].size, 1, sizes[i]};
    if (node.outputs()[i].empty()) {
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(const uint32_t cut, EmitSlice(node, node.outputs()[i], *value, slices));
    PLUMB_RETURN_IF_ERROR(node.graph().Define(node.outputs()[i], cut, value->home));
  }
  return OkStatus();
}

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
  if (axes.empty() && node.Integer("noop_with_empty_axes", 0) != 0) {
    return UnimplementedError("reduces nothing");
  }
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

template <OpKind kKind>
Status ConvertReduce(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Reduction of, ReadReduction(node));
  return node.Make(of.made, kKind, {of.input}, std::move(of.attributes));
}

// −max(−x).
Status ConvertReduceMin(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Reduction of, ReadReduction(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t negated, node.Step("negated", OpKind::kNeg, {of.input}));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t largest,
      node.Step("largest", OpKind::kReduceMax, {negated}, std::move(of.attributes)));
  return node.Make(of.made, OpKind::kNeg, {largest});
}

Status ConvertReduceL1(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Reduction of, ReadReduction(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sizes, node.Step("sizes", OpKind::kAbs, {of.input}));
  return node.Make(of.made, OpKind::kSum, {sizes}, std::move(of.attributes));
}

Status ConvertReduceSumSquare(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Reduction of, ReadReduction(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t squares,
                         node.Step("squares", OpKind::kMul, {of.input, of.input}));
  return node.Make(of.made, OpKind::kSum, {squares}, std::move(of.attributes));
}

constexpr NamedConverter kConverters[] = {
    {"ReduceL1", ConvertReduceL1},
    {"ReduceMax", ConvertReduce<OpKind::kReduceMax>},
    {"ReduceMean", ConvertReduce<OpKind::kMean>},
    {"ReduceMin", ConvertReduceMin},
    {"ReduceSum", ConvertReduce<OpKind::kSum>},
    {"ReduceSumSquare", ConvertReduceSumSquare},
    {"Slice", ConvertSlice},
    {"Split", ConvertSplit},
};

}  // namespace

std::span<const NamedConverter> SliceConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
