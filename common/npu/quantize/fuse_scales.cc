#include "common/npu/quantize/fuse_scales.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace plumb::npu {
namespace {

constexpr size_t kNone = SIZE_MAX;

bool HasChannels(OpKind kind) {
  return kind == OpKind::kConv2d || kind == OpKind::kDepthwiseConv2d ||
         kind == OpKind::kTransposeConv2d || kind == OpKind::kFullyConnected;
}

// factor · x + offset of each channel.
struct Line {
  std::vector<double> factor, offset;
};

Buffer BytesOf(const std::vector<float>& values) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  return Buffer::Copy({bytes, values.size() * sizeof(float)});
}

bool IsFinite(const std::vector<float>& values) {
  return std::all_of(
      values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

class ScaleFuser {
 public:
  explicit ScaleFuser(Graph graph)
      : graph_(std::move(graph)),
        makers_(graph_.tensors.size(), kNone),
        readers_(graph_.tensors.size(), 0) {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      makers_[graph_.ops[i].output] = i;
      for (const uint32_t input : graph_.ops[i].inputs) {
        ++readers_[input];
      }
    }
    for (const uint32_t output : graph_.outputs) {
      ++readers_[output];
    }
  }

  Graph Fuse() {
    std::vector<GraphOp> kept;
    std::vector<bool> dropped(graph_.ops.size());
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      dropped[i] = FuseInto(graph_.ops[i]);
    }
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (!dropped[i]) {
        kept.push_back(std::move(graph_.ops[i]));
      }
    }
    graph_.ops = std::move(kept);
    return std::move(graph_);
  }

 private:
  // True when a convolution before it now does the work of `op`.
  bool FuseInto(const GraphOp& op) {
    for (const size_t operand : {size_t{0}, size_t{1}}) {
      if (op.inputs.size() != 2 || (op.kind == OpKind::kSub && operand == 1)) {
        return false;
      }
      const size_t maker = ConvolutionOf(op.inputs[operand], op.output);
      if (maker == kNone) {
        continue;
      }
      const std::optional<Line> line = LineOf(op, op.inputs[1 - operand]);
      if (line && Apply(*line, graph_.ops[maker])) {
        GraphOp& convolution = graph_.ops[maker];
        convolution.output = op.output;
        convolution.name = op.name;
        convolution.activation = op.activation;
        makers_[op.output] = maker;
        return true;
      }
    }
    return false;
  }

  // The convolution that makes `tensor` for one reader alone, whose result has the same shape.
  [[nodiscard]] size_t ConvolutionOf(uint32_t tensor, uint32_t result) const {
    const size_t maker = makers_[tensor];
    if (maker == kNone || readers_[tensor] != 1) {
      return kNone;
    }
    const GraphOp& op = graph_.ops[maker];
    const bool fits = HasChannels(op.kind) && op.activation == Activation::kNone &&
                      graph_.tensors[tensor].shape == graph_.tensors[result].shape &&
                      std::all_of(op.inputs.begin() + 1, op.inputs.end(), [this](uint32_t input) {
                        return graph_.tensors[input].element_type == ElementType::kFloat32;
                      });
    return fits ? maker : kNone;
  }

  // What `op` does to each channel of its result by this operand.
  [[nodiscard]] std::optional<Line> LineOf(const GraphOp& op, uint32_t operand) const {
    const GraphTensor& constant = graph_.tensors[operand];
    const auto channels = static_cast<uint64_t>(graph_.tensors[op.output].shape.innermost());
    const std::optional<uint64_t> count = constant.shape.element_count();
    const bool each = count == channels &&
                      constant.shape.innermost() == graph_.tensors[op.output].shape.innermost();
    if (!constant.is_constant() || constant.element_type != ElementType::kFloat32 ||
        (!each && count != 1U)) {
      return std::nullopt;
    }
    const std::vector<float> values = ConstantAsFloats(constant);
    Line line{std::vector<double>(channels, 1), std::vector<double>(channels, 0)};
    for (size_t c = 0; c < channels; ++c) {
      const auto value = static_cast<double>(values[each ? c : 0]);
      switch (op.kind) {
        case OpKind::kMul:
          line.factor[c] = value;
          break;
        case OpKind::kAdd:
          line.offset[c] = value;
          break;
        case OpKind::kSub:
          line.offset[c] = -value;
          break;
        default:
          return std::nullopt;
      }
    }
    return line;
  }

  // False, with nothing changed, when a number would not be finite.
  bool Apply(const Line& line, GraphOp& convolution) {
    const size_t channels = line.factor.size();
    const GraphTensor& weights = graph_.tensors[convolution.inputs[1]];
    std::vector<float> scaled = ConstantAsFloats(weights);
    // Channels are the last axis of a depthwise convolution's weights and the first of others'.
    const size_t block =
        convolution.kind == OpKind::kDepthwiseConv2d ? 1 : scaled.size() / channels;
    for (size_t i = 0; i < scaled.size(); ++i) {
      scaled[i] =
          static_cast<float>(static_cast<double>(scaled[i]) * line.factor[i / block % channels]);
    }
    std::vector<float> bias(channels, 0);
    if (convolution.inputs.size() > 2) {
      bias = ConstantAsFloats(graph_.tensors[convolution.inputs[2]]);
    }
    for (size_t c = 0; c < channels; ++c) {
      bias[c] = static_cast<float>(static_cast<double>(bias[c]) * line.factor[c] + line.offset[c]);
    }
    if (!IsFinite(scaled) || !IsFinite(bias) || graph_.tensors.size() + 2 > kMaxGraphTensors) {
      return false;
    }
    const Shape shape = weights.shape;
    const std::string name = weights.name;
    convolution.inputs[1] = AddConstant(name, shape, scaled);
    const std::string bias_name =
        convolution.inputs.size() > 2 ? graph_.tensors[convolution.inputs[2]].name : name + ":bias";
    convolution.inputs.resize(3);
    convolution.inputs[2] = AddConstant(bias_name, Shape{static_cast<int64_t>(channels)}, bias);
    return true;
  }

  uint32_t AddConstant(std::string name, const Shape& shape, const std::vector<float>& values) {
    GraphTensor tensor;
    tensor.name = std::move(name);
    tensor.shape = shape;
    tensor.constant = BytesOf(values);
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<uint32_t>(graph_.tensors.size() - 1);
  }

  Graph graph_;
  std::vector<size_t> makers_;  // of the tensors that the graph came with
  std::vector<size_t> readers_;
};

}  // namespace

Graph FuseScales(Graph graph) {
  return ScaleFuser(std::move(graph)).Fuse();
}

}  // namespace plumb::npu
