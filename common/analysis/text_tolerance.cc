#include "common/analysis/text_tolerance.h"

#include "common/base/text.h"

namespace plumb::analysis {
namespace {

constexpr double kFloatProduct = 0x1p-22;
// Decimal numbers are not exact in binary, so that half a unit must not be missed by a hair.
constexpr double kHair = 1 + 1e-6;

double HalfUnit(uint32_t decimals) {
  if (decimals == 0) {
    return 0;
  }
  double unit = 1;
  for (uint32_t i = 0; i < decimals; ++i) {
    unit /= 10;
  }
  return unit / 2;
}

}  // namespace

Tolerance ToleranceForText(const Tolerance& asked, const TextDecimals& decimals) {
  if (!decimals.any() || !asked.demands_equality()) {
    return asked;
  }
  Tolerance allowed;
  allowed.atol = (HalfUnit(decimals.reference) + HalfUnit(decimals.target)) * kHair;
  allowed.rtol = kFloatProduct;
  return allowed;
}

std::string TextNote(const TextDecimals& decimals, const Tolerance& asked) {
  if (!decimals.any()) {
    return "";
  }
  const bool both = decimals.reference != 0 && decimals.target != 0;
  const uint32_t digits = decimals.reference != 0 ? decimals.reference : decimals.target;
  std::string note = both                      ? "both sides are"
                     : decimals.reference != 0 ? "the reference is"
                                               : "the target is";
  note += " text with " + std::to_string(digits) +
          " digits after the point, so bit-exact equality cannot be shown";
  if (asked.demands_equality()) {
    const Tolerance used = ToleranceForText(asked, decimals);
    note += "; values match within |d| <= " + ShortestDouble(*used.atol) + " + " +
            ShortestDouble(*used.rtol) + "*|r|";
  }
  return note;
}

}  // namespace plumb::analysis
