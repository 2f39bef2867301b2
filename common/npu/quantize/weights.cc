#include "common/npu/quantize/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/base/text.h"

namespace plumb::npu {
namespace {

constexpr double kLargestWeight = 127;

// Which output channel each weight belongs to.
struct ChannelOrder {
  size_t channels;
  size_t step;  // weights between two channels
  size_t per_channel;
  size_t stride;  // weights between two of one channel

  [[nodiscard]] size_t Index(size_t channel, size_t i) const { return channel * step + i * stride; }
};

ChannelOrder OrderOf(const GraphOp& op, const Shape& weights) {
  const size_t count = weights.element_count().value_or(0);
  if (op.kind == OpKind::kDepthwiseConv2d) {
    const auto channels = static_cast<size_t>(weights[3]);
    return {channels, 1, count / channels, channels};
  }
  const auto channels = static_cast<size_t>(weights[0]);
  return {channels, count / channels, count / channels, 1};
}

Status CheckFinite(const GraphTensor& tensor, const std::vector<float>& values) {
  const bool finite =
      std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  return finite ? OkStatus()
                : InvalidArgumentError("'" + EscapeForDisplay(tensor.name) +
                                       "' holds NaN or infinity");
}

std::string Named(const GraphTensor& tensor) {
  return "'" + EscapeForDisplay(tensor.name) + "'";
}

// One scale for each channel, whichever way the file states them.
Result<std::vector<double>> ChannelScales(const GraphTensor& weights, size_t channels) {
  const GraphQuantization& quantization = weights.quantization;
  const int64_t symmetric = weights.element_type == ElementType::kUint8 ? 128 : 0;
  const bool centred = std::all_of(quantization.zero_points.begin(),
                                   quantization.zero_points.end(),
                                   [symmetric](int64_t zero) { return zero == symmetric; });
  if (!centred) {
    return UnimplementedError("weights " + Named(weights) + " are not symmetric")
        .WithHint("quantise with symmetric int8 weights");
  }
  if (quantization.scales.size() == 1) {
    return std::vector<double>(channels, quantization.scales[0]);
  }
  if (quantization.scales.size() != channels) {
    return InvalidArgumentError("weights " + Named(weights) + " have " +
                                std::to_string(quantization.scales.size()) + " scales for " +
                                std::to_string(channels) + " channels");
  }
  return quantization.scales;
}

// In units of `units`, one for each channel.
Result<std::vector<int64_t>> RoundBias(const GraphTensor& bias, const std::vector<double>& units) {
  constexpr double kMost = 9.0e15;
  const std::vector<float> real = ConstantAsFloats(bias);
  std::vector<int64_t> values;
  for (size_t i = 0; i < real.size(); ++i) {
    const double value = std::rint(static_cast<double>(real[i]) / units[i]);
    if (!(std::fabs(value) < kMost)) {
      return InvalidArgumentError("bias " + Named(bias) + " is too large for its scale");
    }
    values.push_back(static_cast<int64_t>(value));
  }
  return values;
}

// True when integers of the bias stand for what they do in `units`, or do not say.
bool IsInUnits(const GraphTensor& bias, const std::vector<double>& units) {
  constexpr double kRounding = 1e-5;  // float32 products of two scales
  const std::vector<double>& scales = bias.quantization.scales;
  if (bias.element_type == ElementType::kFloat32 ||
      (!scales.empty() && scales.size() != 1 && scales.size() != units.size())) {
    return false;
  }
  for (size_t i = 0; i < units.size() && !scales.empty(); ++i) {
    const double scale = scales[scales.size() == 1 ? 0 : i];
    const bool same = std::fabs(scale / units[i] - 1) <= kRounding &&
                      bias.quantization.zero_points[scales.size() == 1 ? 0 : i] == 0;
    if (!same) {
      return false;
    }
  }
  return true;
}

Result<std::vector<int64_t>> TakeBias(const GraphTensor& bias, const std::vector<double>& units) {
  if (!IsInUnits(bias, units)) {
    return RoundBias(bias, units);
  }
  const size_t count = bias.shape.element_count().value_or(0);
  std::vector<int64_t> values(count);
  if (bias.element_type == ElementType::kInt64) {
    std::memcpy(values.data(), bias.constant.data(), count * sizeof(int64_t));
    return values;
  }
  if (bias.element_type != ElementType::kInt32) {
    return UnimplementedError("bias " + Named(bias) + " is neither int32 nor int64");
  }
  for (size_t i = 0; i < count; ++i) {
    int32_t value = 0;
    std::memcpy(&value, bias.constant.data() + i * sizeof(value), sizeof(value));
    values[i] = value;
  }
  return values;
}

// Fills the channel's part of `values`; gives its scale, which is at least `least`.
double QuantizeChannel(const std::vector<float>& real,
                       const ChannelOrder& order,
                       size_t channel,
                       double least,
                       std::vector<uint8_t>& values) {
  double largest = 0;
  for (size_t i = 0; i < order.per_channel; ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(real[order.Index(channel, i)])));
  }
  double scale = std::max(largest / kLargestWeight, least);
  // A channel of nothing but zeros may have any scale.
  scale = scale > 0 ? scale : 1e-6;
  for (size_t i = 0; i < order.per_channel; ++i) {
    const size_t index = order.Index(channel, i);
    const double q = std::rint(static_cast<double>(real[index]) / scale);
    values[index] =
        static_cast<uint8_t>(static_cast<int8_t>(std::clamp(q, -kLargestWeight, kLargestWeight)));
  }
  return scale;
}

}  // namespace

bool HasWeights(OpKind kind) {
  return kind == OpKind::kConv2d || kind == OpKind::kDepthwiseConv2d ||
         kind == OpKind::kTransposeConv2d || kind == OpKind::kFullyConnected;
}

Result<IntegerWeights> QuantizeWeights(const Graph& graph,
                                       const GraphOp& op,
                                       double input_scale,
                                       int bits) {
  const GraphTensor& tensor = graph.tensors[op.inputs[1]];
  const std::vector<float> real = ConstantAsFloats(tensor);
  const ChannelOrder order = OrderOf(op, tensor.shape);
  std::vector<float> bias(order.channels);
  if (op.inputs.size() > 2) {
    bias = ConstantAsFloats(graph.tensors[op.inputs[2]]);
    PLUMB_RETURN_IF_ERROR(CheckFinite(graph.tensors[op.inputs[2]], bias));
  }
  PLUMB_RETURN_IF_ERROR(CheckFinite(tensor, real));
  const double bias_limit = std::ldexp(1.0, bits == 16 ? 40 : 30);
  IntegerWeights weights;
  std::vector<uint8_t> values(real.size());
  for (size_t channel = 0; channel < order.channels; ++channel) {
    const auto offset = static_cast<double>(bias[channel]);
    const double least = std::fabs(offset) / (input_scale * bias_limit);
    const double scale = QuantizeChannel(real, order, channel, least, values);
    weights.scales.push_back(scale);
    weights.bias.push_back(std::llround(offset / (input_scale * scale)));
  }
  weights.values = Buffer::FromVector(std::move(values));
  return weights;
}

Result<IntegerWeights> TakeWeights(const Graph& graph, const GraphOp& op, double input_scale) {
  const GraphTensor& tensor = graph.tensors[op.inputs[1]];
  const ChannelOrder order = OrderOf(op, tensor.shape);
  const bool is_unsigned = tensor.element_type == ElementType::kUint8;
  if (tensor.element_type != ElementType::kInt8 && !is_unsigned) {
    return UnimplementedError("weights " + Named(tensor) + " are " +
                              std::string(ElementTypeName(tensor.element_type)) + ", not int8");
  }
  IntegerWeights weights;
  PLUMB_ASSIGN_OR_RETURN(weights.scales, ChannelScales(tensor, order.channels));
  std::vector<uint8_t> values(tensor.constant.span().begin(), tensor.constant.span().end());
  if (is_unsigned) {
    for (uint8_t& value : values) {
      value = static_cast<uint8_t>(value ^ 0x80U);
    }
  }
  weights.values = Buffer::FromVector(std::move(values));
  weights.bias.assign(order.channels, 0);
  if (op.inputs.size() > 2) {
    std::vector<double> units;
    for (const double scale : weights.scales) {
      units.push_back(input_scale * scale);
    }
    PLUMB_ASSIGN_OR_RETURN(weights.bias, TakeBias(graph.tensors[op.inputs[2]], units));
  }
  return weights;
}

}  // namespace plumb::npu
