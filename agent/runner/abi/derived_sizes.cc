#include "agent/runner/abi/derived_sizes.h"

#include "agent/runner/abi/mi_ipu_gen_0.h"

namespace plumb {
namespace mi {
namespace {

constexpr uint64_t kMaxSize = 0x7FFFFFFF;

uint64_t AlignUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

uint32_t ElementSize(MI_U32 format) {
  switch (format) {
    case MI_IPU_FORMAT_INT16:
      return 2;
    case MI_IPU_FORMAT_INT32:
    case MI_IPU_FORMAT_FP32:
      return 4;
    default:
      return 1;
  }
}

// [1, H, W, 3] of NV12: a plane of luma and half of one of chroma, rows of a multiple of 16.
void DeriveNv12(ring::TensorRecord* record) {
  const uint64_t rows = record->rank == 4 ? AlignUp(record->dims[1], 2) : 0;
  const uint64_t row = record->rank == 4 ? AlignUp(record->dims[2], 16) : 0;
  if (rows <= 0xFFFF && row <= 0xFFFF && rows * row <= kMaxSize / 3 * 2) {
    record->aligned_size = rows * row / 2 * 3;
  }
}

// Pictures (U8) lie as they are; everything else has rows of a multiple of 8 elements.
void DeriveRows(ring::TensorRecord* record) {
  if (record->rank == 0 || record->rank > MI_IPU_0_MAX_DIMS) {
    return;
  }
  const uint64_t last = record->dims[record->rank - 1];
  const uint64_t stored = record->mi_format == MI_IPU_FORMAT_U8 ? last : AlignUp(last, 8);
  const uint64_t row = stored * ElementSize(record->mi_format);
  uint64_t size = row;
  for (uint32_t axis = 0; axis + 1 < record->rank && size <= kMaxSize; ++axis) {
    size *= record->dims[axis];  // below 2^31 times below 2^32
  }
  if (row <= kMaxSize && size <= kMaxSize) {
    record->inner_stride = static_cast<uint32_t>(row);
    record->aligned_size = size;
  }
}

}  // namespace

void DeriveSizes(ring::TensorRecord* record) {
  if (record->mi_format == MI_IPU_FORMAT_NV12) {
    DeriveNv12(record);
  } else {
    DeriveRows(record);
  }
}

}  // namespace mi
}  // namespace plumb
