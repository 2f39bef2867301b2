#include "client/cli/option/tolerance_option.h"

#include <cmath>

#include "client/cli/frame/usage.h"
#include "common/archive/tolerance_json.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

constexpr uint64_t kMaxToleranceFile = uint64_t{1} << 20U;

Status CheckNotNegative(const char* flag, const std::optional<double>& value) {
  if (value && !(*value >= 0 && std::isfinite(*value))) {
    return UsageError(std::string(flag) + " is " + ShortestDouble(*value),
                      "write a number of at least 0, e.g. " + std::string(flag) + " 0.01");
  }
  return OkStatus();
}

}  // namespace

void AddTolerance(CLI::App& app, ToleranceOptions& options) {
  auto& limits = options.limits;
  app.add_option("--atol", limits.atol, "Absolute part of |d| <= atol + rtol*|r|");
  app.add_option("--rtol", limits.rtol, "Relative part of |d| <= atol + rtol*|r|");
  app.add_option("--min-cosine", limits.min_cosine, "Smallest cosine similarity");
  app.add_option("--max-rel-l1", limits.max_relative_l1, "Largest sum|d| / sum|r|");
  app.add_option("--tolerance", options.file, "Limits per tensor, JSON")->type_name("FILE");
}

Result<analysis::TolerancePolicy> TolerancesFrom(const ToleranceOptions& options) {
  PLUMB_RETURN_IF_ERROR(CheckNotNegative("--atol", options.limits.atol));
  PLUMB_RETURN_IF_ERROR(CheckNotNegative("--rtol", options.limits.rtol));
  PLUMB_RETURN_IF_ERROR(CheckNotNegative("--max-rel-l1", options.limits.max_relative_l1));
  const auto& cosine = options.limits.min_cosine;
  if (cosine && !(*cosine >= -1 && *cosine <= 1)) {
    return UsageError("--min-cosine is " + ShortestDouble(*cosine),
                      "write a number from -1 to 1, e.g. --min-cosine 0.99");
  }
  analysis::TolerancePolicy policy;
  if (!options.file.empty()) {
    auto text = ReadFile(options.file, kMaxToleranceFile);
    auto parsed = text.ok() ? archive::ParseTolerancePolicy(text->view())
                            : Result<analysis::TolerancePolicy>(text.status());
    if (!parsed.ok()) {
      return parsed.status()
          .Annotate("--tolerance " + EscapeForDisplay(options.file))
          .WithReason(kReasonUsage)
          .WithHint(R"(write e.g. {"default": {"min_cosine": 0.99}, "tensors": {"scores": )"
                    R"({"atol": 0.5}}})");
    }
    policy = *std::move(parsed);
  }
  if (!options.limits.demands_equality()) {
    policy.by_default = options.limits;
  }
  return policy;
}

}  // namespace plumb::client
