// The layers of a network in integers as every stage of `plumb dump` and `plumb layers --live`
// writes them, and what they start from.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "client/cli/network/dump_stages.h"
#include "common/layers/fusion_map.h"
#include "common/npu/model/model.h"

namespace plumb::client {

// The stored values of every input of `model` from the files of request.input. For an offline model
// a file may also hold the bytes of the input's buffer. Usage errors name --input.
Result<std::vector<std::vector<int16_t>>> StoredInputsOf(const DumpRequest& request,
                                                         const npu::FixedModel& model,
                                                         const CancelToken& cancel);

// The bytes of every input buffer of an offline model: pixels for the picture formats, real
// numbers, not normalised again, for RAWDATA. Sizes are payload_size. Errors as StoredInputsOf.
Result<std::vector<std::vector<uint8_t>>> ChipInputsOf(const DumpRequest& request,
                                                       const npu::FixedModel& model,
                                                       const CancelToken& cancel);

// Writes the output of operation `op`, dequantised. `stored`: one value per element of its tensor.
Status AddFixedLayer(const npu::FixedModel& model,
                     size_t op,
                     std::span<const int16_t> stored,
                     DumpOutput& output);
// The same for values that are real numbers already.
Status AddRealLayer(const npu::FixedModel& model,
                    size_t op,
                    std::span<const float> values,
                    DumpOutput& output);

// Runs the model with the reference kernels and writes every operation's output.
Status RunFixedLayers(const std::shared_ptr<const npu::FixedModel>& model,
                      const std::vector<std::vector<int16_t>>& stored,
                      DumpOutput& output);

// What the quantiser fused, which the stages in float show and those in integers do not.
layers::FusionMap FusionMapOf(const npu::FixedModel& model);

}  // namespace plumb::client
