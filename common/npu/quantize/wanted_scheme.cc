#include "common/npu/quantize/wanted_scheme.h"

namespace plumb::npu {
namespace {

// Kinds that never decrease from one value to a larger one and whose result is the value itself, or
// a bound that rounds to itself: rounding may come before or after.
bool CommutesWithRounding(OpKind kind) {
  switch (kind) {
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kReluN1To1:
    case OpKind::kClip:
    case OpKind::kMaxPool2d:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kStridedSlice:
    case OpKind::kDepthToSpace:
    case OpKind::kResizeNearest:
      return true;
    default:
      return false;
  }
}

bool IsReal(const Graph& graph, uint32_t tensor) {
  return graph.tensors[tensor].element_type == ElementType::kFloat32;
}

// What one reader wants of its operand, its own result's wish being known.
std::optional<Scheme> WishOf(const Graph& graph,
                             const GraphOp& op,
                             const std::vector<std::optional<Scheme>>& wanted) {
  if (op.kind == OpKind::kQuantize) {
    const Result<Scheme> scheme = SchemeOfFile(graph.tensors[op.output]);
    return scheme.ok() ? std::optional<Scheme>(*scheme) : std::nullopt;
  }
  return CommutesWithRounding(op.kind) && IsReal(graph, op.output) ? wanted[op.output]
                                                                   : std::nullopt;
}

}  // namespace

bool SameScheme(const Scheme& a, const Scheme& b) {
  return a.type == b.type && a.scale == b.scale && a.zero_point == b.zero_point;
}

std::vector<std::optional<Scheme>> FindWantedSchemes(const Graph& graph) {
  std::vector<std::optional<Scheme>> wanted(graph.tensors.size());
  std::vector<bool> is_read(graph.tensors.size());
  for (const uint32_t output : graph.outputs) {
    is_read[output] = true;  // as a real
  }
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const GraphOp& op = graph.ops[i];
    const std::optional<Scheme> wish = WishOf(graph, op, wanted);
    for (const uint32_t input : op.inputs) {
      const bool agrees =
          !is_read[input] || (wish && wanted[input] && SameScheme(*wish, *wanted[input]));
      wanted[input] = agrees ? wish : std::nullopt;
      is_read[input] = true;
    }
  }
  return wanted;
}

}  // namespace plumb::npu
