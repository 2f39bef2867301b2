#include "client/cli/option/script_array.h"

#include <cmath>
#include <utility>

#include "common/runner/failure.h"

namespace plumb::client {
namespace {

std::string Described(const Tensor& array) {
  return std::string(ElementTypeName(array.desc.element_type)) + "[" + array.desc.shape.ToString() +
         "]";
}

// Without a batch of one and, for gray, with the channel that the array leaves out.
std::vector<int64_t> PictureDims(const Shape& shape, uint32_t channels, bool channels_first) {
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().end());
  if (dims.size() == 4 && dims[0] == 1) {
    dims.erase(dims.begin());
  }
  if (dims.size() == 2 && channels == 1) {
    dims.insert(channels_first ? dims.begin() : dims.end(), 1);
  }
  return dims;
}

bool IsChannelsFirst(const Shape& shape, const PictureGeometry& picture) {
  return PictureDims(shape, picture.channels, true) ==
         std::vector<int64_t>{picture.channels, picture.height, picture.width};
}

std::string WantedShape(const PictureGeometry& picture) {
  return "[" + std::to_string(picture.height) + "x" + std::to_string(picture.width) + "x" +
         std::to_string(picture.channels) + "]";
}

// [C, H, W] with the channels last.
std::vector<float> ChannelsLast(const std::vector<float>& planes, const PictureGeometry& picture) {
  const size_t plane = size_t{picture.width} * picture.height;
  std::vector<float> turned;
  turned.reserve(planes.size());
  for (size_t i = 0; i < plane; ++i) {
    for (size_t c = 0; c < picture.channels; ++c) {
      turned.push_back(planes[c * plane + i]);
    }
  }
  return turned;
}

}  // namespace

Status UnfitArray(const Tensor& array, const std::string& wanted, std::string_view hint) {
  return InvalidArgumentError("image_preprocess returned " + Described(array) + ", wanted is " +
                              wanted)
      .WithReason(kReasonUsage)
      .WithHint(hint);
}

bool IsChannelsLast(const Shape& shape, const PictureGeometry& picture) {
  return PictureDims(shape, picture.channels, false) ==
         std::vector<int64_t>{picture.height, picture.width, picture.channels};
}

Result<std::vector<uint8_t>> PixelsOfArray(const Tensor& array, const std::string& wanted) {
  if (array.desc.element_type == ElementType::kUint8) {
    const auto bytes = array.bytes.span();
    return std::vector<uint8_t>(bytes.begin(), bytes.end());
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(array));
  std::vector<uint8_t> pixels;
  pixels.reserve(values.size());
  for (const double value : values) {
    if (!(value >= 0 && value <= 255) || value != std::floor(value)) {
      return UnfitArray(array,
                        wanted,
                        "the values are no pixels: normalise only where norm is True; fixed and "
                        "offline models are called with norm False");
    }
    pixels.push_back(static_cast<uint8_t>(value));
  }
  return pixels;
}

Result<std::vector<float>> RealArray(const Tensor& array, const SampleInput& input) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> real, RealValues(array));
  std::vector<float> values(real.begin(), real.end());
  if (input.geometry) {
    const PictureGeometry& picture = *input.geometry;
    if (IsChannelsLast(array.desc.shape, picture)) {
      return InLayout(std::move(values), picture);
    }
    if (IsChannelsFirst(array.desc.shape, picture)) {
      return picture.channels_first ? std::move(values) : ChannelsLast(values, picture);
    }
    return UnfitArray(
        array, "f32" + WantedShape(picture), "resize to the network's input in the script");
  }
  if (values.size() != input.shape.element_count().value_or(0)) {
    return UnfitArray(array,
                      "f32[" + input.shape.ToString() + "]",
                      "return as many numbers as the network's input has");
  }
  return values;
}

Result<SampleValue> SampleOfArray(const Tensor& array, const SampleInput& input) {
  SampleValue sample;
  if (!input.rule || !input.geometry) {
    PLUMB_ASSIGN_OR_RETURN(sample.values, RealArray(array, input));
    return sample;
  }
  const PictureGeometry& picture = *input.geometry;
  const std::string wanted = "u8" + WantedShape(picture);
  if (!IsChannelsLast(array.desc.shape, picture)) {
    return UnfitArray(array, wanted, "resize to the network's input, and leave the channels last");
  }
  PLUMB_ASSIGN_OR_RETURN(std::vector<uint8_t> pixels, PixelsOfArray(array, wanted));
  sample.pixels = {picture.width, picture.height, picture.channels, std::move(pixels)};
  return sample;
}

}  // namespace plumb::client
