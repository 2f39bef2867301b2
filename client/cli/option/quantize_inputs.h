// What `plumb quantize` tells the quantiser, and the vendor's converter, of a network's inputs.
#pragma once

#include <vector>

#include "client/cli/option/model_inputs.h"
#include "client/cli/option/samples.h"
#include "common/base/status.h"
#include "common/dump/input_config.h"
#include "common/npu/graph/graph.h"
#include "common/npu/quantize/quantize.h"

namespace plumb::client {

// Of a picture input (`rule` is set). A usage error where the colours have different std.
Result<npu::PictureInput> PictureOfInput(const SampleInput& input);

// An integer input stores the pixel itself, so its own scale and zero point say mean and std.
npu::PictureInput PictureOfIntegerInput(const npu::GraphTensor& tensor, const PictureRule& rule);

// The configuration that says all of it: what `given` says (nullptr: nothing), with the inputs and
// widths that were used.
dump::InputConfig ConfigOf(const npu::Graph& graph,
                           const std::vector<SampleInput>& inputs,
                           const dump::InputConfig* given,
                           const dump::ConvolutionConfig& convolution);

}  // namespace plumb::client
