#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "client/cli/layers_report.h"
#include "client/cli/table.h"
#include "common/base/portable_math.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

using analysis::TensorReport;
using analysis::Verdict;

constexpr int kBarWidth = 12;
constexpr double kBarDecades = 4;  // a bar reaches from 0.0001 to 1

std::string SixDecimals(const std::optional<double>& value) {
  if (!value) {
    return "-";
  }
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  std::snprintf(text.data(), text.size(), "%.6f", *value);
  return text.data();
}

std::string FourDigits(const std::optional<double>& value) {
  if (!value) {
    return "-";
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.4g", *value);
  return text.data();
}

constexpr size_t kNameWidth = 56;

// Converters chain names: what is in the middle goes, number and end stay. --json has it all.
std::string Shortened(const std::string& name) {
  const std::string shown = EscapeForDisplay(name);
  if (shown.size() <= kNameWidth) {
    return shown;
  }
  const auto continues = [](char c) { return (static_cast<uint8_t>(c) & 0xC0U) == 0x80U; };
  size_t front = kNameWidth / 2;
  size_t back = shown.size() - kNameWidth / 2 + 3;
  while (front > 0 && continues(shown[front])) {
    --front;
  }
  while (back < shown.size() && continues(shown[back])) {
    ++back;
  }
  return shown.substr(0, front) + "..." + shown.substr(back);
}

// rel_l1 on a logarithmic scale.
std::string Bar(const TensorReport& tensor) {
  if (!tensor.relative_l1) {
    return std::string(kBarWidth, '!');
  }
  if (*tensor.relative_l1 <= 0) {
    return "";
  }
  const double decades = PortableLog10(*tensor.relative_l1) + kBarDecades;
  const double length = std::clamp(decades / kBarDecades * kBarWidth, 0.0, double{kBarWidth});
  return std::string(static_cast<size_t>(std::lround(length)), '#');
}

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
    table.AddRow({{console.verbose() ? tensor.vendor_name : Shortened(tensor.vendor_name),
                   first ? Style::kBold : Style::kPlain},
                  {tensor.op},
                  {SixDecimals(tensor.cosine)},
                  {SixDecimals(tensor.relative_l1)},
                  {Bar(tensor), style},
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
      console.Say({{"  " + Shortened(tensor.vendor_name), Style::kBold}, {": " + tensor.reason}});
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
                 {Shortened(first->vendor_name), Style::kBold},
                 {"  " + first->op + ", " + first->rule}});
  }
  const TensorReport* change = LayerAt(report, curve.change_point);
  const bool jump = curve.kind == layers::CurveClass::kJump && change != nullptr;
  console.Say({{"curve      ", Style::kDim},
               {layers::DescribeCurve(curve), Style::kBold},
               {jump ? " at " + Shortened(change->vendor_name) : ""}});
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
    SayTable(console, report);
    SayNonFinite(console, report);
    console.Say("");
  }
  SayCoverage(console, report);
  SayCurve(console, report);
  for (const std::string& note : comparison.notes) {
    console.Say({{"note: ", Style::kWarning}, {note}});
  }
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
