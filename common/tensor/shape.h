// The dimensions of a tensor, outermost first.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb {

// Up to 10 dimensions (the board's interface has 8 or 10), each 0…2³¹−1. Rank 0 is a scalar: one
// element. Value type; comparing compares dimensions.
class Shape {
 public:
  static constexpr size_t kMaxRank = 10;

  Shape() = default;
  // For literals in code; a Shape from outside goes through Create.
  Shape(std::initializer_list<int64_t> dims);
  // kInvalidArgument for too many dimensions or one that is negative or above 2³¹−1.
  static Result<Shape> Create(std::span<const int64_t> dims);

  [[nodiscard]] size_t rank() const { return rank_; }

  [[nodiscard]] int64_t operator[](size_t axis) const { return dims_.at(axis); }

  [[nodiscard]] std::span<const int64_t> dims() const { return {dims_.data(), rank_}; }

  // The last dimension; 1 for a scalar.
  [[nodiscard]] int64_t innermost() const { return rank_ == 0 ? 1 : dims_.at(rank_ - 1); }

  // The product of all dimensions; empty when it does not fit in 64 bits.
  [[nodiscard]] std::optional<uint64_t> element_count() const;
  // The product of all dimensions but the last.
  [[nodiscard]] std::optional<uint64_t> row_count() const;

  // "1x128x128x3"; a scalar is "".
  [[nodiscard]] std::string ToString() const;
  // The position of the element with this flat row-major index.
  [[nodiscard]] std::array<int64_t, kMaxRank> Unravel(uint64_t flat_index) const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<int64_t, kMaxRank> dims_{};
  size_t rank_ = 0;
};

}  // namespace plumb
