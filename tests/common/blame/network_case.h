// A real network with one picture: what it computes in float, and its fixed model.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/blame/problem.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "common/npu/quantize/quantize.h"

namespace plumb::testing {

struct NetworkCase {
  npu::FixedModel model;
  std::map<std::string, std::vector<float>> reference;  // what every layer gives in float
  std::vector<int16_t> input;                           // stored, of the only input
};

// A file with one input of three channels: imported, calibrated on a
// picture of its own size, quantised to 8 bits.
NetworkCase MakeNetworkCase(const std::filesystem::path& file,
                            const std::vector<int64_t>& onnx_shape,
                            const npu::PictureInput& picture);

// What every layer of `model` gives on the input, dequantised.
std::map<std::string, std::vector<float>> RunWhole(const npu::FixedModel& model,
                                                   const std::vector<int16_t>& input);

// Both sides in memory, limits cosine 0.99 and rel_l1 0.1. The arguments must outlive it.
blame::BlameProblem MakeProblem(blame::SubgraphRunner& runner,
                                const std::map<std::string, std::vector<float>>& reference,
                                const std::map<std::string, std::vector<float>>& target);

}  // namespace plumb::testing
