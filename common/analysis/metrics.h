// From sums to the numbers of docs/metrics.md.
#pragma once

#include "common/analysis/report.h"
#include "common/analysis/statistics.h"

namespace plumb::analysis {

// Fills the metrics, counts and positions of `report`; leaves names, verdict and reason alone.
// A number that does not exist (0/0 aside, see docs/metrics.md), or that a double cannot hold,
// stays empty; `lsb` as in StatisticsOptions.
void FillMetrics(const Sums& sums, const Tally& tally, double lsb, TensorReport& report);

// Why numbers of a filled report are missing: "nrmse does not exist: the reference is constant";
// several are joined by "; ". Empty when none is (sqnr_db of equal tensors aside).
std::string ExplainMissing(const TensorReport& report);

}  // namespace plumb::analysis
