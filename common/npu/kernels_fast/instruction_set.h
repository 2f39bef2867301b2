// Instruction sets that the fast kernels are compiled for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace plumb::npu {

// kBaseline is what every CPU of the architecture has: SSE2 on x86-64, NEON on arm64, plain
// integers on armhf.
enum class InstructionSet : uint8_t { kBaseline = 0, kAvx2 = 1, kAvx512Vnni = 2 };

// "baseline", "avx2", "avx512-vnni".
std::string_view InstructionSetName(InstructionSet set);

// Whether this build has the set and this CPU and its operating system run it.
bool IsSupported(InstructionSet set);

// The last is the fastest.
std::vector<InstructionSet> SupportedInstructionSets();

}  // namespace plumb::npu
