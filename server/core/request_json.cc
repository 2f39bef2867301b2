#include "server/core/request_json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/analysis/outcome.h"
#include "common/runner/failure.h"
#include "server/core/run_history.h"
#include "server/store/tag_expression.h"

#include <nlohmann/json.hpp>

namespace plumb::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<ReferenceKind, const char*>, 4> kKinds = {{
    {ReferenceKind::kBuiltin, "builtin"},
    {ReferenceKind::kSgs, "sgs"},
    {ReferenceKind::kCommand, "command"},
    {ReferenceKind::kRecordedRun, "run"},
}};

constexpr std::array<std::pair<analysis::Verdict, const char*>, 3> kVerdicts = {{
    {analysis::Verdict::kMatch, "match"},
    {analysis::Verdict::kMismatch, "mismatch"},
    {analysis::Verdict::kNotCompared, "not_compared"},
}};

template <class Table, class Value>
const char* NameIn(const Table& table, Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) {
      return name;
    }
  }
  return "";
}

template <class Value, size_t kSize>
Result<Value> ValueIn(const std::array<std::pair<Value, const char*>, kSize>& table,
                      const std::string& text) {
  for (const auto& [value, name] : table) {
    if (text == name) {
      return value;
    }
  }
  return DataLossError("'" + text + "' is not known");
}

Json FileToJson(const Artifact& file) {
  return {{"sha256", file.sha256}, {"size", file.size}};
}

Result<Artifact> FileFromJson(const Json& json) {
  Artifact file;
  file.sha256 = json.at("sha256").get<std::string>();
  file.size = json.at("size").get<uint64_t>();
  const bool digest = file.sha256.size() == 64 &&
                      file.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  return digest ? Result<Artifact>(std::move(file)) : DataLossError("a file has no digest");
}

Json LimitsToJson(const analysis::Tolerance& limits) {
  Json json = Json::object();
  const auto set = [&](const char* key, const std::optional<double>& value) {
    if (value) {
      json[key] = *value;
    }
  };
  set("atol", limits.atol);
  set("rtol", limits.rtol);
  set("min_cosine", limits.min_cosine);
  set("max_rel_l1", limits.max_relative_l1);
  return json;
}

analysis::Tolerance LimitsFromJson(const Json& json) {
  analysis::Tolerance limits;
  const auto get = [&](const char* key, std::optional<double>* value) {
    if (json.contains(key)) {
      *value = json.at(key).get<double>();
    }
  };
  get("atol", &limits.atol);
  get("rtol", &limits.rtol);
  get("min_cosine", &limits.min_cosine);
  get("max_rel_l1", &limits.max_relative_l1);
  return limits;
}

Status FilesFromJson(const Json& json, RunRequest* request) {
  PLUMB_ASSIGN_OR_RETURN(request->model, FileFromJson(json.at("model")));
  for (const Json& input : json.at("inputs")) {
    PLUMB_ASSIGN_OR_RETURN(Artifact file, FileFromJson(input));
    request->inputs.push_back(std::move(file));
  }
  if (request->inputs.empty()) {
    return DataLossError("it has no inputs");
  }
  request->model_name = json.at("model_name").get<std::string>();
  request->input_names = json.at("input_names").get<std::vector<std::string>>();
  return OkStatus();
}

Result<RunRequest> Read(const Json& json) {
  RunRequest request;
  PLUMB_RETURN_IF_ERROR(FilesFromJson(json, &request));
  request.board = json.at("board").get<BoardSelector>();
  request.repetitions = json.at("repetitions").get<uint32_t>();
  request.probe = json.at("probe").get<bool>();
  request.wait = json.value("wait", false);
  request.check_input = json.value("check_input", false);
  request.pool = json.value("pool", std::string());  // older servers wrote none
  request.invoke_timeout = std::chrono::milliseconds(json.at("invoke_timeout_ms").get<int64_t>());
  request.deadline = std::chrono::milliseconds(json.at("deadline_ms").get<int64_t>());
  if (request.repetitions == 0 || request.invoke_timeout.count() <= 0 ||
      request.deadline.count() <= 0) {
    return DataLossError("a number is out of range");
  }
  PLUMB_ASSIGN_OR_RETURN(request.reference.kind,
                         ValueIn(kKinds, json.at("reference").get<std::string>()));
  request.reference.run_id = json.at("reference_run").get<std::string>();
  if (request.reference.kind == ReferenceKind::kRecordedRun && !IsRunId(request.reference.run_id)) {
    return DataLossError("the reference is no run");
  }
  request.tolerance.by_default = LimitsFromJson(json.at("tolerance"));
  for (const auto& [name, limits] : json.at("tolerances").items()) {
    request.tolerance.by_tensor[name] = LimitsFromJson(limits);
  }
  return request;
}

Json StatusToJson(const Status& status) {
  return {{"code", static_cast<int>(status.code())},
          {"message", status.message()},
          {"reason", status.reason()},
          {"hint", status.hint()}};
}

Status StatusFromJson(const Json& json) {
  const int code = json.at("code").get<int>();
  if (code <= 0 || code > static_cast<int>(StatusCode::kUnauthenticated)) {
    return InternalError(json.at("message").get<std::string>());
  }
  return Status(static_cast<StatusCode>(code), json.at("message").get<std::string>())
      .WithReason(json.at("reason").get<std::string>())
      .WithHint(json.at("hint").get<std::string>());
}

// What a run ended with that no server judged: the store's own words.
Status FailureOf(const store::RunRecord& record) {
  if (record.outcome == "cancelled") {
    return CancelledError("the run was cancelled").WithReason(kReasonCancelled);
  }
  if (record.outcome == "no_board") {
    return DeadlineExceededError("no board became free before the deadline")
        .WithReason(kReasonBoardBusy)
        .WithHint("give it more time with --deadline");
  }
  if (record.outcome == "kicked") {
    return CancelledError("somebody freed the board").WithReason("kicked");
  }
  return UnavailableError("the server or the board was lost: " + record.outcome)
      .WithReason(record.outcome)
      .WithHint("run it again");
}

void ApplyResult(const store::RunRecord& record, RunSummary* run) {
  const Json json = Json::parse(record.result, nullptr, false);
  if (!json.is_object()) {
    run->failure = FailureOf(record);
    run->exit_code = analysis::ExitCodeOf(run->failure);
    return;
  }
  const auto verdict = ValueIn(kVerdicts, json.at("verdict").get<std::string>());
  run->verdict = verdict.ok() ? *verdict : analysis::Verdict::kNotCompared;
  run->exit_code = json.at("exit_code").get<int>();
  if (json.contains("error")) {
    run->failure = StatusFromJson(json.at("error"));
  }
}

}  // namespace

std::string RequestToJson(const RunRequest& request) {
  Json inputs = Json::array();
  for (const Artifact& input : request.inputs) {
    inputs.push_back(FileToJson(input));
  }
  Json tolerances = Json::object();
  for (const auto& [name, limits] : request.tolerance.by_tensor) {
    tolerances[name] = LimitsToJson(limits);
  }
  const Json json = {{"model", FileToJson(request.model)},
                     {"model_name", request.model_name},
                     {"inputs", inputs},
                     {"input_names", request.input_names},
                     {"board", request.board},
                     {"repetitions", request.repetitions},
                     {"probe", request.probe},
                     {"wait", request.wait},
                     {"check_input", request.check_input},
                     {"pool", request.pool},
                     {"invoke_timeout_ms", request.invoke_timeout.count()},
                     {"deadline_ms", request.deadline.count()},
                     {"reference", NameIn(kKinds, request.reference.kind)},
                     {"reference_run", request.reference.run_id},
                     {"tolerance", LimitsToJson(request.tolerance.by_default)},
                     {"tolerances", tolerances}};
  return json.dump();
}

Result<RunRequest> RequestFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return DataLossError("the store's request is not readable");
  }
  // The library's accessors throw where a key or type is not what it should be.
  try {
    Result<RunRequest> request = Read(json);
    return request.ok() ? std::move(request)
                        : Result<RunRequest>(request.status().Annotate("the store's request"));
  } catch (const Json::exception& error) {
    return DataLossError(std::string("the store's request is not readable: ") + error.what());
  }
}

std::string TagsOf(const RunRequest& request) {
  const std::string tags = store::TagExpression::AllOf(request.board);
  if (request.pool.empty() || tags.empty()) {
    return request.pool.empty() ? tags : request.pool;
  }
  return "(" + tags + ") && (" + request.pool + ")";
}

std::string OutcomeOf(const RunSummary& run) {
  if (run.failure.ok()) {
    return NameIn(kVerdicts, run.verdict);
  }
  return run.failure.reason().empty() ? std::string("failed") : std::string(run.failure.reason());
}

std::string ResultToJson(const RunSummary& run) {
  Json json = {{"verdict", NameIn(kVerdicts, run.verdict)}, {"exit_code", run.exit_code}};
  if (!run.failure.ok()) {
    json["error"] = StatusToJson(run.failure);
  }
  // What a board said of itself may be no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string DescriptionToJson(const BoardDescription& board) {
  const Json json = {{"family", board.family},
                     {"abi", board.abi},
                     {"agent_version", board.agent_version},
                     {"connected_unix_ms", board.connected_unix_ms}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

BoardDescription ReadDescription(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  try {
    return json.is_object() ? BoardDescription{json.at("family").get<std::string>(),
                                               json.at("abi").get<std::string>(),
                                               json.at("agent_version").get<std::string>(),
                                               json.at("connected_unix_ms").get<int64_t>()}
                            : BoardDescription();
  } catch (const Json::exception&) {
    return {};
  }
}

RunSummary SummaryFrom(const store::RunRecord& record) {
  RunSummary run;
  run.run_id = record.id;
  run.board = record.board;
  run.attempt = std::max(record.attempt, 1U);
  run.created_unix_ms = record.submitted_ms;
  run.leased_unix_ms = record.started_ms;
  run.finished_unix_ms = record.finished_ms;
  if (const auto request = RequestFromJson(record.submission.request); request.ok()) {
    run.model = request->model;
    run.model_name = request->model_name;
  }
  switch (record.phase) {
    case store::RunPhase::kQueued:
      run.state = RunState::kQueued;
      run.board.clear();
      break;
    case store::RunPhase::kRunning:
      run.state = RunState::kRunning;
      break;
    case store::RunPhase::kFinished:
      run.state = RunState::kFinished;
      try {
        ApplyResult(record, &run);
      } catch (const Json::exception&) {
        run.failure = InternalError("the store's result is not readable");
        run.exit_code = analysis::kExitInternal;
      }
      break;
  }
  return run;
}

}  // namespace plumb::server
