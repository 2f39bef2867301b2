// Internal: the rounding of arithmetic.h, a vector of sums at a time. See vector_loops.h for V.
#pragma once

#include "common/npu/kernels_fast/vector_kernels.h"

namespace plumb::npu::fast {
namespace {

// sum · mantissa / 2^shift, 1 ≤ shift.
template <class V, RoundingProfile kProfile>
class Rounder {
 public:
  using Ints = typename V::Ints;
  using Wide = typename V::Wide;

  Rounder(Ints mantissa, Ints shift)
      : mantissa_(mantissa),
        shift_(V::WidenCount(shift)),
        addend_(HalfOf(shift)) {
    if constexpr (kProfile == RoundingProfile::kHalfEven) {
      addend_ = V::Sub(addend_, V::SetWide(1));
    }
  }

  Ints operator()(Ints sums) const { return Round(Multiply(sums)); }

  Wide Multiply(Ints sums) const { return V::Multiply(sums, mantissa_); }

  Ints Round(Wide product) const {
    if constexpr (kProfile == RoundingProfile::kHalfEven) {
      const Wide odd = V::And(V::ShiftRightLogical(product, shift_), V::SetWide(1));
      product = V::Add(product, odd);
    }
    return V::Narrow(V::ShiftRight(V::Add(product, addend_), shift_));
  }

 private:
  static Wide HalfOf(Ints shift) {
    return V::ShiftLeft(V::SetWide(1), V::WidenCount(V::Sub(shift, V::Set(1))));
  }

  Ints mantissa_;
  Wide shift_;
  Wide addend_;
};

// Two steps: 2^31 or less with ties up, then the rest, if any, with ties away from zero.
template <class V>
class Rounder<V, RoundingProfile::kHalfAway> {
 public:
  using Ints = typename V::Ints;
  using Wide = typename V::Wide;

  Rounder(Ints mantissa, Ints shift)
      : first_(mantissa, V::Min(shift, V::Set(31))),
        rest_(V::Sub(shift, V::Min(shift, V::Set(31)))),
        mask_(V::Sub(V::Set(-1), V::ShiftLeft(V::Set(-1), rest_))),
        tie_(V::ShiftRight(mask_, V::Set(1))) {}

  Ints operator()(Ints sums) const { return Round(Multiply(sums)); }

  Wide Multiply(Ints sums) const { return first_.Multiply(sums); }

  Ints Round(const Wide& product) const {
    const Ints value = first_.Round(product);
    // Comparisons give −1 for true.
    const Ints limit = V::Sub(tie_, V::Greater(V::Set(0), value));
    const Ints up = V::Greater(V::And(value, mask_), limit);
    return V::Sub(V::ShiftRight(value, rest_), up);
  }

 private:
  Rounder<V, RoundingProfile::kHalfUp> first_;
  Ints rest_;
  Ints mask_;
  Ints tie_;
};

// Zero point and clamp.
template <class V>
class Finisher {
 public:
  explicit Finisher(const Requantizer& r)
      : zero_point_(V::Set(r.zero_point)),
        low_(V::Set(r.low)),
        high_(V::Set(r.high)) {}

  typename V::Ints operator()(typename V::Ints value) const {
    return V::Min(V::Max(V::Add(value, zero_point_), low_), high_);
  }

 private:
  typename V::Ints zero_point_;
  typename V::Ints low_;
  typename V::Ints high_;
};

// Lanes at the end of a row that the row does not have.
template <class V>
void StorePart(int16_t* target, typename V::Ints values, size_t count) {
  if (count >= V::kLanes) {
    V::Store16(target, values);
    return;
  }
  int16_t all[V::kLanes];
  V::Store16(all, values);
  for (size_t i = 0; i < count; ++i) {
    target[i] = all[i];
  }
}

}  // namespace
}  // namespace plumb::npu::fast
