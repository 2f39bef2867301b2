#include "client/cli/analyse/compare_dumps.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "client/cli/analyse/layers_input.h"
#include "common/analysis/diagnose.h"
#include "common/analysis/text_tolerance.h"
#include "common/base/sha256.h"
#include "common/dump/dump_index.h"
#include "common/layers/compare.h"

namespace plumb::client {
namespace {

using analysis::Role;

Result<Tensor> Whole(const layers::Layer& layer) {
  std::vector<uint8_t> bytes(static_cast<size_t>(layer.desc.aligned_size));
  PLUMB_RETURN_IF_ERROR(layer.open()(0, bytes));
  return Tensor{layer.desc, Buffer::FromVector(std::move(bytes))};
}

Result<std::vector<analysis::Diagnosis>> DiagnoseFew(const layers::LayerSet& reference,
                                                     const layers::LayerSet& target,
                                                     const std::vector<layers::LayerResult>& all,
                                                     const CancelToken& cancel) {
  analysis::DiagnosisRequest request;
  request.cancel = cancel;
  uint64_t held = 0;
  for (const layers::LayerResult& result : all) {
    const layers::Layer& r = reference.layers[result.pair.reference];
    const layers::Layer& t = target.layers[result.pair.target];
    const uint64_t size = std::max(r.desc.aligned_size, t.desc.aligned_size);
    if (result.report.verdict != analysis::Verdict::kMismatch || size > kMaxDiagnosed - held ||
        !(r.desc.shape == t.desc.shape)) {
      continue;
    }
    held += size;
    PLUMB_ASSIGN_OR_RETURN(Tensor a, Whole(r));
    PLUMB_ASSIGN_OR_RETURN(Tensor b, Whole(t));
    request.pairs.push_back({std::move(a), std::move(b), result.report});
  }
  return analysis::Diagnose(request);
}

bool AnyText(const layers::LayerSet& set) {
  return std::any_of(
      set.layers.begin(), set.layers.end(), [](const auto& layer) { return layer.as_text; });
}

std::string NoteOf(const layers::LayerSet& reference,
                   const layers::LayerSet& target,
                   const analysis::Tolerance& asked) {
  const analysis::TextDecimals decimals = {
      AnyText(reference) ? uint32_t{dump::kTextDumpDecimals} : 0,
      AnyText(target) ? uint32_t{dump::kTextDumpDecimals} : 0};
  return analysis::TextNote(decimals, asked);
}

}  // namespace

Result<analysis::ComparisonReport> CompareDumps(const DumpComparison& request) {
  analysis::ComparisonReport report;
  std::string map_file;
  PLUMB_ASSIGN_OR_RETURN(const auto map,
                         FusionMapFor("", request.reference, request.target, map_file));
  PLUMB_ASSIGN_OR_RETURN(const auto reference, OpenLayers(request.reference, Role::kReference));
  PLUMB_ASSIGN_OR_RETURN(const auto target, OpenLayers(request.target, Role::kTarget));
  layers::Matching matching = layers::MatchLayers(reference, target, map);
  layers::CompareOptions options;
  options.policy = request.policy;
  options.cancel = request.cancel;
  options.profile = false;      // neither is in the report, and
  options.look_inside = false;  // `plumb compare` has a diagnosis of its own
  PLUMB_ASSIGN_OR_RETURN(const auto results,
                         layers::CompareLayers(reference, target, matching, options));
  for (const layers::LayerResult& result : results) {
    report.tensors.push_back(result.report);
  }
  PLUMB_ASSIGN_OR_RETURN(report.diagnosis, DiagnoseFew(reference, target, results, request.cancel));
  report.coverage = std::move(matching.coverage);
  report.notes = std::move(matching.warnings);
  if (!map_file.empty()) {
    report.notes.push_back("fusion map " + map_file + ": " +
                           std::to_string(report.coverage.fused.size()) + " tensors fused");
  }
  const std::string text = NoteOf(reference, target, request.policy.by_default);
  if (!text.empty()) {
    report.notes.push_back(text);
  }
  report.reference.source = request.reference;
  report.target.source = request.target;
  if (request.digests) {
    PLUMB_ASSIGN_OR_RETURN(report.reference.sha256, Sha256HexOfFile(request.reference));
    PLUMB_ASSIGN_OR_RETURN(report.target.sha256, Sha256HexOfFile(request.target));
  }
  return report;
}

}  // namespace plumb::client
