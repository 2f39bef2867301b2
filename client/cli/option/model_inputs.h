// What the inputs of a loaded network take, and samples turned into it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/option/picture_rule.h"
#include "client/cli/option/samples.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"

namespace plumb::client {

// One entry per input of the graph. An input of three channels is a picture unless the
// configuration says RAWDATA; one of one channel only when --color or the configuration says GRAY,
// or when `first_files` (the files of the first sample) shows a picture.
Result<std::vector<SampleInput>> InputsOfGraph(const npu::Graph& graph,
                                               const PictureRules& rules,
                                               const std::vector<std::string>& first_files,
                                               Console& console);

// The inputs with their geometry and no rule for pictures.
std::vector<SampleInput> PlainInputsOfGraph(const npu::Graph& graph);

// What a picture means to an input of a fixed model whose training format is a picture format.
PictureRule RuleOf(const npu::ModelInput& input);

// As the model says itself.
std::vector<SampleInput> InputsOfModel(const npu::FixedModel& model);

// The real numbers that input `index` of the graph is fed. Pixels become (p − mean) / std for a
// float input; an integer input stores the pixel itself (p − 128 for int8), dequantised here.
Result<std::vector<float>> GraphInputValues(const npu::Graph& graph,
                                            size_t index,
                                            const SampleInput& input,
                                            const SampleValue& value);

// The stored values of input `index` of a fixed model: pixels as they are (p − 128 for int8);
// real numbers, and every sample of an int16 tensor, as round(x / scale) + zero point, clamped,
// ties to even.
Result<std::vector<int16_t>> StoredInputValues(const npu::FixedModel& model,
                                               size_t index,
                                               const SampleInput& input,
                                               const SampleValue& value);

}  // namespace plumb::client
