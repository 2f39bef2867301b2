// `plumb boards`: which boards a server knows.
#include "client/cli/server_option.h"
#include "client/cli/table.h"
#include "client/cli/verbs.h"
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
         {"state", board.run_id.empty() ? "idle" : "busy"},
         {"run",
          board.run_id.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(board.run_id)},
         {"connected_unix_ms", board.connected_unix_ms}});
  }
  return nlohmann::ordered_json({{"schema", "plumb.boards/1"}, {"boards", std::move(list)}})
      .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

class BoardsVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"boards",
            "List the boards that a server knows",
            "A board is there as long as its agent's stream is open. A run names one with\n"
            "--board NAME or with tags that must all fit.",
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
                    {board.run_id.empty() ? "idle" : "busy with " + board.run_id,
                     board.run_id.empty() ? Style::kGood : Style::kWarning},
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
  rpc::TlsFiles tls_;
};

}  // namespace

std::unique_ptr<Verb> MakeBoardsVerb() {
  return std::make_unique<BoardsVerb>();
}

}  // namespace plumb::client
