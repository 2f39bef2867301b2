// Overflow-safe arithmetic for sizes that come from a file or from the wire.
#pragma once

#include <concepts>
#include <optional>

namespace plumb {

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> CheckedAdd(T a, T b) {
  T sum{};
  return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional<T>(sum);
}

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> CheckedMul(T a, T b) {
  T product{};
  return __builtin_mul_overflow(a, b, &product) ? std::nullopt : std::optional<T>(product);
}

// `value` rounded up to a multiple of `alignment` (> 0); empty when that does not fit in T.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> CheckedAlignUp(T value, T alignment) {
  const T remainder = static_cast<T>(value % alignment);
  return remainder == 0 ? std::optional<T>(value)
                        : CheckedAdd<T>(value, static_cast<T>(alignment - remainder));
}

// True when [offset, offset+size) lies inside [0, limit).
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool RangeFits(T offset, T size, T limit) {
  return offset <= limit && size <= limit - offset;
}

}  // namespace plumb
