#include "tests/oracle/int8_graph.h"

#include <map>
#include <string>
#include <vector>

#include "common/npu/quantize/fuse_softmax.h"
#include "common/npu/quantize/weights.h"

namespace plumb::testing {
namespace {

using npu::Graph;
using npu::GraphOp;
using npu::GraphQuantization;
using npu::GraphTensor;
using npu::OpKind;

class Int8Builder {
 public:
  Int8Builder(const Graph& graph, const npu::FixedModel& fixed) : graph_(npu::FuseSoftmax(graph)) {
    for (const npu::FixedTensor& tensor : fixed.tensors) {
      fixed_.emplace(tensor.name, &tensor);
    }
  }

  Result<Graph> Build() {
    const std::vector<GraphOp> ops = std::move(graph_.ops);
    graph_.ops.clear();
    for (GraphTensor& tensor : graph_.tensors) {
      TakeScheme(tensor);
    }
    for (const GraphOp& op : ops) {
      PLUMB_RETURN_IF_ERROR(AddOp(op).Annotate(npu::DescribeOp(op)));
    }
    PLUMB_RETURN_IF_ERROR(npu::ValidateGraph(graph_));
    return std::move(graph_);
  }

 private:
  void TakeScheme(GraphTensor& tensor) const {
    const auto found = fixed_.find(tensor.name);
    if (found == fixed_.end()) {
      return;
    }
    const npu::FixedTensor& fixed = *found->second;
    tensor.element_type = ElementType::kInt8;
    tensor.quantization = {{fixed.scale}, {fixed.zero_point - 128}, 0};
    std::vector<uint8_t> bytes(fixed.constant.span().begin(), fixed.constant.span().end());
    for (uint8_t& byte : bytes) {
      byte = static_cast<uint8_t>(byte ^ 0x80U);
    }
    tensor.constant = Buffer::FromVector(std::move(bytes));
  }

  uint32_t AddTensor(GraphTensor tensor) {
    tensor.name += "#" + std::to_string(graph_.tensors.size());
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<uint32_t>(graph_.tensors.size()) - 1;
  }

  // The same values in another shape or with another scheme.
  uint32_t Derive(uint32_t tensor, const Shape& shape, const GraphQuantization& scheme) {
    GraphTensor derived = graph_.tensors[tensor];
    derived.shape = shape;
    derived.quantization = scheme;
    derived.constant = {};
    return AddTensor(std::move(derived));
  }

  void Emit(OpKind kind, std::vector<uint32_t> inputs, uint32_t output) {
    graph_.ops.push_back(
        {kind, graph_.tensors[output].name, std::move(inputs), output, npu::Activation::kNone, {}});
  }

  [[nodiscard]] bool SameScheme(uint32_t a, uint32_t b) const {
    const GraphQuantization& x = graph_.tensors[a].quantization;
    const GraphQuantization& y = graph_.tensors[b].quantization;
    return x.scales == y.scales && x.zero_points == y.zero_points;
  }

  Status AddOp(GraphOp op) {
    if (npu::HasWeights(op.kind)) {
      return AddWeighted(std::move(op));
    }
    if (op.kind == OpKind::kConcat) {
      for (uint32_t& input : op.inputs) {
        input = Requantized(input, op.output);
      }
    }
    if (op.kind == OpKind::kAveragePool2d && !SameScheme(op.inputs[0], op.output)) {
      const uint32_t output = op.output;
      op.output =
          Derive(output, graph_.tensors[output].shape, graph_.tensors[op.inputs[0]].quantization);
      graph_.ops.push_back(op);
      Emit(OpKind::kQuantize, {op.output}, output);
      return OkStatus();
    }
    if (op.kind == OpKind::kNeg) {
      op.kind = OpKind::kSub;
      op.inputs.insert(op.inputs.begin(), AddZero(graph_.tensors[op.inputs[0]]));
    }
    graph_.ops.push_back(std::move(op));
    return OkStatus();
  }

  uint32_t AddZero(const GraphTensor& like) {
    GraphTensor zero = like;
    zero.shape = {1};
    zero.quantization.zero_points = {0};
    zero.constant = Buffer::FromVector(std::vector<uint8_t>(1, 0));
    return AddTensor(std::move(zero));
  }

  uint32_t Requantized(uint32_t input, uint32_t like) {
    if (SameScheme(input, like)) {
      return input;
    }
    const uint32_t copy =
        Derive(input, graph_.tensors[input].shape, graph_.tensors[like].quantization);
    Emit(OpKind::kQuantize, {input}, copy);
    return copy;
  }

  Status AddWeighted(GraphOp op) {
    const double input_scale = graph_.tensors[op.inputs[0]].quantization.scales.at(0);
    PLUMB_ASSIGN_OR_RETURN(const npu::IntegerWeights integers,
                           npu::QuantizeWeights(graph_, op, {input_scale, 0, 8}));
    const size_t channels = integers.scales.size();
    GraphTensor weights = graph_.tensors[op.inputs[1]];
    weights.element_type = ElementType::kInt8;
    weights.constant = integers.values;
    weights.quantization = {integers.scales,
                            std::vector<int64_t>(channels, 0),
                            op.kind == OpKind::kDepthwiseConv2d ? 3 : 0};
    if (op.kind == OpKind::kFullyConnected) {
      weights.shape = {weights.shape[0], 1, 1, weights.shape[1]};
    }
    GraphTensor bias;
    bias.name = "bias";
    bias.shape = {static_cast<int64_t>(channels)};
    bias.element_type = ElementType::kInt32;
    bias.quantization = {{}, std::vector<int64_t>(channels, 0), 0};
    for (const double scale : integers.scales) {
      bias.quantization.scales.push_back(scale * input_scale);
    }
    const std::vector<int32_t> values(integers.bias.begin(), integers.bias.end());
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    bias.constant = Buffer::Copy({bytes, values.size() * sizeof(int32_t)});
    op.inputs = {op.inputs[0], AddTensor(std::move(weights)), AddTensor(std::move(bias))};
    if (op.kind == OpKind::kFullyConnected) {
      return AddMatrix(std::move(op));
    }
    graph_.ops.push_back(std::move(op));
    return OkStatus();
  }

  Status AddMatrix(GraphOp op) {
    const int64_t depth = graph_.tensors[op.inputs[1]].shape[3];
    const int64_t channels = graph_.tensors[op.inputs[1]].shape[0];
    const auto count =
        static_cast<int64_t>(graph_.tensors[op.output].shape.element_count().value_or(0));
    const Shape rows = {1, 1, count / channels, depth};
    const Shape columns = {1, 1, count / channels, channels};
    const uint32_t input = op.inputs[0];
    const uint32_t output = op.output;
    op.inputs[0] = Derive(input, rows, graph_.tensors[input].quantization);
    op.output = Derive(output, columns, graph_.tensors[output].quantization);
    op.kind = OpKind::kConv2d;
    op.attributes = npu::WindowAttributes{};
    Emit(OpKind::kReshape, {input}, op.inputs[0]);
    graph_.ops.push_back(op);
    Emit(OpKind::kReshape, {op.output}, output);
    return OkStatus();
  }

  Graph graph_;
  std::map<std::string, const npu::FixedTensor*> fixed_;
};

}  // namespace

Result<Graph> Int8GraphOf(const Graph& graph, const npu::FixedModel& fixed) {
  return Int8Builder(graph, fixed).Build();
}

}  // namespace plumb::testing
