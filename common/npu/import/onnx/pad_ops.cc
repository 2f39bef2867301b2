#include <algorithm>

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {
namespace {

// What a node pads with; 0 when it does not say.
Result<float> PadValue(const NodeView& node) {
  if (!node.Has(2)) {
    return node.Real("value", 0);
  }
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr value, node.Known(2));
  if (value->size() != 1) {
    return InvalidArgumentError("has a padding value that is no single number");
  }
  return value->is_float ? value->floats.front() : static_cast<float>(value->integers.front());
}

// By the axes of the tensor under `layout`.
Result<PadAttributes> ReadPads(const NodeView& node, const Value& value, Layout layout) {
  const size_t rank = value.shape.rank();
  PLUMB_ASSIGN_OR_RETURN(std::vector<int64_t> pads, node.IntegersOf("pads", 1));
  if (pads.empty()) {
    pads = node.Integers("paddings");
  }
  PLUMB_ASSIGN_OR_RETURN(std::vector<int32_t> axes, node.AxesOf("axes", 3, rank));
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
    const auto place = static_cast<size_t>(AxisUnder(layout, axes[i]));
    PLUMB_ASSIGN_OR_RETURN(attributes.before[place], Narrow(pads[i]));
    PLUMB_ASSIGN_OR_RETURN(attributes.after[place], Narrow(pads[axes.size() + i]));
    if (pads[i] < 0 || pads[axes.size() + i] < 0) {
      return UnimplementedError("pads by less than nothing").WithHint("export a Slice instead");
    }
  }
  return attributes;
}

// Where place `i`, which may lie outside, takes its value from.
int64_t MirroredPlace(int64_t i, int64_t size, std::string_view mode) {
  if (mode == "edge") {
    return std::clamp<int64_t>(i, 0, size - 1);
  }
  if (mode == "wrap") {
    return (i % size + size) % size;
  }
  const int64_t period = std::max<int64_t>(1, 2 * (size - 1));
  const int64_t within = (i % period + period) % period;
  return within < size ? within : period - within;
}

Result<GatherAttributes> PlacesOf(int64_t size,
                                  int32_t axis,
                                  const PadAttributes& pads,
                                  std::string_view mode) {
  const int64_t before = pads.before[static_cast<size_t>(axis)];
  const int64_t after = pads.after[static_cast<size_t>(axis)];
  constexpr int64_t kMost = 1 << 16;
  if (before + size + after > kMost) {
    return UnimplementedError("mirrors more than 65536 places");
  }
  GatherAttributes places;
  places.axis = axis;
  for (int64_t i = -before; i < size + after; ++i) {
    places.indices.push_back(static_cast<int32_t>(MirroredPlace(i, size, mode)));
  }
  return places;
}

// Each padded axis is gathered from itself; the last step carries the name.
Status Mirror(const NodeView& node, const Value& value, uint32_t input, const PadAttributes& pads) {
  const std::string mode = node.Text("mode", "");
  const Shape shape = node.graph().ShapeOf(input);
  uint32_t made = input;
  int32_t left = 0;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    left += pads.before[axis] != 0 || pads.after[axis] != 0 ? 1 : 0;
  }
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    if (pads.before[axis] == 0 && pads.after[axis] == 0) {
      continue;
    }
    PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(shape[axis])));
    PLUMB_ASSIGN_OR_RETURN(GatherAttributes places,
                           PlacesOf(shape[axis], static_cast<int32_t>(axis), pads, mode));
    const std::string name = --left == 0 ? node.output() : node.NewName("mirrored");
    PLUMB_ASSIGN_OR_RETURN(made,
                           node.graph().Emit(name, OpKind::kGather, {made}, std::move(places)));
  }
  if (made == input) {
    return node.Make(value.home, OpKind::kReshape, {input}, {}, shape);
  }
  return node.graph().Define(node.output(), made, value.home);
}

Status ConvertPad(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(PadAttributes pads, ReadPads(node, *value, value->home));
  PLUMB_ASSIGN_OR_RETURN(pads.value, PadValue(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, value->home));
  const std::string mode = node.Text("mode", "constant");
  if (mode == "constant") {
    return node.Make(value->home, OpKind::kPad, {input}, std::move(pads));
  }
  if (mode != "edge" && mode != "reflect" && mode != "wrap") {
    return InvalidArgumentError("has a mode that ONNX does not know");
  }
  return Mirror(node, *value, input, pads);
}

constexpr NamedConverter kConverters[] = {
    {"Pad", ConvertPad},
};

}  // namespace

std::span<const NamedConverter> PadConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
