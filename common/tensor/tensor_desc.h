// TensorDesc: one input or output exactly as the runtime reported it, and how to find its valid
// elements among the padding.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/status.h"
#include "common/tensor/element_type.h"
#include "common/tensor/shape.h"

namespace plumb {

// eLayoutType of the board's interface.
enum class Layout : uint8_t { kNhwc = 0, kNchw = 1 };

struct TensorDesc {
  std::string name;
  ElementType element_type = ElementType::kUnknown;
  Shape shape;                // of the valid elements, without padding
  uint32_t inner_stride = 0;  // bytes from row to row (a row is the innermost dimension);
                              // 0: rows are contiguous
  float scale = 0;            // real = (q − zero_point) · scale; 0 or 1 for floats.
                              // Floating-point data is never multiplied by it.
  int64_t zero_point = 0;
  uint64_t aligned_size = 0;  // bytes of the whole buffer, padding included
  uint64_t payload_size = 0;  // bytes without the final rounding; 0: not reported
  Layout layout = Layout::kNhwc;
  uint32_t width_alignment = 1;  // inputs only
  uint32_t height_alignment = 1;

  friend bool operator==(const TensorDesc&, const TensorDesc&) = default;
};

// Where the valid bytes are: `rows` rows of `row_size` bytes, `row_pitch` bytes apart.
// A picture format is one row (its padding is inside the picture and compared as data).
struct ValidRegion {
  uint64_t rows = 0;
  uint64_t row_size = 0;
  uint64_t row_pitch = 0;

  // Valid bytes without padding.
  [[nodiscard]] uint64_t valid_size() const { return rows * row_size; }

  // Bytes from the first valid to past the last valid one.
  [[nodiscard]] uint64_t extent() const {
    return rows == 0 ? 0 : (rows - 1) * row_pitch + row_size;
  }

  [[nodiscard]] bool contiguous() const { return row_pitch == row_size || rows <= 1; }
};

constexpr uint64_t kMaxTensorSize = uint64_t{1} << 40;

// Checks everything a peer may have lied about (type, shape, stride ≥ row, extent ≤ aligned size,
// sizes without overflow, at most kMaxTensorSize) and gives the region. kInvalidArgument names the
// tensor and the offending field.
Result<ValidRegion> ValidRegionOf(const TensorDesc& desc);

// Number of valid elements; desc must have passed ValidRegionOf.
uint64_t ElementCount(const TensorDesc& desc);

// A contiguous descriptor with exact sizes, for tensors that come from files.
Result<TensorDesc> MakeContiguousDesc(std::string name, ElementType type, const Shape& shape);

// "scores s16[1x10] stride 32 scale 0.5 zero point 0, 64 bytes".
std::string DescribeTensor(const TensorDesc& desc);

}  // namespace plumb
