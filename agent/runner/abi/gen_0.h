// What MiSession needs to know of generation 0. C++14.
//
// Its descriptor tells no stride, scale or size. They follow from the rules of family 1.x, the only
// one it was ever built for (docs/formats/mi_ipu.md, "Generation 0"); the scale stays 0: unknown.
#pragma once

#include "agent/runner/abi/record.h"
#include "agent/runner/abi/types.h"
#include "agent/runner/mi_errors.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct Gen0 : Types0 {
  static constexpr Generation kGeneration = Generation::k0;

  static void PrepareChannel(ChnAttr* /*attributes*/) {}

  static ring::TensorRecord Record(const TensorDesc& desc) {
    ring::TensorRecord record = CommonRecord<Types0>(desc);
    if (desc.eElmFormat == MI_IPU_FORMAT_NV12) {
      SetNv12Size(&record);
    } else {
      SetRowSizes(&record, ElementSize(desc.eElmFormat));
    }
    return record;
  }

 private:
  static constexpr uint64_t kMaxSize = 0x7FFFFFFF;

  static uint64_t AlignUp(uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
  }

  static uint32_t ElementSize(MI_U32 format) {
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
  static void SetNv12Size(ring::TensorRecord* record) {
    if (record->rank == 4) {
      const uint64_t pixels =
          AlignUp(record->dims[1], 2) * AlignUp(record->dims[2], 16);  // < 2^65 / 2: no overflow
      record->aligned_size = pixels > kMaxSize ? 0 : pixels / 2 * 3;
    }
  }

  // Pictures (U8) lie as they are; everything else has rows of a multiple of 8 elements.
  static void SetRowSizes(ring::TensorRecord* record, uint32_t element_size) {
    if (record->rank == 0 || record->rank > kMaxDims) {
      return;
    }
    const uint64_t last = record->dims[record->rank - 1];
    const uint64_t stored = record->mi_format == MI_IPU_FORMAT_U8 ? last : AlignUp(last, 8);
    uint64_t size = stored * element_size;
    for (uint32_t axis = 0; axis + 1 < record->rank && size <= kMaxSize; ++axis) {
      size *= record->dims[axis];  // below 2^31 times 2^32
    }
    if (size <= kMaxSize) {
      record->inner_stride = static_cast<uint32_t>(stored * element_size);
      record->aligned_size = size;
    }
  }
};

}  // namespace mi
}  // namespace plumb
