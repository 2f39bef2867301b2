// What `plumb layers` found, and how it is written: for people, as the vendor's lines, CSV, JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/console.h"
#include "common/analysis/report.h"
#include "common/layers/compare.h"
#include "common/layers/curve.h"
#include "common/layers/vendor_line.h"

namespace plumb::client {

// What a layer has beyond the report of its tensor, in the same order as the tensors.
struct LayerNote {
  std::string type;            // the dump's own word
  std::string reference_name;  // empty: the target's
  std::string matched_by;      // "name", …, "log"
  std::string layout = "same";
  size_t place = 0;  // in the order of execution
};

struct LayersReport {
  analysis::ComparisonReport comparison;  // tensors with NaN or Inf on one side first
  std::vector<LayerNote> notes;
  layers::Curve curve;
  std::string map;  // the fusion map that was read; empty: none
};

// The layers of a comparison; `reference` and `target` are what they were made of.
void TakeLayers(const layers::LayerSet& reference,
                const layers::LayerSet& target,
                std::vector<layers::LayerResult> results,
                LayersReport& report);

// The layers of a log, judged by `policy`.
void TakeLog(const std::vector<layers::VendorLine>& lines,
             const analysis::TolerancePolicy& policy,
             LayersReport& report);

// After the verdicts: the curve, first_divergence in the order of execution, layers with NaN or Inf
// on one side moved to the front.
void Arrange(LayersReport& report);

// A row and a bar a layer, coverage with every name, the curve, advice, verdict.
void SayLayers(Console& console, const LayersReport& report);
std::string LayersToVendorLines(const LayersReport& report);
std::string LayersToCsv(const LayersReport& report);
// plumb.layers/1: plumb.comparison/1 with the layers' notes, `curve` and `map`.
std::string LayersToJson(const LayersReport& report);

}  // namespace plumb::client
