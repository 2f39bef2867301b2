// Which generation of MI_IPU this library speaks. Each build of the virtual IPU defines its own.
#pragma once

#include <cstdint>

#include "agent/runner/abi/mi_base.h"

namespace plumb::virtual_ipu {

struct InterfaceRules {
  const char* generation;  // "0", "B" or "C"
  uint32_t max_tensors;    // inputs, and outputs
  uint32_t max_dims;
  uint32_t max_channels;
  // Generation 0 tells no sizes. Its callers derive them by the rules of family 1.x, the only one
  // it knows, and leave the size of the variable buffer to the library.
  bool tells_sizes;
  // Generation C wants physical addresses that are multiples of 64.
  bool aligned_addresses;
  bool has_batches;  // likewise C
};

const InterfaceRules& Interface();

// How this generation says what C says with `number`: it may not have that number, or give it
// another meaning (docs/formats/mi_ipu.md, "Error numbers"). What 0 and B say instead of numbers
// that only C has is our inference.
MI_S32 OwnNumber(MI_S32 number);

}  // namespace plumb::virtual_ipu
