#include "client/cli/layers_report.h"

#include <algorithm>
#include <utility>

#include "common/archive/report_json.h"
#include "common/base/text.h"

#include <nlohmann/json.hpp>

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

nlohmann::ordered_json CurveToJson(const LayersReport& report) {
  const layers::Curve& curve = report.curve;
  const auto name_at = [&report](const std::optional<size_t>& place) -> nlohmann::ordered_json {
    for (size_t i = 0; place && i < report.notes.size(); ++i) {
      if (report.notes[i].place == *place) {
        return report.comparison.tensors[i].name;
      }
    }
    return nullptr;
  };
  const bool drift = curve.kind == layers::CurveClass::kDrift;
  return {
      {"class", layers::CurveClassName(curve.kind)},
      {"early_crossing", curve.early_crossing},
      {"first_bad", name_at(curve.first_bad)},
      {"change_point", name_at(curve.change_point)},
      {"factor", curve.factor},
      {"depth_exponent", drift ? nlohmann::ordered_json(curve.exponent) : nullptr},
      {"follows_root_of_depth", drift ? nlohmann::ordered_json(curve.follows_root_law) : nullptr},
      {"swing", curve.swing},
      {"crossings", curve.crossings},
      {"evidence", curve.evidence},
      {"advice", layers::CurveAdvice(curve)}};
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
    report.notes.push_back(std::move(note));
    report.comparison.tensors.push_back(std::move(result.report));
  }
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
  for (const TensorReport& tensor : tensors) {
    points.push_back({tensor.relative_l1, tensor.cosine, tensor.verdict == Verdict::kMismatch});
  }
  report.curve = layers::ClassifyCurve(points);
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

std::string LayersToJson(const LayersReport& report) {
  auto json = nlohmann::ordered_json::parse(archive::ReportToJson(report.comparison));
  json["schema"] = "plumb.layers/1";
  for (size_t i = 0; i < report.notes.size(); ++i) {
    const LayerNote& note = report.notes[i];
    auto& tensor = json["tensors"][i];
    tensor["type"] = note.type;
    tensor["reference_name"] =
        note.reference_name.empty() ? tensor["name"] : nlohmann::ordered_json(note.reference_name);
    tensor["matched_by"] = note.matched_by;
    tensor["layout"] = note.layout;
  }
  json["map"] = report.map.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(report.map);
  json["curve"] = report.comparison.error.ok() ? CurveToJson(report) : nullptr;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace plumb::client
