#include <algorithm>

#include "client/cli/analyse/layers_report.h"
#include "client/cli/frame/figures.h"
#include "client/cli/frame/table.h"

namespace plumb::client {
namespace {

using analysis::TensorReport;
using analysis::Verdict;

constexpr size_t kBarWidth = 12;

Style StyleOf(Verdict verdict) {
  return verdict == Verdict::kMatch      ? Style::kGood
         : verdict == Verdict::kMismatch ? Style::kBad
                                         : Style::kWarning;
}

void SayTable(Console& console, const LayersReport& report) {
  Table table({{"layer"},
               {"op"},
               {"cosine", Align::kRight},
               {"rel_l1", Align::kRight},
               {"1e-4 .. 1"},
               {"max |d|", Align::kRight},
               {"verdict"}});
  for (size_t i = 0; i < report.notes.size(); ++i) {
    const TensorReport& tensor = report.comparison.tensors[i];
    const Style style = StyleOf(tensor.verdict);
    const bool first = report.curve.first_bad == report.notes[i].place;
    const std::string broken = tensor.rule.empty() ? "" : ": " + tensor.rule;
    table.AddRow({{console.verbose() ? tensor.vendor_name : ShortName(tensor.vendor_name),
                   first ? Style::kBold : Style::kPlain},
                  {tensor.op},
                  {SixDecimals(tensor.cosine)},
                  {SixDecimals(tensor.relative_l1)},
                  {ErrorBar(tensor.relative_l1, kBarWidth), style},
                  {FourDigits(tensor.max_abs_error)},
                  {std::string(analysis::VerdictName(tensor.verdict)) + broken +
                       (first ? "  <- first bad layer" : ""),
                   style}});
  }
  console.Say("");
  table.PrintTo(console);
}

void SayNonFinite(Console& console, const LayersReport& report) {
  for (const TensorReport& tensor : report.comparison.tensors) {
    if (tensor.first_nonfinite_mismatch_index || tensor.rule == "shape") {
      console.Say({{"  " + ShortName(tensor.vendor_name), Style::kBold}, {": " + tensor.reason}});
    }
  }
}

void SayNames(Console& console, const char* what, const std::vector<std::string>& names) {
  if (names.empty()) {
    return;
  }
  console.Say({{std::to_string(names.size()) + " " + what + ":", Style::kWarning}});
  for (const std::string& name : names) {
    console.Say("  " + name);
  }
}

void SayCoverage(Console& console, const LayersReport& report) {
  const analysis::Coverage& coverage = report.comparison.coverage;
  SayNames(console, "missing in target", coverage.missing_in_target);
  SayNames(console, "missing in reference", coverage.missing_in_reference);
  SayNames(console, "of a name that is there more than once", coverage.duplicate);
  if (console.verbose()) {
    SayNames(console, "fused", coverage.fused);
  }
  console.Say(
      {{"coverage   ", Style::kDim},
       {std::to_string(coverage.matched) + " layers compared, " +
        std::to_string(coverage.missing_in_target.size() + coverage.missing_in_reference.size()) +
        " missing, " + std::to_string(coverage.fused.size()) + " fused, " +
        std::to_string(coverage.constant) + " constants set aside"}});
}

// What happened inside layers, in the order of execution; all of them with --verbose.
void SayInside(Console& console, const LayersReport& report) {
  constexpr size_t kShown = 5;
  size_t count = 0;
  for (size_t i = 0; i < report.notes.size(); ++i) {
    const LayerNote& note = report.notes[i];
    if (note.findings.empty() || (++count > kShown && !console.verbose())) {
      continue;
    }
    const std::string& name = report.comparison.tensors[i].vendor_name;
    console.Say({{"inside     ", Style::kDim},
                 {ShortName(name), Style::kBold},
                 {"  " + note.findings.front().cause + ": " + note.findings.front().evidence}});
  }
  if (count > kShown && !console.verbose()) {
    console.Say("           and " + std::to_string(count - kShown) + " more layers, see --verbose");
  }
}

const TensorReport* LayerAt(const LayersReport& report, const std::optional<size_t>& place) {
  for (size_t i = 0; place && i < report.notes.size(); ++i) {
    if (report.notes[i].place == *place) {
      return &report.comparison.tensors[i];
    }
  }
  return nullptr;
}

void SayCurve(Console& console, const LayersReport& report) {
  const layers::Curve& curve = report.curve;
  if (const TensorReport* first = LayerAt(report, curve.first_bad)) {
    console.Say({{"first bad  ", Style::kDim},
                 {ShortName(first->vendor_name), Style::kBold},
                 {"  " + first->op + ", " + first->rule}});
  }
  const TensorReport* change = LayerAt(report, curve.change_point);
  const bool jump = curve.kind == layers::CurveClass::kJump && change != nullptr;
  console.Say({{"curve      ", Style::kDim},
               {layers::DescribeCurve(curve), Style::kBold},
               {jump ? " at " + ShortName(change->vendor_name) : ""}});
  console.Say("           " + curve.evidence);
  const std::string advice = layers::CurveAdvice(curve);
  if (!advice.empty()) {
    console.Say({{"        -> " + advice, Style::kBold}});
  }
}

}  // namespace

void SayLayers(Console& console, const LayersReport& report) {
  const analysis::ComparisonReport& comparison = report.comparison;
  if (!comparison.tensors.empty()) {
    if (report.blame) {
      SayBlameTable(console, *report.blame);
    } else {
      SayTable(console, report);
    }
    SayNonFinite(console, report);
    console.Say("");
  }
  SayCoverage(console, report);
  SayCurve(console, report);
  if (report.blame) {
    SayCulprits(console, *report.blame);
  }
  SayInside(console, report);
  for (const std::string& note : comparison.notes) {
    console.Say({{"note: ", Style::kWarning}, {note}});
  }
  SayAdvice(console, report.advice);
  const auto bad = std::count_if(comparison.tensors.begin(),
                                 comparison.tensors.end(),
                                 [](const auto& t) { return t.verdict == Verdict::kMismatch; });
  console.Conclude(
      {{"verdict: ", Style::kBold},
       {std::string(analysis::VerdictName(comparison.verdict)), StyleOf(comparison.verdict)},
       {" (" + std::to_string(bad) + " of " + std::to_string(comparison.tensors.size()) +
        " layers out of bounds)"}});
}

}  // namespace plumb::client
