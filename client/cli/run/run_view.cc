#include "client/cli/run/run_view.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "client/cli/analyse/report_text.h"
#include "client/cli/frame/table.h"
#include "client/cli/frame/verb.h"
#include "common/archive/report_json.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

std::string Percent(uint64_t part, uint64_t whole) {
  if (whole == 0) {
    return "-";
  }
  return std::to_string(static_cast<uint64_t>(100.0 * static_cast<double>(part) /
                                              static_cast<double>(whole))) +
         "%";
}

std::string Fixed(const std::optional<double>& value) {
  if (!value) {
    return "-";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6f", *value);
  return text.data();
}

uint64_t SizeOf(const std::optional<TensorDesc>& desc) {
  return desc ? desc->aligned_size : 0;
}

Span VerdictCell(const TensorProgress& tensor) {
  if (tensor.verdict == analysis::Verdict::kMatch) {
    return {"match", Style::kGood};
  }
  if (tensor.verdict == analysis::Verdict::kMismatch) {
    return {"mismatch", Style::kBad};
  }
  return {tensor.different_elements > 0 ? "differs" : "…",
          tensor.different_elements > 0 ? Style::kBad : Style::kDim};
}

std::vector<Line> LiveLines(const RunEvent& event) {
  Table table({{"tensor"},
               {"board", Align::kRight},
               {"simulator", Align::kRight},
               {"compared", Align::kRight},
               {"different", Align::kRight},
               {"cosine", Align::kRight},
               {""}});
  for (const TensorProgress& tensor : event.tensors) {
    table.AddRow({{tensor.name},
                  {Percent(tensor.target_bytes, SizeOf(tensor.target))},
                  {Percent(tensor.reference_bytes, SizeOf(tensor.reference))},
                  {Percent(tensor.compared, tensor.total)},
                  {std::to_string(tensor.different_elements)},
                  {Fixed(tensor.cosine)},
                  VerdictCell(tensor)});
  }
  uint32_t repetition = 0;
  for (const TensorProgress& tensor : event.tensors) {
    repetition = std::max(repetition, tensor.target_repetition);
  }
  std::vector<Line> lines = table.Lines();
  lines.insert(lines.begin(),
               {{std::string(RunStateName(event.run.state)), Style::kAccent},
                {event.run.board.empty() ? "" : "  on " + event.run.board},
                {repetition == 0 ? "" : ", repetition " + std::to_string(repetition + 1)}});
  return lines;
}

}  // namespace

void RunView::ShowModel(const RunEvent& event) {
  if (model_shown_ || !event.target_model) {
    return;
  }
  model_shown_ = true;
  block_.Erase();
  console_.Say(
      {{"board      ", Style::kDim}, {event.run.board + " (" + event.target_model->sdk + ")"}});
  for (const TensorDesc& desc : event.target_model->inputs) {
    console_.Detail("input      " + DescribeTensor(desc));
  }
  for (const TensorDesc& desc : event.target_model->outputs) {
    console_.Detail("output     " + DescribeTensor(desc));
  }
}

void RunView::ShowLines(const RunEvent& event) {
  const std::string state(RunStateName(event.run.state));
  if (state != last_state_) {
    last_state_ = state;
    console_.Detail("run " + event.run.run_id + ": " + state);
  }
  for (const TensorProgress& tensor : event.tensors) {
    if (tensor.verdict && finished_.insert(tensor.index).second) {
      console_.Say(tensor.name + ": " + std::to_string(tensor.compared) + " elements compared, " +
                   std::to_string(tensor.different_elements) + " different, cosine " +
                   Fixed(tensor.cosine));
    }
  }
}

void RunView::Show(const RunEvent& event) {
  if (!event.note.empty() && event.note != last_note_) {
    last_note_ = event.note;
    block_.Erase();
    console_.Say(event.note);
  }
  ShowModel(event);
  if (console_.live()) {
    block_.Show(LiveLines(event));
  } else {
    ShowLines(event);
  }
}

Result<int> ConcludeRun(VerbContext& context, const RunEvent& last) {
  PLUMB_ASSIGN_OR_RETURN(const auto report, archive::ReportFromJson(last.report_json));
  if (context.json.wanted()) {
    PLUMB_RETURN_IF_ERROR(context.json.Write(Trim(last.report_json)));
  }
  if (report.error.ok()) {
    SayRoles(context.console, report.reference, report.target);
  } else {
    context.console.Error(report.error);
  }
  SayReport(context.console, report);
  return report.exit_code;
}

}  // namespace plumb::client
