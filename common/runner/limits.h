// How large what a runner says of a model may be, whoever the runner is: a board, a simulator, a
// child process.
#pragma once

#include <cstdint>

namespace plumb {

constexpr int kMaxModelTensors = 256;                         // inputs, and outputs
constexpr uint64_t kMaxModelTensorBytes = uint64_t{1} << 30;  // one of them, padding included
constexpr uint64_t kMaxModelOutputBytes = uint64_t{4} << 30;  // all outputs of one repetition

constexpr uint32_t kMaxTextDecimals = 17;  // a double has no more

}  // namespace plumb
