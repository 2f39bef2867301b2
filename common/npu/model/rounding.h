// Rounding profiles: how a quotient becomes an integer wherever the integer executors round.
//
// Three places round, and every profile says what each does (docs/formats/offline-model.md,
// "Arithmetic"):
//   Rescale      P / 2^shift, P an exact product or sum of products (convolutions, MUL, ADD, …)
//   RoundDivide  P / D, D > 0 (MEAN, resize, softmax, table interpolation)
//   RoundAverage P / D, D > 0, a result that z_out is added to (average pools)
//
//   profile     Rescale                                                   RoundDivide
//   half_even   nearest, ties to even                                     nearest, ties to even
//   half_away   shift ≤ 31: nearest, ties up; else gemmlowp's two steps:  nearest, ties away from 0
//               P / 2^31 nearest, ties up, then the rest away from zero
//   half_up     nearest, ties towards +∞                                  nearest, ties towards +∞
//
// RoundAverage is nearest; ties go, under half_up, towards +∞, and under both others away from the
// stored value 0: up where z_out + P / D > 0, else down. So does TFLite's average pool, whose loop
// divides the sum of stored values; the zero point plays no part in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumb::npu {

enum class RoundingProfile : uint8_t { kHalfEven = 0, kHalfAway = 1, kHalfUp = 2 };

// "half_even", "half_away", "half_up".
std::string_view RoundingProfileName(RoundingProfile profile);
std::optional<RoundingProfile> ParseRoundingProfile(std::string_view name);
// All names, the default first.
std::vector<std::string> KnownRoundingProfiles();

}  // namespace plumb::npu
