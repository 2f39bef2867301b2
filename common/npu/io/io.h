// Between the bytes of the chip's buffers and the stored values of a network's tensors. The same
// for the virtual IPU and the built-in simulator: what they must not share is the arithmetic.
#pragma once

#include <cstdint>
#include <span>

#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

// Reads input `index` from a buffer laid out as model.chip->inputs[index] says (DUMP_RAWDATA
// layout, at least payload_size bytes) into `values`, one per element of the tensor.
//   Pictures: pixel, or pixel − 128 for an INT8 tensor; channels in the model's order.
//   YUV_NV12: as nv12.h; a gray network takes Y alone.
//   RAWDATA_S16_NHWC: v + zero point, clamped to the type.
//   RAWDATA_F32_NHWC: v = x / scale clipped to −32767 … 32767 and
//   truncated, then as S16; NaN gives 0. COMPLEX64: likewise, real and imaginary part by turns.
// kFailedPrecondition without a chip section, kInvalidArgument for a buffer or span of another
// size.
Status ReadInput(const FixedModel& model,
                 size_t index,
                 std::span<const uint8_t> bytes,
                 std::span<int16_t> values);

// Writes output `index` into a buffer laid out as model.chip->outputs[index] says. Rows start
// `row_pitch` bytes apart (0: as the descriptor says); bytes between rows are left alone.
//   INT16: q − zero point.  FP32: that times the float scale, rounded once.
// Errors as ReadInput.
Status WriteOutput(const FixedModel& model,
                   size_t index,
                   std::span<const int16_t> values,
                   uint64_t row_pitch,
                   std::span<uint8_t> bytes);

}  // namespace plumb::npu
