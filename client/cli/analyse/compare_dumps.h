// `plumb compare` of two DumpDebug files of any size.
#pragma once

#include <string>

#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::client {

struct DumpComparison {
  std::string reference;
  std::string target;
  analysis::TolerancePolicy policy;
  bool digests = false;  // SHA-256 of both files, which reads them once more
  CancelToken cancel;
};

// Layers matched as `plumb layers` matches them (F.map beside F.bin is read), streamed on all
// cores. The diagnosis looks at the first mismatches that together fit into kMaxDiagnosed bytes a
// side. No verdict yet; errors carry reason "usage".
constexpr uint64_t kMaxDiagnosed = uint64_t{32} << 20U;
Result<analysis::ComparisonReport> CompareDumps(const DumpComparison& request);

}  // namespace plumb::client
