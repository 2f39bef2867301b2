// `plumb runs`: the runs of a server, newest first.
#include <array>
#include <ctime>

#include "client/cli/frame/table.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/server_option.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

std::string TimeText(int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  std::array<char, 32> text{};
  if (unix_ms == 0 || ::localtime_r(&seconds, &parts) == nullptr) {
    return "";
  }
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

std::string Outcome(const RunSummary& run) {
  if (run.state != RunState::kFinished) {
    return std::string(RunStateName(run.state));
  }
  return run.error.ok() ? std::string(analysis::VerdictName(run.verdict))
                        : "failed: " + run.error.message();
}

std::string ToJson(const std::vector<RunSummary>& runs) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RunSummary& run : runs) {
    const bool finished = run.state == RunState::kFinished;
    list.push_back(
        {{"run", run.run_id},
         {"state", RunStateName(run.state)},
         {"board", run.board},
         {"model", run.model_name},
         {"model_sha256", run.model_sha256},
         {"created_unix_ms", run.created_unix_ms},
         {"finished_unix_ms",
          finished ? nlohmann::ordered_json(run.finished_unix_ms) : nlohmann::ordered_json()},
         {"verdict",
          finished ? nlohmann::ordered_json(analysis::VerdictName(run.verdict))
                   : nlohmann::ordered_json()},
         {"exit_code", finished ? nlohmann::ordered_json(run.exit_code) : nlohmann::ordered_json()},
         {"error", nlohmann::ordered_json::parse(ErrorObjectJson(run.error), nullptr, false)}});
  }
  return nlohmann::ordered_json({{"schema", "plumb.runs/1"}, {"runs", std::move(list)}})
      .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

class RunsVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"runs",
            "List the runs of a server, newest first",
            "Finished runs stay in the server's archive; `plumb watch RUN` shows one again.",
            "plumb runs --server 127.0.0.1:7070 --limit 20"};
  }

  void Declare(CLI::App& app) override {
    AddServer(app, server_, tls_);
    app.add_option("--limit", limit_, "At most this many")
        ->check(CLI::Range(1U, 10'000U))
        ->capture_default_str();
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToServer(server_, tls_));
    PLUMB_ASSIGN_OR_RETURN(const auto runs, client->ListRuns(limit_));
    PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(runs)));
    if (runs.empty()) {
      context.console.Say("no runs yet");
      return kExitMatch;
    }
    Table table({{"run"}, {"started"}, {"board"}, {"model"}, {"outcome"}, {"exit", Align::kRight}});
    for (const RunSummary& run : runs) {
      const bool finished = run.state == RunState::kFinished;
      const bool good = finished && run.exit_code == kExitMatch;
      table.AddRow(
          {{run.run_id, Style::kBold},
           {TimeText(run.created_unix_ms)},
           {run.board},
           {run.model_name},
           {Outcome(run), !finished ? Style::kAccent : (good ? Style::kGood : Style::kBad)},
           {finished ? std::to_string(run.exit_code) : ""}});
    }
    table.PrintTo(context.console);
    return kExitMatch;
  }

 private:
  std::string server_;
  ServerTrust tls_;
  uint32_t limit_ = 100;
};

}  // namespace

std::unique_ptr<Verb> MakeRunsVerb() {
  return std::make_unique<RunsVerb>();
}

}  // namespace plumb::client
