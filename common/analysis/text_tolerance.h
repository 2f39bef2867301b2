// What can be said of values that went through text: "%.6f" loses what is smaller than half a
// millionth, so equality cannot be asked of them.
#pragma once

#include <cstdint>
#include <string>

#include "common/analysis/tolerance.h"

namespace plumb::analysis {

// The digits after the point that each side was printed with; 0: not printed, exact.
struct TextDecimals {
  uint32_t reference = 0;
  uint32_t target = 0;

  [[nodiscard]] bool any() const { return reference != 0 || target != 0; }
};

// `asked` itself, unless it demands equality and a side is text: then |t − r| ≤ atol + rtol·|r|
// with half a unit of the last digit of each printed side, and 2⁻²² for the float32 products
// q·scale that the printing programs round and we do not.
Tolerance ToleranceForText(const Tolerance& asked, const TextDecimals& decimals);

// A remark for people: who is text, and what was asked of the values instead of equality. Empty
// when neither side is.
std::string TextNote(const TextDecimals& decimals, const Tolerance& asked);

}  // namespace plumb::analysis
