// The tolerance file: a default and exceptions per tensor (docs/cli.md, "Tolerance").
#pragma once

#include <string_view>

#include "common/analysis/tolerance.h"
#include "common/base/status.h"

namespace plumb::archive {

// {"default": {"min_cosine": 0.99}, "tensors": {"scores": {"atol": 0.5, "rtol": 0.01}}}
// Limits: atol ≥ 0, rtol ≥ 0, min_cosine −1…1, max_rel_l1 ≥ 0. Unknown keys are refused: a
// misspelt limit must not pass for a strict one.
Result<analysis::TolerancePolicy> ParseTolerancePolicy(std::string_view text);

}  // namespace plumb::archive
