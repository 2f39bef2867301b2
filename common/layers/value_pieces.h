// Internal to compare.h: a layer's values in pieces, as bytes for the comparison and as numbers for
// the profile.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "common/analysis/valid_bytes.h"
#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::layers {

// Of both sides together what a second-level cache holds.
constexpr uint64_t kPieceValues = uint64_t{1} << 14U;

// Holds one piece. Not thread-safe; movable.
class ValuePieces {
 public:
  static Result<ValuePieces> Create(const TensorDesc& desc, analysis::ReadRange read);

  // Values without padding, and how many were read.
  [[nodiscard]] uint64_t count() const { return count_; }

  [[nodiscard]] uint64_t next() const { return next_; }

  [[nodiscard]] bool is_float() const { return desc_.element_type == ElementType::kFloat32; }

  // The next `values`, at most count() - next().
  Status Read(uint64_t values);

  // Of the last piece; valid until the next.
  [[nodiscard]] std::span<const uint8_t> bytes() const { return bytes_; }

  std::span<const double> doubles();
  // Other types than float32 are rounded to it.
  std::span<const float> floats();

 private:
  ValuePieces(const TensorDesc& desc, const ValidRegion& region, analysis::ReadRange read);

  TensorDesc desc_;
  ValidRegion region_;
  analysis::ReadRange read_;
  uint64_t value_size_ = 0;
  uint64_t count_ = 0;
  uint64_t next_ = 0;
  std::vector<uint8_t> scratch_;
  std::vector<uint8_t> bytes_;
  std::vector<double> doubles_;
  std::vector<float> floats_;
};

}  // namespace plumb::layers
