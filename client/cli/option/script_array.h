// What a preprocessing script returned, checked against what an input takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/cli/option/samples.h"
#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb::client {

// A usage error that says what was returned and that `wanted` was not.
Status UnfitArray(const Tensor& array, const std::string& wanted, std::string_view hint);

// [H,W,C], [1,H,W,C] and, for one channel, [H,W] of the picture's size.
bool IsChannelsLast(const Shape& shape, const PictureGeometry& picture);

// The array's elements as pixels; real numbers only when each of them is one. `wanted` is for the
// message.
Result<std::vector<uint8_t>> PixelsOfArray(const Tensor& array, const std::string& wanted);

// The real numbers of a float stage (norm True), in the input's own layout: a picture may come with
// its channels last or first, anything else needs as many numbers as the input has elements.
Result<std::vector<float>> RealArray(const Tensor& array, const SampleInput& input);

// The sample of a fixed stage (norm False): pixels for an input that takes pictures, in the order
// the network was trained with, real numbers for any other.
Result<SampleValue> SampleOfArray(const Tensor& array, const SampleInput& input);

}  // namespace plumb::client
