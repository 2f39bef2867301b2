// Outputs as simulator.py on the PC and prog_dla_simulator on the board print them
// (docs/formats/simulator-text.md): six digits after the point, sixteen numbers a line.
#pragma once

#include <string_view>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb::dump {

constexpr uint32_t kTextDecimals = 6;

// True when the text starts like such a file.
bool LooksLikeSimulatorText(std::string_view text);

// The tensors in the file's order as contiguous f64, in the original shape: where the numbers are
// in the alignment shape, the padding is left out. Both writers' headers are read. kInvalidArgument
// names the tensor and what is wrong: no shape, another count of numbers than the shape makes, a
// word that is no number, an end before the closing brace.
Result<std::vector<Tensor>> ParseSimulatorText(std::string_view text);

}  // namespace plumb::dump
