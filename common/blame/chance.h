// Chance that is the same on every CPU: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#pragma once

#include <cstdint>

namespace plumb::blame {

class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed) {}

  // In [0, 1), a multiple of 2^-32.
  double Next() {
    state_ += 0x9E3779B97F4A7C15U;
    uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<double>((z ^ (z >> 31U)) >> 32U) / 4294967296.0;
  }

  // −1, 0 or 1, of variance 1/12: as far as rounding to whole numbers moves on the average.
  int Step() {
    const double drawn = Next();
    return drawn < 1.0 / 24 ? -1 : drawn < 2.0 / 24 ? 1 : 0;
  }

 private:
  uint64_t state_;
};

}  // namespace plumb::blame
