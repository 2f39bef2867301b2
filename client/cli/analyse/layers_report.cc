#include "client/cli/analyse/layers_report.h"

#include <algorithm>
#include <utility>

#include "common/analysis/diagnose.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

using analysis::TensorReport;
using analysis::Verdict;

std::string CsvText(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : EscapeForDisplay(text)) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

std::string CsvNumber(const std::optional<double>& value) {
  return value ? ShortestDouble(*value) : "";
}

std::string FirstBroken(const analysis::Tolerance& limits, const layers::VendorLine& line) {
  if (!line.cosine || !line.relative_l1) {
    return "nan or inf";
  }
  if (limits.min_cosine && *line.cosine < *limits.min_cosine) {
    return "cosine < " + ShortestDouble(*limits.min_cosine);
  }
  if (limits.max_relative_l1 && *line.relative_l1 > *limits.max_relative_l1) {
    return "rel_l1 > " + ShortestDouble(*limits.max_relative_l1);
  }
  return "";
}

bool HasNonFinite(const TensorReport& tensor) {
  return tensor.first_nonfinite_mismatch_index.has_value() || tensor.rule == "nan or inf";
}

// The report's word for a finding; the residual stands for how sure it is.
analysis::Diagnosis DiagnosisOf(const diagnosis::Finding& finding, const TensorReport& tensor) {
  const double left = finding.before > 0 ? finding.residual / finding.before : 1;
  return {finding.cause,
          tensor.name,
          finding.evidence,
          std::clamp(1 - left, 0.0, 0.99),
          std::string(analysis::AdviceFor(finding.cause))};
}

advice::NetworkFacts FactsOf(const LayersReport& report) {
  advice::NetworkFacts facts;
  facts.target_is_float = report.target_is_float;
  facts.missing_in_target = report.comparison.coverage.missing_in_target;
  facts.curve = report.curve.kind;
  facts.early_crossing = report.curve.early_crossing;
  facts.change_point = report.curve.change_point;
  facts.layers.reserve(report.notes.size());
  for (size_t i = 0; i < report.notes.size(); ++i) {
    const TensorReport& tensor = report.comparison.tensors[i];
    const LayerNote& note = report.notes[i];
    advice::LayerFacts layer;
    layer.name = tensor.name;
    layer.op = tensor.op;
    layer.type = note.type;
    layer.inputs = note.inputs;
    layer.bad = tensor.verdict == Verdict::kMismatch;
    layer.nonfinite = HasNonFinite(tensor);
    layer.relative_l1 = tensor.relative_l1;
    layer.cosine = tensor.cosine;
    layer.reference_min = tensor.reference_min;
    layer.reference_max = tensor.reference_max;
    layer.range = note.range;
    layer.findings = note.findings;
    if (note.profile) {
      layer.count = note.profile->count;
      layer.beyond_range = note.profile->below_range + note.profile->above_range;
    }
    facts.layers.push_back(std::move(layer));
  }
  return facts;
}

}  // namespace

void TakeLayers(const layers::LayerSet& reference,
                const layers::LayerSet& target,
                std::vector<layers::LayerResult> results,
                LayersReport& report) {
  for (layers::LayerResult& result : results) {
    const layers::Layer& r = reference.layers[result.pair.reference];
    const layers::Layer& t = target.layers[result.pair.target];
    LayerNote note;
    note.type = t.type;
    note.reference_name = r.desc.name == t.desc.name ? "" : r.desc.name;
    note.matched_by = layers::MatchedByName(result.pair.how);
    note.layout = layers::LayoutEvidenceName(result.layout);
    note.place = report.notes.size();
    note.inputs = t.inputs;
    note.range = t.range;
    note.profile = std::move(result.profile);
    note.findings = std::move(result.findings);
    note.too_large_to_look_inside = result.too_large_to_look_inside;
    report.notes.push_back(std::move(note));
    report.comparison.tensors.push_back(std::move(result.report));
  }
  report.target_is_float = target.is_float;
}

void TakeLog(const std::vector<layers::VendorLine>& lines,
             const analysis::TolerancePolicy& policy,
             LayersReport& report) {
  for (const layers::VendorLine& line : lines) {
    const auto directory = layers::ParseVendorDirectory(line.directory);
    TensorReport tensor;
    tensor.name = directory ? directory->name : line.directory;
    tensor.vendor_name = line.directory;
    tensor.op = line.op;
    tensor.index = static_cast<uint32_t>(report.notes.size());
    tensor.mse = line.mse;
    tensor.cosine = line.cosine;
    tensor.relative_l1 = line.relative_l1;
    tensor.rule = FirstBroken(policy.For(tensor.name), line);
    tensor.verdict = tensor.rule.empty() ? Verdict::kMatch : Verdict::kMismatch;
    tensor.reason = "as the log says; a log has no more numbers than these";
    LayerNote note;
    note.type = line.type;
    note.matched_by = "log";
    note.place = report.notes.size();
    report.notes.push_back(std::move(note));
    report.comparison.tensors.push_back(std::move(tensor));
  }
  report.comparison.coverage.matched = lines.size();
}

void Arrange(LayersReport& report) {
  auto& tensors = report.comparison.tensors;
  std::vector<layers::CurvePoint> points;
  points.reserve(tensors.size());
  for (const TensorReport& tensor : tensors) {
    points.push_back({tensor.relative_l1, tensor.cosine, tensor.verdict == Verdict::kMismatch});
  }
  report.curve = layers::ClassifyCurve(points);
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!report.notes[i].findings.empty()) {
      report.comparison.diagnosis.push_back(
          DiagnosisOf(report.notes[i].findings.front(), tensors[i]));
    }
  }
  report.advice = advice::Advise(FactsOf(report));
  std::vector<size_t> order(tensors.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_partition(
      order.begin(), order.end(), [&](size_t i) { return HasNonFinite(tensors[i]); });
  std::vector<TensorReport> arranged;
  std::vector<LayerNote> notes;
  for (const size_t i : order) {
    arranged.push_back(std::move(tensors[i]));
    notes.push_back(std::move(report.notes[i]));
  }
  tensors = std::move(arranged);
  report.notes = std::move(notes);
}

std::string LayersToVendorLines(const LayersReport& report) {
  std::vector<size_t> order(report.notes.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[report.notes[i].place] = i;
  }
  std::string text;
  for (const size_t i : order) {
    const TensorReport& tensor = report.comparison.tensors[i];
    text += layers::FormatVendorLine({tensor.vendor_name,
                                      tensor.op,
                                      report.notes[i].type,
                                      tensor.mse,
                                      tensor.cosine,
                                      tensor.relative_l1}) +
            "\n";
  }
  return text;
}

std::string LayersToCsv(const LayersReport& report) {
  std::string text =
      "place,name,vendor_name,op,type,elements,mse,cosine,rel_l1,max_abs_error,nan_reference,"
      "nan_target,verdict,rule,matched_by,layout\n";
  for (size_t i = 0; i < report.notes.size(); ++i) {
    const TensorReport& tensor = report.comparison.tensors[i];
    const LayerNote& note = report.notes[i];
    text += std::to_string(note.place) + "," + CsvText(tensor.name) + "," +
            CsvText(tensor.vendor_name) + "," + CsvText(tensor.op) + "," + CsvText(note.type) +
            "," + std::to_string(tensor.count) + "," + CsvNumber(tensor.mse) + "," +
            CsvNumber(tensor.cosine) + "," + CsvNumber(tensor.relative_l1) + "," +
            CsvNumber(tensor.max_abs_error) + "," + std::to_string(tensor.nan_reference) + "," +
            std::to_string(tensor.nan_target) + "," +
            std::string(analysis::VerdictName(tensor.verdict)) + "," + CsvText(tensor.rule) + "," +
            note.matched_by + "," + note.layout + "\n";
  }
  return text;
}

}  // namespace plumb::client
