#include "client/cli/suite/suite_report.h"

#include <algorithm>

#include "client/cli/frame/table.h"
#include "client/cli/frame/verb.h"
#include "client/lib/batch_report.h"
#include "common/analysis/outcome.h"
#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using analysis::Verdict;
using Json = nlohmann::ordered_json;

std::string WhyNot(const BatchOutcome& outcome, const analysis::ComparisonReport& report) {
  if (outcome.exit_code == analysis::kExitMatch) {
    return "";
  }
  if (!report.error.ok()) {
    return std::string(report.error.reason().empty() ? StatusCodeName(report.error.code())
                                                     : report.error.reason()) +
           ": " + report.error.message();
  }
  std::string why = report.diagnosis.empty() ? "" : report.diagnosis.front().cause;
  if (report.first_divergence) {
    why += (why.empty() ? "" : ", ") + std::string("first in ") + report.first_divergence->name;
  }
  return why.empty() ? "nothing was compared" : why;
}

struct Cell {
  size_t match = 0;
  size_t mismatch = 0;
  size_t error = 0;
  size_t not_run = 0;
};

Span ToSpan(const Cell& cell) {
  std::vector<std::string> parts;
  const auto add = [&parts](size_t count, const char* what) {
    if (count > 0) {
      parts.push_back(std::to_string(count) + " " + what);
    }
  };
  add(cell.match, "match");
  add(cell.mismatch, "mismatch");
  add(cell.error, cell.error == 1 ? "error" : "errors");
  add(cell.not_run, "not run");
  const bool good = cell.mismatch == 0 && cell.error == 0;
  return {Join(parts, ", "), !good ? Style::kBad : cell.not_run > 0 ? Style::kDim : Style::kGood};
}

std::map<std::pair<size_t, size_t>, Cell> Cells(const SuiteResults& results) {
  std::map<std::pair<size_t, size_t>, Cell> cells;
  for (size_t i = 0; i < results.cases().size(); ++i) {
    const SuiteCase& one = results.cases()[i];
    Cell& cell = cells[{one.model, one.board}];
    const auto done = results.done().find(i);
    if (done == results.done().end()) {
      ++cell.not_run;
    } else if (done->second.exit_code == analysis::kExitMatch) {
      ++cell.match;
    } else if (done->second.verdict == Verdict::kMismatch) {
      ++cell.mismatch;
    } else {
      ++cell.error;
    }
  }
  return cells;
}

std::string BoardTitle(const std::vector<std::string>& words) {
  return words.empty() ? "any board" : Join(words, "+");
}

Json CaseJson(const SuiteResults& results, size_t index) {
  const SuiteCase& one = results.cases()[index];
  const SuiteModel& model = results.suite().models[one.model];
  Json json = {{"name", one.name},
               {"model", model.name},
               {"files", model.samples[one.sample]},
               {"input", one.input},
               {"boards", results.suite().boards[one.board]},
               {"verdict", "not_run"},
               {"exit_code", nullptr},
               {"board", nullptr},
               {"run", nullptr},
               {"resumed", false},
               {"comparison", nullptr}};
  return json;
}

}  // namespace

void SuiteResults::Add(const BatchOutcome& outcome,
                       const analysis::ComparisonReport& report,
                       bool resumed) {
  CaseResult result;
  result.verdict = outcome.verdict;
  result.exit_code = outcome.exit_code;
  result.board = report.identity.board;
  result.run_id = outcome.run_id;
  result.why = WhyNot(outcome, report);
  result.resumed = resumed;
  done_[outcome.index] = std::move(result);
}

size_t SuiteResults::Count(Verdict verdict) const {
  return static_cast<size_t>(std::count_if(done_.begin(), done_.end(), [verdict](const auto& one) {
    return one.second.verdict == verdict;
  }));
}

bool SuiteResults::AllJudged() const {
  return not_run() == 0 && std::all_of(done_.begin(), done_.end(), [](const auto& one) {
           return HasVerdict(one.second.exit_code);
         });
}

int SuiteResults::ExitCode(const Status& error) const {
  int code = analysis::ExitCodeOf(error);
  if (done_.empty() && error.ok()) {
    return analysis::kExitCoverage;
  }
  for (const auto& [index, result] : done_) {
    code = DecidingExitCode(code, result.exit_code);
  }
  return code;
}

bool HasVerdict(int exit_code) {
  return exit_code == analysis::kExitMatch || exit_code == analysis::kExitMismatch ||
         exit_code == analysis::kExitCoverage || exit_code == analysis::kExitNotRepeatable;
}

Line CaseLine(const SuiteCase& one, const CaseResult& result) {
  const bool match = result.exit_code == analysis::kExitMatch;
  std::string word(match ? "match" : result.verdict == Verdict::kMismatch ? "mismatch" : "error");
  word.resize(10, ' ');
  Line line = {{word, match ? Style::kGood : Style::kBad}, {one.name}};
  if (!result.board.empty()) {
    line.push_back({"  " + result.board, Style::kDim});
  }
  if (!result.why.empty()) {
    line.push_back({"  " + result.why});
  }
  return line;
}

void SayResults(Console& console,
                const SuiteResults& results,
                const Status& error,
                double seconds) {
  std::vector<Column> columns = {{""}};
  for (const auto& words : results.suite().boards) {
    columns.push_back({BoardTitle(words)});
  }
  Table table(std::move(columns));
  const auto cells = Cells(results);
  for (size_t model = 0; model < results.suite().models.size(); ++model) {
    std::vector<Span> row = {{results.suite().models[model].name, Style::kBold}};
    for (size_t board = 0; board < results.suite().boards.size(); ++board) {
      const auto cell = cells.find({model, board});
      row.push_back(cell == cells.end() ? Span{"-", Style::kDim} : ToSpan(cell->second));
    }
    table.AddRow(std::move(row));
  }
  console.Say("");
  table.PrintTo(console);
  const size_t match = results.Count(Verdict::kMatch);
  const size_t mismatch = results.Count(Verdict::kMismatch);
  const size_t errors = results.done().size() - match - mismatch;
  std::string text =
      std::to_string(match) + " of " + std::to_string(results.cases().size()) + " runs match";
  const auto add = [&text](size_t count, const std::string& what) {
    text += count > 0 ? ", " + std::to_string(count) + " " + what : "";
  };
  add(mismatch, "differ");
  add(errors, "without a verdict");
  add(results.not_run(), "not run");
  console.Say("");
  const bool good = results.ExitCode(error) == analysis::kExitMatch && results.not_run() == 0;
  console.Conclude(
      {{"suite: "},
       {results.suite().name + ": ", Style::kBold},
       {good ? "match" : "not all match", good ? Style::kGood : Style::kBad},
       {" (" + text + ", " +
        ShortestDouble(static_cast<double>(static_cast<int64_t>(seconds * 10)) / 10) + " s)"}});
}

Result<std::string> SuiteJson(const SuiteResults& results,
                              const Status& error,
                              double wall_ms,
                              const std::function<Result<std::string>(size_t index)>& report_of) {
  Json document = {{"schema", "plumb.suite/1"},
                   {"exit_code", results.ExitCode(error)},
                   {"error", Json::parse(ErrorObjectJson(error), nullptr, false)},
                   {"name", results.suite().name},
                   {"summary",
                    {{"cases", results.cases().size()},
                     {"match", results.Count(Verdict::kMatch)},
                     {"mismatch", results.Count(Verdict::kMismatch)},
                     {"not_compared", results.Count(Verdict::kNotCompared)},
                     {"not_run", results.not_run()},
                     {"wall_ms", wall_ms}}},
                   {"cases", Json::array()}};
  for (size_t i = 0; i < results.cases().size(); ++i) {
    Json one = CaseJson(results, i);
    if (const auto done = results.done().find(i); done != results.done().end()) {
      PLUMB_ASSIGN_OR_RETURN(const std::string report, report_of(i));
      one["verdict"] = analysis::VerdictName(done->second.verdict);
      one["exit_code"] = done->second.exit_code;
      one["board"] = done->second.board;
      one["run"] = done->second.run_id.empty() ? Json() : Json(done->second.run_id);
      one["resumed"] = done->second.resumed;
      one["comparison"] = Json::parse(report, nullptr, false);
    }
    document["cases"].push_back(std::move(one));
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace plumb::client
