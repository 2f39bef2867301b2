#include "client/cli/analyse/report_text.h"

#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include "client/cli/frame/table.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

using analysis::ComparisonReport;
using analysis::TensorReport;
using analysis::Verdict;

// `digits` significant ones.
std::string General(const std::optional<double>& value, int digits) {
  if (!value) {
    return "-";
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*g", digits, *value);
  return text.data();
}

std::string Fixed(const std::optional<double>& value, int decimals) {
  if (!value) {
    return "-";
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, *value);
  return text.data();
}

Style StyleOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kMatch:
      return Style::kGood;
    case Verdict::kMismatch:
      return Style::kBad;
    case Verdict::kNotCompared:
      return Style::kWarning;
  }
  return Style::kPlain;
}

std::string TypeAndShape(const TensorReport& tensor) {
  return std::string(ElementTypeName(tensor.element_type)) + "[" + tensor.shape.ToString() + "]";
}

void SayTensors(Console& console, const ComparisonReport& report) {
  if (report.tensors.empty()) {
    return;
  }
  Table table({{"tensor"},
               {"type"},
               {"elements", Align::kRight},
               {"different", Align::kRight},
               {"max LSB", Align::kRight},
               {"max |d|", Align::kRight},
               {"cosine", Align::kRight},
               {"rel_l1", Align::kRight},
               {"verdict"}});
  for (const TensorReport& tensor : report.tensors) {
    table.AddRow({{tensor.name},
                  {TypeAndShape(tensor)},
                  {std::to_string(tensor.count)},
                  {std::to_string(tensor.different_elements),
                   tensor.different_elements == 0 ? Style::kPlain : Style::kBad},
                  {General(tensor.max_lsb_error, 4)},
                  {General(tensor.max_abs_error, 4)},
                  {Fixed(tensor.cosine, 6)},
                  {General(tensor.relative_l1, 3)},
                  {std::string(analysis::VerdictName(tensor.verdict)), StyleOf(tensor.verdict)}});
  }
  console.Say("");
  table.PrintTo(console);
}

std::string PositionText(const TensorReport& tensor, uint64_t flat_index) {
  const auto position = tensor.shape.Unravel(flat_index);
  std::string text = "[";
  for (size_t axis = 0; axis < tensor.shape.rank(); ++axis) {
    text += (axis == 0 ? "" : ",") + std::to_string(position.at(axis));
  }
  return text + "]";
}

void SayFirstDifferences(Console& console, const ComparisonReport& report) {
  for (const TensorReport& tensor : report.tensors) {
    if (tensor.verdict != Verdict::kMismatch) {
      continue;
    }
    if (tensor.first_difference_index) {
      console.Say(
          {{"  " + tensor.name, Style::kBold},
           {": first difference at " + PositionText(tensor, *tensor.first_difference_index) +
            ": reference " + General(tensor.first_difference_reference, 9) + ", target " +
            General(tensor.first_difference_target, 9)}});
    }
    if (!tensor.reason.empty()) {
      console.Say({{"  " + tensor.name, Style::kBold}, {": " + tensor.reason}});
    }
  }
}

void SayNames(Console& console, const char* what, const std::vector<std::string>& names) {
  if (!names.empty()) {
    console.Say({{std::string("  ") + what + ": ", Style::kWarning}, {Join(names, ", ")}});
  }
}

// Dumps only: they hold constants, and so many layers that nobody counts them by eye.
void SayConstants(Console& console, const analysis::Coverage& coverage) {
  if (coverage.constant == 0) {
    return;
  }
  const uint64_t missing = coverage.missing_in_target.size() + coverage.missing_in_reference.size();
  console.Say("  coverage: " + std::to_string(coverage.matched) + " of " +
              std::to_string(coverage.matched + missing) + " layers have a partner; " +
              std::to_string(coverage.constant) + " constants are set aside");
}

void SayCoverage(Console& console, const analysis::Coverage& coverage) {
  SayConstants(console, coverage);
  SayNames(console, "missing in target", coverage.missing_in_target);
  SayNames(console, "missing in reference", coverage.missing_in_reference);
  SayNames(console, "duplicate names", coverage.duplicate);
}

void SayDiagnosis(Console& console, const ComparisonReport& report) {
  if (report.diagnosis.empty()) {
    return;
  }
  console.Say("");
  console.Say({{"diagnosis", Style::kBold}});
  for (const analysis::Diagnosis& found : report.diagnosis) {
    console.Say({{"  " + found.cause, Style::kAccent},
                 {found.tensor.empty() ? "" : " in " + found.tensor},
                 {"  confidence " + Fixed(found.confidence, 2), Style::kDim}});
    console.Say("    " + found.evidence);
    if (!found.advice.empty()) {
      console.Say({{"    -> " + found.advice, Style::kBold}});
    }
  }
}

// How long both sides took, and what the chip says of itself.
void SayTiming(Console& console, const analysis::Timing& timing) {
  if (!timing.board_ms || !timing.simulator_ms) {
    return;
  }
  std::string text = "board " + Fixed(timing.board_ms, 1) + " ms";
  if (timing.ipu_ms) {
    text += " (in the IPU " + Fixed(timing.ipu_ms, 1) + " ms, bandwidth " +
            General(timing.bandwidth, 6) + ": read " + General(timing.bandwidth_read, 6) +
            ", written " + General(timing.bandwidth_write, 6) + ")";
  }
  console.Say({{"invoke     ", Style::kDim},
               {text + ", simulator " + Fixed(timing.simulator_ms, 1) + " ms"}});
}

std::string Summary(const ComparisonReport& report) {
  size_t matching = 0;
  bool all_equal = true;
  for (const TensorReport& tensor : report.tensors) {
    matching += tensor.verdict == Verdict::kMatch ? 1 : 0;
    all_equal = all_equal && tensor.equal;
  }
  if (!report.error.ok()) {
    return "";
  }
  if (report.tensors.empty() && report.verdict == Verdict::kMismatch) {
    return "the input is wrong, the network was not run";
  }
  std::string text =
      std::to_string(matching) + " of " + std::to_string(report.tensors.size()) + " tensors match";
  if (report.verdict == Verdict::kMatch) {
    text += all_equal ? ", every valid element is equal" : ", within the tolerance";
  }
  return text;
}

}  // namespace

void SayRoles(Console& console,
              const analysis::Operand& reference,
              const analysis::Operand& target) {
  console.Say({{"reference  ", Style::kDim}, {reference.source}});
  console.Say({{"target     ", Style::kDim}, {target.source}});
}

void SayReport(Console& console, const ComparisonReport& report) {
  SayTensors(console, report);
  SayFirstDifferences(console, report);
  SayCoverage(console, report.coverage);
  SayDiagnosis(console, report);
  console.Say("");
  SayTiming(console, report.timing);
  for (const std::string& note : report.notes) {
    console.Say({{"note: ", Style::kWarning}, {note}});
  }
  Line line = {{"verdict: ", Style::kBold},
               {std::string(analysis::VerdictName(report.verdict)), StyleOf(report.verdict)}};
  const std::string summary = Summary(report);
  if (!summary.empty()) {
    line.push_back({" (" + summary + ")"});
  }
  console.Conclude(line);
}

}  // namespace plumb::client
