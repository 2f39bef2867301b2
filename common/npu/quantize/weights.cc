#include "common/npu/quantize/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/base/text.h"

namespace plumb::npu {
namespace {

constexpr double kLargestWeight = 127;
constexpr float kAnyScale = 1e-6F;
constexpr double kBiasLimit = 70368744177664.0;  // 2^46, see ops_window.h

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

// What an operation's weights and bias are as real numbers.
struct RealWeights {
  ChannelOrder order;
  std::vector<float> values;
  std::vector<float> bias;  // zeros where there is none
};

Result<RealWeights> RealWeightsOf(const Graph& graph, const GraphOp& op) {
  const GraphTensor& tensor = graph.tensors[op.inputs[1]];
  RealWeights real{OrderOf(op, tensor.shape), ConstantAsFloats(tensor), {}};
  real.bias.resize(real.order.channels);
  if (op.inputs.size() > 2) {
    real.bias = ConstantAsFloats(graph.tensors[op.inputs[2]]);
    PLUMB_RETURN_IF_ERROR(CheckFinite(graph.tensors[op.inputs[2]], real.bias));
  }
  PLUMB_RETURN_IF_ERROR(CheckFinite(tensor, real.values));
  return real;
}

double LargestOf(const RealWeights& real, size_t channel) {
  double largest = 0;
  for (size_t i = 0; i < real.order.per_channel; ++i) {
    const size_t index = real.order.Index(channel, i);
    largest = std::max(largest, std::fabs(static_cast<double>(real.values[index])));
  }
  return largest;
}

IntegerWeights Store(const RealWeights& real, double input_scale, std::vector<double> scales) {
  std::vector<uint8_t> values(real.values.size());
  IntegerWeights weights;
  for (size_t channel = 0; channel < real.order.channels; ++channel) {
    const double scale = scales[channel];
    for (size_t i = 0; i < real.order.per_channel; ++i) {
      const size_t index = real.order.Index(channel, i);
      const double q = std::rint(static_cast<double>(real.values[index]) / scale);
      values[index] =
          static_cast<uint8_t>(static_cast<int8_t>(std::clamp(q, -kLargestWeight, kLargestWeight)));
    }
    weights.bias.push_back(
        std::llround(static_cast<double>(real.bias[channel]) / (input_scale * scale)));
  }
  weights.values = Buffer::FromVector(std::move(values));
  weights.scales = std::move(scales);
  return weights;
}

}  // namespace

bool HasWeights(OpKind kind) {
  return kind == OpKind::kConv2d || kind == OpKind::kDepthwiseConv2d ||
         kind == OpKind::kTransposeConv2d || kind == OpKind::kFullyConnected;
}

Result<IntegerWeights> QuantizeWeights(const Graph& graph,
                                       const GraphOp& op,
                                       const WeightUse& use,
                                       WeightScales kind) {
  PLUMB_ASSIGN_OR_RETURN(const RealWeights real, RealWeightsOf(graph, op));
  const double bias_limit = std::ldexp(1.0, use.bits == 16 ? 40 : 30);
  // A multiplier below 2^-32 has fewer bits than 31 (freeze.h).
  const double least_factor = std::ldexp(use.output_scale / use.input_scale, -30);
  std::vector<double> scales;
  for (size_t channel = 0; channel < real.order.channels; ++channel) {
    const double least = std::max(
        least_factor,
        std::fabs(static_cast<double>(real.bias[channel])) / (use.input_scale * bias_limit));
    // A float32, so that the fixed model's multipliers still tell it exactly (table.h).
    const auto scale =
        static_cast<float>(std::max(LargestOf(real, channel) / kLargestWeight, least));
    // A channel of nothing but zeros may have any scale.
    scales.push_back(static_cast<double>(scale > 0 ? scale : kAnyScale));
  }
  if (kind == WeightScales::kPerTensor) {
    scales.assign(scales.size(), *std::max_element(scales.begin(), scales.end()));
  }
  return Store(real, use.input_scale, std::move(scales));
}

Result<IntegerWeights> QuantizeWeightsWith(const Graph& graph,
                                           const GraphOp& op,
                                           double input_scale,
                                           std::span<const double> scales) {
  PLUMB_ASSIGN_OR_RETURN(const RealWeights real, RealWeightsOf(graph, op));
  const size_t channels = real.order.channels;
  if (scales.size() != 1 && scales.size() != channels) {
    return InvalidArgumentError(std::to_string(scales.size()) + " ranges for " +
                                std::to_string(channels) + " channels of weights");
  }
  std::vector<double> each(scales.begin(), scales.end());
  each.resize(channels, scales.front());
  for (size_t channel = 0; channel < channels; ++channel) {
    const double bias = std::fabs(static_cast<double>(real.bias[channel]));
    if (!(bias / (input_scale * each[channel]) < kBiasLimit)) {
      return InvalidArgumentError("the range of channel " + std::to_string(channel) +
                                  " is too small for its bias");
    }
  }
  return Store(real, input_scale, std::move(each));
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
