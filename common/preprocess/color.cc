#include "common/preprocess/color.h"

#include <array>
#include <utility>

namespace plumb::preprocess {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"RGB", "BGR", "GRAY"};

// OpenCV's weights, 15 bits.
constexpr uint32_t kRedWeight = 9798;
constexpr uint32_t kGreenWeight = 19235;
constexpr uint32_t kBlueWeight = 3735;
constexpr uint32_t kWeightBits = 15;

Pixels ToGray(const Pixels& rgb) {
  Pixels gray{rgb.width, rgb.height, 1, {}};
  gray.data.reserve(rgb.data.size() / 3);
  for (size_t i = 0; i + 2 < rgb.data.size(); i += 3) {
    const uint32_t sum = rgb.data[i] * kRedWeight + rgb.data[i + 1] * kGreenWeight +
                         rgb.data[i + 2] * kBlueWeight + (1U << (kWeightBits - 1));
    gray.data.push_back(static_cast<uint8_t>(sum >> kWeightBits));
  }
  return gray;
}

}  // namespace

Pixels PixelsOf(image::Image image) {
  return {image.width, image.height, 3, std::move(image.rgb)};
}

std::string_view ColorOrderName(ColorOrder order) {
  return kNames.at(static_cast<size_t>(order));
}

std::optional<ColorOrder> ParseColorOrder(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) {
      return static_cast<ColorOrder>(i);
    }
  }
  return std::nullopt;
}

uint32_t ChannelsOf(ColorOrder order) {
  return order == ColorOrder::kGray ? 1 : 3;
}

Result<Pixels> ToColorOrder(const Pixels& rgb, ColorOrder order) {
  if (rgb.channels != 3) {
    return InvalidArgumentError("colours need three channels, the picture has " +
                                std::to_string(rgb.channels));
  }
  if (order == ColorOrder::kGray) {
    return ToGray(rgb);
  }
  Pixels result = rgb;
  if (order == ColorOrder::kBgr) {
    for (size_t i = 0; i + 2 < result.data.size(); i += 3) {
      std::swap(result.data[i], result.data[i + 2]);
    }
  }
  return result;
}

std::vector<double> InChannelOrder(const dump::PerColor& colors, ColorOrder order) {
  switch (order) {
    case ColorOrder::kRgb:
      return {colors[0], colors[1], colors[2]};
    case ColorOrder::kBgr:
      return {colors[2], colors[1], colors[0]};
    case ColorOrder::kGray:
      return {colors[0]};
  }
  return {};
}

Result<std::vector<float>> Normalize(const Pixels& pixels,
                                     ColorOrder order,
                                     const Normalization& normalization) {
  if (ChannelsOf(order) != pixels.channels) {
    return InvalidArgumentError(std::string(ColorOrderName(order)) + " does not fit " +
                                std::to_string(pixels.channels) + " channels");
  }
  std::vector<float> values(pixels.data.begin(), pixels.data.end());
  PLUMB_RETURN_IF_ERROR(NormalizeInPlace(values, order, normalization));
  return values;
}

Status NormalizeInPlace(std::vector<float>& values,
                        ColorOrder order,
                        const Normalization& normalization) {
  const std::vector<double> mean = InChannelOrder(normalization.mean, order);
  const std::vector<double> std_dev = InChannelOrder(normalization.std_dev, order);
  if (values.size() % mean.size() != 0) {
    return InvalidArgumentError(std::to_string(values.size()) + " numbers are no whole pixels of " +
                                std::string(ColorOrderName(order)));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = i % mean.size();
    values[i] =
        (values[i] - static_cast<float>(mean[channel])) / static_cast<float>(std_dev[channel]);
  }
  return OkStatus();
}

}  // namespace plumb::preprocess
