// `plumb boards`: which boards a server knows.
#include "client/cli/frame/table.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/server_option.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

std::string ToJson(const std::vector<BoardSummary>& boards) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const BoardSummary& board : boards) {
    list.push_back(
        {{"name", board.name},
         {"tags", board.tags},
         {"family", board.family},
         {"abi", board.abi},
         {"agent_version", board.agent_version},
         {"state", ToString(board.state)},
         {"reason", board.reason},
         {"since_unix_ms", board.since_unix_ms},
         {"seen_unix_ms", board.seen_unix_ms},
         {"owner", board.owner},
         {"lease_expires_unix_ms", board.lease_expires_unix_ms},
         {"reserved_by", board.reserved_by},
         {"reserved_until_unix_ms", board.reserved_until_unix_ms},
         {"server", board.server},
         {"run",
          board.run_id.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(board.run_id)},
         {"connected_unix_ms", board.connected_unix_ms}});
  }
  return nlohmann::ordered_json({{"schema", "plumb.boards/1"}, {"boards", std::move(list)}})
      .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// "leased to ann (run …)", "quarantined: hung twice", "idle, reserved by bob".
std::string StateText(const BoardSummary& board) {
  std::string text(ToString(board.state));
  if (!board.run_id.empty()) {
    text += (board.owner.empty() ? "" : " to " + board.owner) + " (run " + board.run_id + ")";
  }
  if (!board.reason.empty()) {
    text += ": " + board.reason;
  }
  if (!board.reserved_by.empty()) {
    text += ", reserved by " + board.reserved_by;
  }
  return text;
}

Style StyleOf(const BoardSummary& board) {
  switch (board.state) {
    case BoardState::kIdle:
      return Style::kGood;
    case BoardState::kQuarantined:
      return Style::kBad;
    default:
      return Style::kWarning;
  }
}

class BoardsVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"boards",
            "List the boards that a server knows",
            "One is idle, preparing or leased (at a run), draining or quarantined (gets nothing\n"
            "new, and why), or offline (its agent is not connected). A run names one with --board\n"
            "NAME or with tags that must all fit.",
            "plumb boards --server 127.0.0.1:7070"};
  }

  void Declare(CLI::App& app) override { AddServer(app, server_, tls_); }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToServer(server_, tls_));
    PLUMB_ASSIGN_OR_RETURN(const auto boards, client->ListBoards());
    PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(boards)));
    if (boards.empty()) {
      context.console.Say("no board is connected; start an agent on one:\n  plumb-agent --server " +
                          server_ + " --name NAME --mi-library libmi_ipu.so");
      return kExitMatch;
    }
    Table table({{"board"}, {"state"}, {"tags"}, {"family"}, {"abi"}, {"agent"}});
    for (const BoardSummary& board : boards) {
      table.AddRow({{board.name, Style::kBold},
                    {StateText(board), StyleOf(board)},
                    {Join(board.tags, ",")},
                    {board.family},
                    {board.abi},
                    {board.agent_version}});
    }
    table.PrintTo(context.console);
    return kExitMatch;
  }

 private:
  std::string server_;
  ServerTrust tls_;
};

}  // namespace

std::unique_ptr<Verb> MakeBoardsVerb() {
  return std::make_unique<BoardsVerb>();
}

}  // namespace plumb::client
