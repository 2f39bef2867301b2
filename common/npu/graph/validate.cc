#include <array>
#include <cmath>

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/npu/graph/graph.h"
#include "common/npu/graph/infer.h"

namespace plumb::npu {
namespace {

std::string DescribeTensorName(const GraphTensor& tensor) {
  return "tensor '" + EscapeForDisplay(tensor.name) + "'";
}

bool IsGraphType(ElementType type) {
  constexpr std::array kTypes = {ElementType::kFloat32,
                                 ElementType::kInt8,
                                 ElementType::kUint8,
                                 ElementType::kInt16,
                                 ElementType::kInt32,
                                 ElementType::kInt64};
  for (const ElementType candidate : kTypes) {
    if (candidate == type) {
      return true;
    }
  }
  return false;
}

Status CheckSize(const GraphTensor& tensor) {
  if (tensor.shape.rank() > kMaxGraphRank) {
    return InvalidArgumentError("has " + std::to_string(tensor.shape.rank()) +
                                " dimensions; 8 are supported");
  }
  const std::optional<uint64_t> elements = tensor.shape.element_count();
  if (!elements || *elements == 0 || *elements > kMaxGraphElements) {
    return InvalidArgumentError("has the shape " + tensor.shape.ToString() +
                                ", which is empty or larger than 2^28 elements");
  }
  if (!IsGraphType(tensor.element_type)) {
    return InvalidArgumentError("has an element type that no operation takes: " +
                                std::string(ElementTypeName(tensor.element_type)));
  }
  if (tensor.is_constant() &&
      tensor.constant.size() != *elements * ElementSize(tensor.element_type)) {
    return InvalidArgumentError("holds " + std::to_string(tensor.constant.size()) +
                                " bytes instead of those of " + tensor.shape.ToString());
  }
  return OkStatus();
}

Status CheckQuantization(const GraphTensor& tensor) {
  const GraphQuantization& quantization = tensor.quantization;
  const size_t entries = quantization.scales.size();
  if (quantization.zero_points.size() != entries) {
    return InvalidArgumentError("has " + std::to_string(entries) + " scales but " +
                                std::to_string(quantization.zero_points.size()) + " zero points");
  }
  if (entries > 1) {
    const int32_t axis = quantization.axis;
    if (axis < 0 || static_cast<size_t>(axis) >= tensor.shape.rank() ||
        tensor.shape[static_cast<size_t>(axis)] != static_cast<int64_t>(entries)) {
      return InvalidArgumentError("has " + std::to_string(entries) +
                                  " scales that fit none of its axes " + tensor.shape.ToString());
    }
  }
  for (const double scale : quantization.scales) {
    if (!(scale > 0) || !std::isfinite(scale)) {
      return InvalidArgumentError("has a scale of " + std::to_string(scale) +
                                  "; it must be positive");
    }
  }
  for (const int64_t zero_point : quantization.zero_points) {
    if (zero_point < -32768 || zero_point > 65535) {
      return InvalidArgumentError("has a zero point of " + std::to_string(zero_point));
    }
  }
  return OkStatus();
}

Status CheckIndices(const Graph& graph, std::span<const uint32_t> indices, std::string_view role) {
  if (indices.empty()) {
    return InvalidArgumentError("the network has no " + std::string(role));
  }
  for (const uint32_t index : indices) {
    if (index >= graph.tensors.size()) {
      return InvalidArgumentError("an " + std::string(role) + " is tensor " +
                                  std::to_string(index) + " of " +
                                  std::to_string(graph.tensors.size()));
    }
  }
  return OkStatus();
}

// An integer without a scale means nothing to a computation.
Status CheckOperandTypes(const GraphOp& op, std::span<const GraphTensor* const> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const GraphTensor& tensor = *inputs[i];
    const bool is_bias = i == 2 && tensor.is_constant();
    if (tensor.element_type != ElementType::kFloat32 && !is_bias && tensor.quantization.empty()) {
      return InvalidArgumentError("reads " + DescribeTensorName(tensor) +
                                  ", integers without a scale");
    }
  }
  const bool dequantizes = op.kind == OpKind::kDequantize && !inputs.empty();
  if (dequantizes && inputs[0]->element_type == ElementType::kFloat32) {
    return InvalidArgumentError("dequantises real numbers");
  }
  return OkStatus();
}

Status CheckOutputType(const GraphTensor& output) {
  if (output.element_type != ElementType::kFloat32 && output.quantization.scales.size() != 1) {
    return InvalidArgumentError("writes " + DescribeTensorName(output) +
                                ", integers without one scale");
  }
  if (output.is_constant()) {
    return InvalidArgumentError("writes the constant " + DescribeTensorName(output));
  }
  return OkStatus();
}

Status CheckOp(const Graph& graph, const GraphOp& op, std::vector<bool>& available) {
  std::vector<const GraphTensor*> inputs;
  for (const uint32_t index : op.inputs) {
    if (index >= graph.tensors.size() || !available[index]) {
      return InvalidArgumentError("reads tensor " + std::to_string(index) +
                                  ", which nothing before it computes");
    }
    inputs.push_back(&graph.tensors[index]);
  }
  if (op.output >= graph.tensors.size() || available[op.output]) {
    return InvalidArgumentError("writes tensor " + std::to_string(op.output) +
                                ", which does not exist or is written already");
  }
  const GraphTensor& output = graph.tensors[op.output];
  PLUMB_RETURN_IF_ERROR(CheckOperandTypes(op, inputs));
  PLUMB_RETURN_IF_ERROR(CheckOutputType(output));
  PLUMB_ASSIGN_OR_RETURN(const Shape inferred, InferOutputShape(op, inputs, output.shape));
  if (!(inferred == output.shape)) {
    return InvalidArgumentError("makes " + inferred.ToString() + " but the file says " +
                                output.shape.ToString());
  }
  available[op.output] = true;
  return OkStatus();
}

Status CheckOps(const Graph& graph) {
  std::vector<bool> available(graph.tensors.size());
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    available[i] = graph.tensors[i].is_constant();
  }
  for (const uint32_t input : graph.inputs) {
    if (available[input]) {
      return InvalidArgumentError("input " + DescribeTensorName(graph.tensors[input]) +
                                  " is a constant or listed twice");
    }
    available[input] = true;
  }
  for (const GraphOp& op : graph.ops) {
    PLUMB_RETURN_IF_ERROR(CheckOp(graph, op, available).Annotate(DescribeOp(op)));
  }
  for (const uint32_t output : graph.outputs) {
    if (!available[output]) {
      return InvalidArgumentError("output " + DescribeTensorName(graph.tensors[output]) +
                                  " is never computed");
    }
  }
  return OkStatus();
}

}  // namespace

Status ValidateTensor(const GraphTensor& tensor) {
  if (!IsSafeName(tensor.name)) {
    return InvalidArgumentError("a tensor has a name that is empty, too long or not printable");
  }
  PLUMB_RETURN_IF_ERROR(CheckSize(tensor).Annotate(DescribeTensorName(tensor)));
  return CheckQuantization(tensor).Annotate(DescribeTensorName(tensor));
}

Status ValidateGraph(const Graph& graph) {
  if (graph.tensors.size() > kMaxGraphTensors || graph.ops.size() > kMaxGraphOps ||
      graph.inputs.size() > kMaxGraphTensors || graph.outputs.size() > kMaxGraphTensors) {
    return InvalidArgumentError("the network has more than 16384 tensors or 8192 operations");
  }
  for (const GraphTensor& tensor : graph.tensors) {
    PLUMB_RETURN_IF_ERROR(ValidateTensor(tensor));
  }
  PLUMB_RETURN_IF_ERROR(CheckIndices(graph, graph.inputs, "input"));
  PLUMB_RETURN_IF_ERROR(CheckIndices(graph, graph.outputs, "output"));
  return CheckOps(graph);
}

}  // namespace plumb::npu
