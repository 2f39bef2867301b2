#include "client/cli/network/tune_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "client/cli/frame/exit_code.h"
#include "client/cli/frame/table.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using nlohmann::ordered_json;
using tune::TensorError;

std::string Digits(double value) {
  std::array<char, 48> text{};
  (void)std::snprintf(text.data(), text.size(), "%.6f", value);
  return text.data();
}

std::string Percent(double part, double whole) {
  std::array<char, 48> text{};
  (void)std::snprintf(text.data(), text.size(), "%.1f %%", whole > 0 ? 100 * part / whole : 0);
  return text.data();
}

ordered_json NumbersOf(const TensorError& error) {
  const auto number = [](double value) {
    return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
  };
  return {{"cosine", number(error.cosine)}, {"rel_l1", number(error.rel_l1)}};
}

// Those that both have, in the order of `after`.
ordered_json Curve(const std::vector<TensorError>& before, const std::vector<TensorError>& after) {
  ordered_json list = ordered_json::array();
  for (const TensorError& now : after) {
    const auto then = std::find_if(before.begin(), before.end(), [&](const TensorError& error) {
      return error.name == now.name;
    });
    if (then != before.end()) {
      list.push_back({{"name", now.name}, {"before", NumbersOf(*then)}, {"after", NumbersOf(now)}});
    }
  }
  return list;
}

void PrintOutputs(const TuneReport& report, Console& console) {
  Table table({{"output"},
               {"cosine", Align::kRight},
               {"rel_l1", Align::kRight},
               {"raised: cosine", Align::kRight},
               {"rel_l1", Align::kRight}});
  const auto cell = [](const TensorError& error, double value) {
    return Span{Digits(value), error.meets ? Style::kGood : Style::kBad};
  };
  for (size_t i = 0; i < report.outputs_after.size(); ++i) {
    const TensorError& before = report.outputs_before[i];
    const TensorError& after = report.outputs_after[i];
    table.AddRow({{after.name},
                  cell(before, before.cosine),
                  cell(before, before.rel_l1),
                  cell(after, after.cosine),
                  cell(after, after.rel_l1)});
  }
  table.PrintTo(console);
}

void PrintRaised(const TuneReport& report, Console& console) {
  double total = 0;
  for (const tune::Candidate& candidate : report.candidates) {
    total += candidate.cost;
  }
  Table table({{"raised to INT16"}, {"MACs", Align::kRight}, {"of all", Align::kRight}});
  for (const size_t index : report.found.on) {
    const tune::Candidate& candidate = report.candidates[index];
    table.AddRow({{candidate.name},
                  {std::to_string(static_cast<uint64_t>(candidate.cost))},
                  {Percent(candidate.cost, total)}});
  }
  table.PrintTo(console);
}

}  // namespace

void PrintTune(const TuneReport& report, Console& console) {
  PrintOutputs(report, console);
  const std::string all = std::to_string(report.candidates.size());
  if (report.found.impossible) {
    console.Conclude(
        {{"not even all " + all + " inputs of convolutions as INT16 meet the tolerance",
          Style::kBad}});
    console.Say(
        "what is lost lies elsewhere: look at the layers, check the preprocessing, or train the "
        "quantisation (torch_calibrator.py, Q2)");
    return;
  }
  if (report.found.on.empty()) {
    console.Conclude({{"nothing has to be raised: UINT8 meets the tolerance", Style::kGood}});
    return;
  }
  PrintRaised(report, console);
  if (report.found.unknown > 0) {
    console.Say(std::to_string(report.found.unknown) + " sets could not be judged");
  }
  console.Conclude({{std::to_string(report.found.on.size()) + " of " + all +
                         " tensors raised to INT16, none can be left out (" +
                         std::to_string(report.found.judgements) + " sets judged)",
                     Style::kGood}});
}

std::string TuneJson(const TuneReport& report) {
  ordered_json raised = ordered_json::array();
  for (const size_t index : report.found.on) {
    const tune::Candidate& candidate = report.candidates[index];
    raised.push_back({{"name", candidate.name},
                      {"macs", candidate.cost},
                      {"sensitivity", candidate.sensitivity}});
  }
  const bool met = !report.found.impossible;
  return ordered_json({{"schema", "plumb.tune/1"},
                       {"exit_code", met ? kExitMatch : kExitMismatch},
                       {"error", nullptr},
                       {"met", met},
                       {"candidates", report.candidates.size()},
                       {"judgements", report.found.judgements},
                       {"unknown", report.found.unknown},
                       {"raised", std::move(raised)},
                       {"outputs", Curve(report.outputs_before, report.outputs_after)},
                       {"layers", Curve(report.layers_before, report.layers_after)},
                       {"input_config", met ? ordered_json(report.config) : ordered_json(nullptr)}})
      .dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace plumb::client
