// A float network small enough to compute by hand, as a file of each framework: a 1×1 convolution
// of 3 into 5 channels, and its largest value per channel.
//
//   scores[h,w,c] = Σk x[h,w,k] · weight[c][k] + bias[c],  peak[c] = max over h,w of scores[h,w,c]
//
// Weights, biases and pictures are small integers, so that every order of summation gives the same
// float. Outputs are "scores" and "peak"; the input is "picture".
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/npu/import/import.h"
#include "common/tensor/shape.h"

namespace plumb::test {

// Writes the file, or of Caffe both, into `folder` and returns the one to name.
std::filesystem::path WriteSmallNetwork(npu::NetworkFormat format,
                                        int rows,
                                        int columns,
                                        const std::filesystem::path& folder);

// Elements of `picture` (RGB, any size) less 128, as the file's framework orders its axes.
std::vector<float> SmallNetworkInput(npu::NetworkFormat format,
                                     const std::vector<uint8_t>& picture);

// The outputs, by plain arithmetic, in the framework's order.
std::vector<float> SmallNetworkScores(npu::NetworkFormat format,
                                      const std::vector<uint8_t>& picture);
std::vector<float> SmallNetworkPeak(const std::vector<uint8_t>& picture);

// Of scores, as the framework has it.
Shape SmallNetworkShape(npu::NetworkFormat format, int rows, int columns);

}  // namespace plumb::test
