// From a fixed model to an offline model for one chip family.
#pragma once

#include <optional>

#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

struct CompileOptions {
  Family family = Family::kS3;
  // Default: the training format of a picture model, RAWDATA_S16_NHWC otherwise.
  std::optional<InputFormat> input_format;
  bool dequantize = false;
};

// A copy of `model` with the chip section filled in. kInvalidArgument for a format the input cannot
// have (a picture format on a tensor that holds no pixels); kUnimplemented for YUV_NV12.
Result<FixedModel> Compile(const FixedModel& model, const CompileOptions& options);

// The descriptor of one input or output as a chip of this family reports it.
//   Pictures: U8 [1,H,W,3], GRAY or ARGB8888/ABGR8888 with the family's row alignment.
//   RAWDATA_S16_NHWC and outputs: INT16 with the tensor's scale and zero point 0.
//   RAWDATA_F32_NHWC and dequantised outputs: FP32 with scale 1.
// aligned_size is rounded up to 64 bytes, payload_size is not.
Result<TensorDesc> DescribeInput(const FixedModel& model,
                                 const ModelInput& input,
                                 InputFormat format,
                                 Family family);
Result<TensorDesc> DescribeOutput(const FixedTensor& tensor, bool dequantize, Family family);

}  // namespace plumb::npu
