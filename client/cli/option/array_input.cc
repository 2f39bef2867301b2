#include <algorithm>
#include <cmath>

#include "client/cli/option/recipe_option.h"
#include "common/preprocess/buffer.h"
#include "common/preprocess/synthesize.h"

namespace plumb::client {
namespace {

using preprocess::ColorOrder;

std::string Described(const Tensor& array) {
  return std::string(ElementTypeName(array.desc.element_type)) + "[" + array.desc.shape.ToString() +
         "]";
}

// [H,W,C], [1,H,W,C] and, for one channel, [H,W].
bool IsOfSize(const Shape& shape, const preprocess::BufferRule& buffer, uint32_t channels) {
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().end());
  if (dims.size() == 4 && dims[0] == 1) {
    dims.erase(dims.begin());
  }
  if (dims.size() == 2 && channels == 1) {
    dims.push_back(1);
  }
  return dims == std::vector<int64_t>{buffer.height, buffer.width, channels};
}

bool AllPixels(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) {
    return value >= 0 && value <= 255 && value == std::floor(value);
  });
}

Result<std::vector<uint8_t>> EncodePixels(const std::vector<double>& values,
                                          const Tensor& array,
                                          const WantedInput& wanted) {
  const preprocess::Recipe& recipe = wanted.recipe;
  const preprocess::BufferRule& buffer = recipe.buffer;
  const uint32_t channels = preprocess::IsGray(recipe) ? 1 : 3;
  if (!IsOfSize(array.desc.shape, buffer, channels) || !AllPixels(values)) {
    return InvalidArgumentError("the array is " + Described(array) +
                                ", wanted are pixels of 0 to "
                                "255, [" +
                                std::to_string(buffer.height) + "," + std::to_string(buffer.width) +
                                "," + std::to_string(channels) + "] in the order " +
                                std::string(preprocess::ColorOrderName(
                                    channels == 1 ? ColorOrder::kGray : recipe.order)))
        .WithHint("resize to the input's size, leave channels last, and do not normalise");
  }
  preprocess::Prepared prepared;
  prepared.bytes = {
      buffer.width, buffer.height, channels, std::vector<uint8_t>(values.begin(), values.end())};
  if (channels == 3 && recipe.order == ColorOrder::kBgr) {
    PLUMB_ASSIGN_OR_RETURN(prepared.bytes,
                           preprocess::ToColorOrder(prepared.bytes, ColorOrder::kBgr));
  }
  return preprocess::Encode(prepared, recipe);
}

}  // namespace

Result<std::vector<uint8_t>> EncodeArray(const Tensor& array, const WantedInput& wanted) {
  const preprocess::BufferRule& buffer = wanted.recipe.buffer;
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(array));
  const bool bytes = array.desc.element_type == ElementType::kUint8 && wanted.takes_picture;
  if (npu::IsPictureFormat(buffer.format) || bytes) {
    return EncodePixels(values, array, wanted);
  }
  if (wanted.element_count != 0 && values.size() != wanted.element_count) {
    return InvalidArgumentError("the array is " + Described(array) + ", input '" + wanted.name +
                                "' has " + std::to_string(wanted.element_count) + " elements")
        .WithHint("give as many numbers as the model's input has, channels last");
  }
  const Shape& shape = array.desc.shape;
  const uint64_t own = shape.rank() == 0 ? 1 : static_cast<uint64_t>(shape.innermost());
  const std::vector<float> numbers(values.begin(), values.end());
  return preprocess::EncodeNumbers(numbers, wanted.innermost == 0 ? own : wanted.innermost, buffer);
}

}  // namespace plumb::client
