// Internal to advise.h: which tensors to raise to INT16 (SOP 2.1.6).
#pragma once

#include <string>
#include <vector>

#include "common/advice/advise.h"

namespace plumb::advice {

struct Raised {
  std::string tensor;
  std::string why;
  bool assumed = false;  // the dump does not say what operations read: the layer before was taken
};

// Each tensor once: what layers out of bounds need, in their order, then wide tensors of 8 bits.
// At most kMaxRaised; `left_out` counts the others.
std::vector<Raised> TensorsToRaise(const NetworkFacts& facts, size_t& left_out);

// "rel_l1 0.14, cosine 0.994".
std::string FiguresOf(const LayerFacts& layer);
// Six significant digits.
std::string Brief(double value);
// 16 only where the type says so: UINT8 and unknown words are 8.
bool HasEightBits(const LayerFacts& layer);

}  // namespace plumb::advice
