// From a fixed model to an offline model for one chip family.
#pragma once

#include <optional>
#include <vector>

#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

struct CompileOptions {
  Family family = Family::kS3;
  // Default: the training format of a picture model, RAWDATA_S16_NHWC otherwise.
  std::optional<InputFormat> input_format;
  bool dequantize = false;
  uint32_t batch = 1;
  bool one_buf = false;
  // Other words for single inputs and outputs, in the model's order; empty, or an empty entry: what
  // holds for all.
  std::vector<std::optional<InputFormat>> input_formats = {};
  std::vector<std::optional<bool>> dequantizations = {};
};

// A copy of `model` with the chip section filled in. kInvalidArgument for a format the input cannot
// have (a picture format on a tensor that holds no pixels), or a batch in a family without batches;
//
Result<FixedModel> Compile(const FixedModel& model, const CompileOptions& options);

// The descriptor of one input or output as a chip of this family reports it.
//   Pictures: U8 [1,H,W,3], GRAY or ARGB8888/ABGR8888 with the family's row alignment.
//   YUV_NV12: [1,H,W,3] whatever the network's channels, rows of a multiple of 16 (1.x, Q) or 2
//   pixels, an even number of them.
//   RAWDATA_S16_NHWC and outputs: INT16 with the tensor's scale and zero point 0.
//   COMPLEX64 (S3, S6): pairs of floats, the innermost dimension halved.
//   RAWDATA_F32_NHWC (not 1.x and Q) and dequantised outputs: FP32 with scale 1.
// aligned_size is rounded up to 64 bytes, payload_size is not.
Result<TensorDesc> DescribeInput(const FixedModel& model,
                                 const ModelInput& input,
                                 InputFormat format,
                                 Family family);
Result<TensorDesc> DescribeOutput(const FixedTensor& tensor, bool dequantize, Family family);

}  // namespace plumb::npu
