#include "server/web/web_json.h"

#include <map>

#include "common/archive/json_reader.h"
#include "server/web/summary_json.h"

namespace plumb::server {
namespace {

using archive::JsonText;

std::string_view StateName(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return "queued";
    case RunState::kPreparing:
      return "preparing";
    case RunState::kRunning:
      return "running";
    case RunState::kJudging:
      return "judging";
    case RunState::kFinished:
      return "finished";
  }
  return "unknown";
}

WebJson BoardToJson(const BoardView& board) {
  WebJson tags = WebJson::array();
  for (const std::string& tag : board.tags) {
    tags.push_back(JsonText(tag));
  }
  return {{"name", JsonText(board.name)},
          {"state", board.state},
          {"reason", JsonText(board.reason)},
          {"since_unix_ms", TimeToJson(board.since_ms)},
          {"seen_unix_ms", TimeToJson(board.seen_ms)},
          {"run_id", JsonText(board.run_id)},
          {"owner", JsonText(board.owner)},
          {"expires_unix_ms", TimeToJson(board.expires_ms)},
          {"reserved_by", JsonText(board.reserved_by)},
          {"reserved_until_unix_ms", TimeToJson(board.reserved_until_ms)},
          {"server", JsonText(board.server)},
          {"tags", std::move(tags)}};
}

WebJson BoardList(const FarmView& farm) {
  WebJson list = WebJson::array();
  for (const BoardView& board : farm.boards) {
    list.push_back(BoardToJson(board));
  }
  return list;
}

WebJson RunList(const std::vector<RunSummary>& runs) {
  WebJson list = WebJson::array();
  for (const RunSummary& run : runs) {
    list.push_back(RunToJson(run));
  }
  return list;
}

WebJson QueueList(const FarmView& farm, const std::vector<RunSummary>& runs) {
  std::map<std::string, std::string> models;
  for (const RunSummary& run : runs) {
    models.emplace(run.run_id, run.model_name);
  }
  WebJson list = WebJson::array();
  for (const QueueView& entry : farm.queue) {
    const auto model = models.find(entry.run_id);
    list.push_back({{"run_id", JsonText(entry.run_id)},
                    {"position", entry.position == 0 ? WebJson(nullptr) : WebJson(entry.position)},
                    {"model_name", model == models.end() ? "" : JsonText(model->second)},
                    {"owner", JsonText(entry.owner)},
                    {"tags", JsonText(entry.tags)},
                    {"priority", entry.priority},
                    {"submitted_unix_ms", TimeToJson(entry.submitted_ms)},
                    {"reason", JsonText(entry.reason)}});
  }
  return list;
}

}  // namespace

WebJson TimeToJson(int64_t unix_ms) {
  return unix_ms == 0 ? WebJson(nullptr) : WebJson(unix_ms);
}

WebJson StatusToJson(const Status& status) {
  if (status.ok()) {
    return nullptr;
  }
  const std::string code =
      status.reason().empty() ? std::string(StatusCodeName(status.code())) : status.reason();
  return {{"code", JsonText(code)},
          {"message", JsonText(status.message())},
          {"hint", JsonText(status.hint())}};
}

WebJson RunToJson(const RunSummary& run) {
  const bool finished = run.state == RunState::kFinished;
  return {{"run_id", JsonText(run.run_id)},
          {"state", StateName(run.state)},
          {"board", JsonText(run.board)},
          {"attempt", run.attempt},
          {"model_name", JsonText(run.model_name)},
          {"model_sha256", JsonText(run.model.sha256)},
          {"created_unix_ms", TimeToJson(run.created_unix_ms)},
          {"finished_unix_ms", TimeToJson(run.finished_unix_ms)},
          {"verdict", finished ? WebJson(analysis::VerdictName(run.verdict)) : WebJson(nullptr)},
          {"exit_code", finished ? WebJson(run.exit_code) : WebJson(nullptr)},
          {"error", StatusToJson(run.failure)}};
}

std::string DumpJson(const WebJson& json) {
  return json.dump(-1, ' ', false, WebJson::error_handler_t::replace) + "\n";
}

std::string FarmJson(const FarmView& farm,
                     const std::vector<RunSummary>& runs,
                     const std::string& version) {
  return DumpJson({{"schema", "plumb.farm/1"},
                   {"version", version},
                   {"boards", BoardList(farm)},
                   {"queued", farm.queued},
                   {"queue", QueueList(farm, runs)},
                   {"runs", RunList(runs)}});
}

std::string BoardsJson(const FarmView& farm) {
  return DumpJson({{"boards", BoardList(farm)}});
}

std::string RunsJson(const std::vector<RunSummary>& runs) {
  return DumpJson({{"runs", RunList(runs)}});
}

std::string HistoryJson(const std::string& model_sha256, const std::vector<HistoryView>& history) {
  WebJson list = WebJson::array();
  for (const HistoryView& view : history) {
    WebJson run = RunToJson(view.run);
    run["sdk"] = JsonText(view.sdk);
    run["worst_tensor"] = JsonText(view.worst);
    run["worst_rel_l1"] = view.worst.empty() ? WebJson(nullptr) : WebJson(view.worst_relative_l1);
    run["first_divergence"] = JsonText(view.first_divergence);
    list.push_back(std::move(run));
  }
  return DumpJson({{"model_sha256", model_sha256}, {"runs", std::move(list)}});
}

std::string ErrorJson(const Status& error) {
  return DumpJson({{"error", StatusToJson(error)}});
}

}  // namespace plumb::server
