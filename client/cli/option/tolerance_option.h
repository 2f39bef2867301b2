// --atol --rtol --min-cosine --max-rel-l1 --tolerance, the same for every verb that judges.
#pragma once

#include <string>

#include "common/analysis/tolerance.h"
#include "common/base/status.h"

namespace CLI {
class App;
}

namespace plumb::client {

struct ToleranceOptions {
  analysis::Tolerance limits;
  std::string file;
};

// `options` must live as long as the app.
void AddTolerance(CLI::App& app, ToleranceOptions& options);

// The file's limits, with those of the flags in place of its default. Usage errors name the flag
// and what it takes.
Result<analysis::TolerancePolicy> TolerancesFrom(const ToleranceOptions& options);

}  // namespace plumb::client
