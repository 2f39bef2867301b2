// Operations on one element at a time, and softmax (see ops.h).
#pragma once

#include <cstdint>
#include <vector>

#include "common/npu/model/multiplier.h"

namespace plumb::npu {

// Rescale((a − z_a) · mantissa_a + (b − z_b) · mantissa_b, shift): one rounding. SUB has a negative
// mantissa_b. Operands broadcast as in numpy; either may be constant. Likewise Mul and Prelu.
struct Add {
  int32_t mantissa_a = 0;
  int32_t mantissa_b = 0;
  int32_t shift = 0;  // 0…62
  Clamp clamp;
};

struct Mul {
  Multiplier multiplier;
  Clamp clamp;
};

// d = x − z: Rescale(d, positive) for d ≥ 0, else Rescale(d · (alpha − z_alpha), negative). alpha
// is the second input.
struct Prelu {
  Multiplier positive;
  Multiplier negative;
  Clamp clamp;
};

struct LeakyRelu {
  Multiplier positive;
  Multiplier negative;  // of d itself, slope included
  Clamp clamp;
};

// Rescale(x − z): QUANTIZE, RELU, RELU6 and clips (by their clamp).
struct Requantize {
  Multiplier multiplier;
  Clamp clamp;
};

// Any function of one value, the output's zero point included. 8-bit input: 256 entries, the first
// for the type's lowest value. 16-bit input: 513 entries T for −32768, −32640, … 32768;
// with u = x + 32768, k = u / 128, f = u mod 128: T[k] + RoundDivide((T[k+1] − T[k]) · f, 128).
struct Lookup {
  std::vector<int32_t> table;  // values of the output's type
};

// The largest shift that Softmax::output may have.
constexpr int32_t kSoftmaxMaxShift = 12;

// Over the last axis. d = max − x; e(d) = exp_table[d] for 8-bit input (256 entries), for 16-bit
// (512 entries) exp_table[d / 256] · exp_table[256 + d mod 256] >> 30. Entries are exp(−…) · 2^30,
// exp_table[0] = 2^30. Result RoundDivide(e · mantissa, Σe << shift); `output` is 1 / output scale.
struct Softmax {
  std::vector<int32_t> exp_table;
  Multiplier output;
  Clamp clamp;
};

}  // namespace plumb::npu
