#include <algorithm>

#include "common/npu/import/onnx/shapes.h"

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
      return UnimplementedError("cuts nothing");
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

// The places of an axis that is run through backwards.
std::vector<int32_t> PlacesOf(const SliceAxis& slice) {
  std::vector<int32_t> places;
  for (int64_t i = 0; i < slice.size; ++i) {
    places.push_back(static_cast<int32_t>(slice.begin + i * slice.step));
  }
  return places;
}

// Forward axes are cut, then each backward one is gathered; the last step carries the name.
Status ConvertSlice(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(std::vector<SliceAxis> slices, ReadSlices(node, value->shape));
  std::vector<GatherAttributes> backwards;
  for (size_t axis = 0; axis < slices.size(); ++axis) {
    if (slices[axis].step < 0 && slices[axis].size > 0) {
      PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(slices[axis].size)));
      backwards.push_back(
          {AxisUnder(value->home, static_cast<int32_t>(axis)), PlacesOf(slices[axis])});
      slices[axis] = {0, 1, value->shape[axis]};
    }
  }
  const std::string name = backwards.empty() ? node.output() : node.NewName("cut");
  PLUMB_ASSIGN_OR_RETURN(uint32_t cut, EmitSlice(node, name, *value, slices));
  for (size_t i = 0; i < backwards.size(); ++i) {
    const bool last = i + 1 == backwards.size();
    PLUMB_ASSIGN_OR_RETURN(cut,
                           node.graph().Emit(last ? node.output() : node.NewName("turned"),
                                             OpKind::kGather,
                                             {cut},
                                             std::move(backwards[i])));
  }
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

constexpr NamedConverter kConverters[] = {
    {"Slice", ConvertSlice},
    {"Split", ConvertSplit},
};

}  // namespace

std::span<const NamedConverter> SliceConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
