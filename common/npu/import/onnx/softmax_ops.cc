#include <array>

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {
namespace {

struct Kind {
  OpKind kind;
  GraphOpAttributes attributes;
};

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
Status SoftmaxOfRows(const NodeView& node, const Kind& kind, Value& value, int32_t axis) {
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
                         node.Step("softmax", kind.kind, {reshaped}, kind.attributes));
  return node.Make(Layout::kPlain, OpKind::kReshape, {result}, {}, value.shape);
}

Status ConvertSoftmax(const NodeView& node) {
  constexpr int64_t kOneAxis = 13;
  const Kind kind = node.op() == "Softmax" ? Kind{OpKind::kSoftmax, SoftmaxAttributes{1}}
                                           : Kind{OpKind::kLogSoftmax, {}};
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
    return SoftmaxOfRows(node, kind, *value, axis);
  }
  const Layout layout = value->home;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, layout));
  const int32_t place = AxisUnder(layout, axis);
  if (static_cast<size_t>(place) + 1 == rank) {
    return node.Make(layout, kind.kind, {input}, kind.attributes);
  }
  const TransposeAttributes swap = SwapWithLast(place, rank);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t turned,
                         node.Step("turned", OpKind::kTranspose, {input}, swap));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t result,
                         node.Step("softmax", kind.kind, {turned}, kind.attributes));
  return node.Make(layout, OpKind::kTranspose, {result}, swap);
}

constexpr NamedConverter kConverters[] = {
    {"LogSoftmax", ConvertSoftmax},
    {"Softmax", ConvertSoftmax},
};

}  // namespace

std::span<const NamedConverter> SoftmaxConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
