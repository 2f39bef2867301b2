#include "common/npu/quantize/scheme.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/base/text.h"

namespace plumb::npu {
namespace {

constexpr double kLeastSpan = 1e-3;

double AsFloat(double value) {
  return static_cast<double>(static_cast<float>(value));
}

}  // namespace

Scheme SchemeFromRange(double low, double high, int bits) {
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  if (high - low < 1e-8) {
    high = low + kLeastSpan;
  }
  Scheme scheme;
  if (bits == 16) {
    scheme.type = ElementType::kInt16;
    scheme.scale = AsFloat(std::max(-low, high) / 32767);
    return scheme;
  }
  scheme.scale = AsFloat((high - low) / 255);
  scheme.zero_point = static_cast<int32_t>(std::clamp(std::rint(-low / scheme.scale), 0.0, 255.0));
  return scheme;
}

Result<Scheme> SchemeOfPicture(const PictureInput& picture) {
  const double mean = picture.mean[0];
  if (!(picture.std_dev > 1e-6) || !(picture.std_dev < 1e6)) {
    return InvalidArgumentError("a standard deviation of " + ShortestDouble(picture.std_dev) +
                                " is not between 0.000001 and 1000000");
  }
  const bool gray = picture.format == InputFormat::kGray;
  if (!gray && (picture.mean[1] != mean || picture.mean[2] != mean)) {
    return UnimplementedError(
               "the channels have different means, but the pixels share one zero "
               "point")
        .WithHint("fold the per-channel means into the first convolution and give one mean");
  }
  if (!(mean >= 0) || !(mean <= 255)) {
    return InvalidArgumentError("a mean of " + ShortestDouble(mean) + " is not a pixel value")
        .WithHint("mean and std are in units of pixels, 0 to 255");
  }
  return Scheme{
      ElementType::kUint8, AsFloat(1 / picture.std_dev), static_cast<int32_t>(std::lround(mean))};
}

std::optional<Scheme> DictatedScheme(OpKind kind, int bits) {
  const bool wide = bits == 16;
  switch (kind) {
    case OpKind::kLogistic:
    case OpKind::kSoftmax:
      return wide ? Scheme{ElementType::kInt16, 1.0 / 32768, 0}
                  : Scheme{ElementType::kUint8, 1.0 / 256, 0};
    case OpKind::kTanh:
      return wide ? Scheme{ElementType::kInt16, 1.0 / 32768, 0}
                  : Scheme{ElementType::kUint8, 1.0 / 128, 128};
    default:
      return std::nullopt;
  }
}

bool KeepsScheme(OpKind kind) {
  switch (kind) {
    case OpKind::kMaxPool2d:
    case OpKind::kPad:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearest:
    case OpKind::kDepthToSpace:
    case OpKind::kStridedSlice:
      return true;
    default:
      return false;
  }
}

Result<Scheme> SchemeOfFile(const GraphTensor& tensor) {
  const std::string name = "tensor '" + EscapeForDisplay(tensor.name) + "'";
  const ElementType type = tensor.element_type;
  if (type != ElementType::kInt8 && type != ElementType::kUint8 && type != ElementType::kInt16) {
    return UnimplementedError(name + " is " + std::string(ElementTypeName(type)) +
                              " in the middle of a quantised network")
        .WithHint("quantise the whole network, or none of it");
  }
  if (tensor.quantization.scales.size() != 1) {
    return UnimplementedError(name + " has " + std::to_string(tensor.quantization.scales.size()) +
                              " scales; values need exactly one");
  }
  const Clamp range = StoredRange(type);
  const int64_t zero_point = tensor.quantization.zero_points[0];
  if (zero_point < range.low || zero_point > range.high) {
    return InvalidArgumentError(name + " has the zero point " + std::to_string(zero_point) +
                                ", which its type cannot hold");
  }
  return Scheme{type, tensor.quantization.scales[0], static_cast<int32_t>(zero_point)};
}

Buffer StoreValues(std::span<const float> values, const Scheme& scheme) {
  const Clamp range = StoredRange(scheme.type);
  const size_t size = ElementSize(scheme.type);
  std::vector<uint8_t> bytes(values.size() * size);
  for (size_t i = 0; i < values.size(); ++i) {
    const double stored =
        std::rint(static_cast<double>(values[i]) / scheme.scale) + scheme.zero_point;
    const auto q = static_cast<int16_t>(std::clamp<double>(stored, range.low, range.high));
    if (size == sizeof(q)) {
      std::memcpy(bytes.data() + i * size, &q, size);
    } else {
      bytes[i] = static_cast<uint8_t>(q);
    }
  }
  return Buffer::FromVector(std::move(bytes));
}

}  // namespace plumb::npu
