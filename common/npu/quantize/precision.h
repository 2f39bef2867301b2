// Which tensors of a network are INT16: [CONV_CONFIG] of input_config.ini, where only what a
// convolution reads can be raised (SOP 2.1.2 and 2.1.6).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::npu {

// input_format. What counts as a convolution are the operations with weights: CONV_2D,
// DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED, which the chip computes as one.
enum class ConvolutionInputs : uint8_t {
  kAllUint8,
  kAllInt16,        // of every convolution; here every other tensor too, as with 16 bits
  kConv2dInt16,     // of all but the depthwise ones
  kDepthwiseInt16,  // of the depthwise ones
};

struct Precision {
  ConvolutionInputs inputs = ConvolutionInputs::kAllUint8;
  std::vector<std::string> tensors;  // tensor_arrays: raised besides, by the graph's names
};

// "ALL_UINT8", …, as the file writes them; kInvalidArgument names those there are.
Result<ConvolutionInputs> ConvolutionInputsFromName(std::string_view name);

// What convolutions read and compute, each once, in the order of the operations: the tensors that
// can be raised. A picture input stays out: its pixels are exact in 8 bits.
std::vector<uint32_t> RaisableTensors(const Graph& graph, const std::vector<uint32_t>& pictures);

// Bits of every tensor of the graph, 8 or 16: `bits` where nothing is asked for, 16 for what
// `precision` raises. A tensor that only moves another's values (MAX_POOL_2D, RESHAPE, …) is stored
// as that one is, so raising it raises where the values are computed; a constant has the bits of
// the widest value it meets. `pictures` are the inputs that hold pixels, which stay as they are.
//   kInvalidArgument  a name that the graph does not have (with the nearest), or of a tensor that
//                     no convolution reads (with those around it that one could raise)
Result<std::vector<int>> BitsOfTensors(const Graph& graph,
                                       const Precision& precision,
                                       int bits,
                                       const std::vector<uint32_t>& pictures);

}  // namespace plumb::npu
