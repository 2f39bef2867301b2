#include <algorithm>

#include "common/base/text.h"
#include "common/npu/quantize/builder.h"
#include "common/npu/quantize/quantize.h"
#include "common/npu/quantize/scheme.h"
#include "common/npu/quantize/wanted_scheme.h"
#include "common/npu/quantize/weights.h"

namespace plumb::npu {
namespace {

// Takes a quantised graph over: integers throughout (TFLite), or real operations between
// DEQUANTIZE and QUANTIZE (ONNX's QDQ). Converters leave float inputs and outputs on request: then
// a QUANTIZE follows the input and a DEQUANTIZE precedes the output, and the integer tensor next to
// them stands for both.
class FileQuantizer {
 public:
  FileQuantizer(const Graph& graph, const QuantizeOptions& options)
      : graph_(graph),
        builder_(graph, options),
        wanted_(FindWantedSchemes(graph)),
        exact_(graph.tensors.size()) {}

  Result<FixedModel> Convert();

 private:
  Status DefineInput(size_t position);
  Status DefineOperand(uint32_t tensor);
  Status JoinInput(const GraphOp& op);
  [[nodiscard]] Result<Scheme> SchemeOfResult(const GraphOp& op) const;
  [[nodiscard]] bool IsOutput(uint32_t tensor) const;
  Status AddLayer(const GraphOp& op);
  Status AddOp(const GraphOp& op);

  [[nodiscard]] bool IsReal(uint32_t tensor) const {
    return graph_.tensors[tensor].element_type == ElementType::kFloat32;
  }

  const Graph& graph_;
  ModelBuilder builder_;
  std::vector<std::optional<Scheme>> wanted_;
  std::vector<bool> exact_;  // real tensors that hold nothing but what integers stand for
};

Status FileQuantizer::DefineInput(size_t position) {
  const uint32_t tensor = graph_.inputs[position];
  uint32_t source = tensor;
  for (const GraphOp& op : graph_.ops) {
    if (IsReal(tensor) && op.kind == OpKind::kQuantize && op.inputs[0] == tensor) {
      source = op.output;
      break;
    }
  }
  PLUMB_ASSIGN_OR_RETURN(const Scheme scheme, SchemeOfFile(graph_.tensors[source]));
  builder_.Define(tensor, scheme);
  return builder_.AddInput(position);
}

Status FileQuantizer::DefineOperand(uint32_t tensor) {
  if (builder_.IsDefined(tensor)) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const Scheme scheme, SchemeOfFile(graph_.tensors[tensor]));
  builder_.Define(tensor, scheme, graph_.tensors[tensor].constant);
  return OkStatus();
}

// The QUANTIZE after a real input: what it makes is the input itself.
Status FileQuantizer::JoinInput(const GraphOp& op) {
  PLUMB_ASSIGN_OR_RETURN(const Scheme scheme, SchemeOfFile(graph_.tensors[op.output]));
  const FixedTensor& input = builder_.At(op.inputs[0]);
  if (SameScheme(scheme, {input.element_type, input.scale, input.zero_point})) {
    builder_.Alias(op.output, op.inputs[0]);
    return OkStatus();
  }
  if (exact_[op.inputs[0]]) {
    return AddLayer(op);
  }
  return UnimplementedError("quantises '" + EscapeForDisplay(graph_.tensors[op.inputs[0]].name) +
                            "' in another way than its other readers");
}

bool FileQuantizer::IsOutput(uint32_t tensor) const {
  return std::find(graph_.outputs.begin(), graph_.outputs.end(), tensor) != graph_.outputs.end();
}

// A real result is stored as its operand where it is made of that one's elements, else as what
// reads it says.
Result<Scheme> FileQuantizer::SchemeOfResult(const GraphOp& op) const {
  if (!IsReal(op.output)) {
    return SchemeOfFile(graph_.tensors[op.output]);
  }
  if (KeepsScheme(op.kind)) {
    const FixedTensor& input = builder_.At(op.inputs[0]);
    return Scheme{input.element_type, input.scale, input.zero_point};
  }
  if (wanted_[op.output]) {
    return *wanted_[op.output];
  }
  return SchemeOfFile(graph_.tensors[op.output]);
}

Status FileQuantizer::AddLayer(const GraphOp& op) {
  PLUMB_ASSIGN_OR_RETURN(const Scheme scheme, SchemeOfResult(op));
  builder_.Define(op.output, scheme);
  exact_[op.output] = KeepsScheme(op.kind) && (exact_[op.inputs[0]] || !IsReal(op.inputs[0]));
  if (!HasWeights(op.kind)) {
    return builder_.AddOp(op, std::nullopt);
  }
  PLUMB_ASSIGN_OR_RETURN(IntegerWeights weights,
                         TakeWeights(graph_, op, builder_.At(op.inputs[0]).scale));
  return builder_.AddOp(op, std::move(weights));
}

Status FileQuantizer::AddOp(const GraphOp& op) {
  if (op.kind == OpKind::kQuantize && IsReal(op.inputs[0]) && builder_.IsDefined(op.inputs[0])) {
    return JoinInput(op);
  }
  const size_t values = HasWeights(op.kind) ? 1 : op.inputs.size();
  for (size_t i = 0; i < values; ++i) {
    PLUMB_RETURN_IF_ERROR(DefineOperand(op.inputs[i]));
  }
  if (op.kind != OpKind::kDequantize) {
    return AddLayer(op);
  }
  builder_.Alias(op.output, op.inputs[0]);
  exact_[op.output] = true;
  if (IsOutput(op.output)) {
    builder_.Rename(op.output, graph_.tensors[op.output].name);
  }
  return OkStatus();
}

Result<FixedModel> FileQuantizer::Convert() {
  for (size_t i = 0; i < graph_.inputs.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(DefineInput(i));
  }
  for (const GraphOp& op : graph_.ops) {
    PLUMB_RETURN_IF_ERROR(AddOp(op).Annotate(DescribeOp(op)));
  }
  return builder_.Finish();
}

}  // namespace

Result<FixedModel> FixedFromQuantizedGraph(const Graph& graph, const QuantizeOptions& options) {
  PLUMB_RETURN_IF_ERROR(ValidateGraph(graph));
  if (!IsQuantized(graph)) {
    return FailedPreconditionError("the network is a float network")
        .WithHint("calibrate it with representative inputs");
  }
  PLUMB_RETURN_IF_ERROR(CheckPictures(graph, options));
  return FileQuantizer(graph, options).Convert();
}

}  // namespace plumb::npu
