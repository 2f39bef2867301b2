// What `plumb layers` found, and how it is written: for people, as the vendor's lines, CSV, JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/analyse/layers_blame.h"
#include "client/cli/frame/console.h"
#include "common/advice/advise.h"
#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"
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
  size_t place = 0;                         // in the order of execution
  std::vector<std::string> inputs;          // what the operation reads; empty: unknown
  std::optional<layers::QuantRange> range;  // of the target
  std::optional<layers::LayerProfile> profile;
  std::vector<diagnosis::Finding> findings;
  bool too_large_to_look_inside = false;
};

struct LayersReport {
  analysis::ComparisonReport comparison;  // tensors with NaN or Inf on one side first
  std::vector<LayerNote> notes;
  layers::Curve curve;
  std::string map;             // the fusion map that was read; empty: none
  analysis::Tolerance limits;  // of layers without exceptions
  bool target_is_float = false;
  std::vector<advice::Advice> advice;  // in the order in which to follow it
  std::optional<BlameFindings> blame;  // of --mode isolated
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

// After the verdicts: the curve, what happened inside layers, advice; layers with NaN or Inf on one
// side are moved to the front.
void Arrange(LayersReport& report);

// A row and a bar a layer, coverage with every name, the curve, advice, verdict.
void SayLayers(Console& console, const LayersReport& report);
// The advice for people, numbered.
void SayAdvice(Console& console, const std::vector<advice::Advice>& advice);
std::string LayersToVendorLines(const LayersReport& report);
std::string LayersToCsv(const LayersReport& report);
// plumb.layers/1: plumb.comparison/1 with the layers' notes, `curve`, `map`, `advice`, `blame`.
std::string LayersToJson(const LayersReport& report);

}  // namespace plumb::client
