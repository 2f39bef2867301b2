#include "client/lib/batch_report.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/analysis/outcome.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<int, 8> kOrder = {analysis::kExitInternal,
                                       analysis::kExitUsage,
                                       analysis::kExitInfrastructure,
                                       analysis::kExitBoard,
                                       analysis::kExitNotRepeatable,
                                       analysis::kExitMismatch,
                                       analysis::kExitCoverage,
                                       analysis::kExitMatch};

// An exit code that no version of ours gives comes first.
size_t Rank(int exit_code) {
  const auto* const found = std::find(kOrder.begin(), kOrder.end(), exit_code);
  return found == kOrder.end() ? 0 : static_cast<size_t>(found - kOrder.begin());
}

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string Indented(const std::string& text, std::string_view indent) {
  std::string result(indent);
  for (const char c : text) {
    result += c;
    if (c == '\n') {
      result += indent;
    }
  }
  return result;
}

Json ErrorOf(const Status& status) {
  if (status.ok()) {
    return nullptr;
  }
  return {{"code",
           status.reason().empty() ? std::string(StatusCodeName(status.code())) : status.reason()},
          {"message", status.message()},
          {"hint", status.hint()}};
}

std::string_view VerdictWord(int exit_code) {
  return analysis::VerdictName(exit_code == analysis::kExitMatch ? analysis::Verdict::kMatch
                               : exit_code == analysis::kExitMismatch
                                   ? analysis::Verdict::kMismatch
                                   : analysis::Verdict::kNotCompared);
}

Json BoardsOf(const BatchTally& tally) {
  Json boards = Json::array();
  for (const auto& [name, board] : tally.boards()) {
    boards.push_back({{"name", name},
                      {"inputs", board.inputs},
                      {"lost", board.lost},
                      {"set_aside", board.set_aside}});
  }
  return boards;
}

Json HeadOf(const BatchDocument& document) {
  const BatchTally& tally = *document.tally;
  const int exit_code = ExitCodeOf(document);
  const double seconds = document.wall_ms / 1000;
  const auto ran = static_cast<double>(tally.done() - tally.resumed());
  return {{"schema", "plumb.batch/1"},
          {"verdict", VerdictWord(exit_code)},
          {"exit_code", exit_code},
          {"error", ErrorOf(document.end.error)},
          {"model", {{"file", document.model_file}, {"sha256", document.model_sha256}}},
          {"summary",
           {{"inputs", tally.inputs()},
            {"match", tally.match()},
            {"mismatch", tally.mismatch()},
            {"not_compared", tally.not_compared()},
            {"not_run", tally.not_run()},
            {"resumed", tally.resumed()},
            {"run_again", document.end.run_again},
            {"causes", Json(tally.causes())}}},
          {"boards", BoardsOf(tally)},
          {"timing",
           {{"wall_ms", document.wall_ms},
            {"inputs_per_second", seconds > 0 ? Json(ran / seconds) : Json()}}}};
}

Result<Json> ComparisonOf(const BatchDocument& document, size_t index) {
  std::optional<JournalEntry> entry;
  if (document.journal != nullptr) {
    PLUMB_ASSIGN_OR_RETURN(entry, document.journal->Read(index));
  }
  Json json = {{"index", index}, {"files", document.files->at(index)}};
  if (!entry) {
    json.update({{"verdict", "not_run"},
                 {"exit_code", nullptr},
                 {"board", nullptr},
                 {"run", nullptr},
                 {"losses", 0},
                 {"comparison", nullptr}});
    return json;
  }
  const BatchOutcome& outcome = entry->outcome;
  json["verdict"] = analysis::VerdictName(outcome.verdict);
  json["exit_code"] = outcome.exit_code;
  json["board"] = outcome.board.empty() ? Json() : Json(outcome.board);
  json["run"] = outcome.run_id.empty() ? Json() : Json(outcome.run_id);
  json["losses"] = outcome.losses;
  const Json report = Json::parse(outcome.report_json, nullptr, false);
  json["comparison"] = report.is_object() ? report : Json();
  return json;
}

}  // namespace

int DecidingExitCode(int a, int b) {
  return Rank(a) <= Rank(b) ? a : b;
}

void BatchTally::Add(const BatchOutcome& outcome, bool resumed) {
  switch (outcome.verdict) {
    case analysis::Verdict::kMatch:
      ++match_;
      break;
    case analysis::Verdict::kMismatch:
      ++mismatch_;
      break;
    case analysis::Verdict::kNotCompared:
      ++not_compared_;
      break;
  }
  exit_code_ = DecidingExitCode(exit_code_, outcome.exit_code);
  if (resumed) {
    ++resumed_;
  } else if (!outcome.board.empty()) {
    ++boards_[outcome.board].inputs;
  }
}

void BatchTally::AddEvent(const BatchEvent& event) {
  switch (event.step) {
    case BatchStep::kBoardJoined:
      boards_.try_emplace(event.board);
      break;
    case BatchStep::kBoardLost:
      ++boards_[event.board].lost;
      break;
    case BatchStep::kBoardSetAside:
      boards_[event.board].set_aside = true;
      break;
    case BatchStep::kFinished:
      Add(event.outcome, false);
      break;
    case BatchStep::kStarted:
    case BatchStep::kTick:
      break;
  }
}

int BatchTally::exit_code() const {
  return done() == 0 ? analysis::kExitCoverage : exit_code_;
}

int ExitCodeOf(const BatchDocument& document) {
  if (document.end.error.ok()) {
    return document.tally->exit_code();
  }
  const int error = analysis::ExitCodeOf(document.end.error);
  return document.tally->done() == 0 ? error : DecidingExitCode(error, document.tally->exit_code());
}

Status WriteBatchDocument(const BatchDocument& document, const TextSink& sink) {
  std::string head = Dump(HeadOf(document));
  head.resize(head.rfind('\n'));  // the closing brace comes last
  PLUMB_RETURN_IF_ERROR(sink(head + ",\n  \"comparisons\": ["));
  for (size_t i = 0; i < document.files->size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const Json comparison, ComparisonOf(document, i));
    PLUMB_RETURN_IF_ERROR(sink((i == 0 ? "\n" : ",\n") + Indented(Dump(comparison), "    ")));
  }
  return sink("\n  ]\n}");
}

}  // namespace plumb::client
