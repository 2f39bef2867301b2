// `plumb drain`, `plumb undrain`, `plumb quarantine`: boards in and out of service.
#include "client/cli/farm/farm_option.h"
#include "client/cli/frame/verbs.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

class ServiceVerb : public Verb {
 public:
  ServiceVerb(VerbInfo info, BoardState state, std::string done)
      : info_(std::move(info)),
        state_(state),
        done_(std::move(done)) {}

  [[nodiscard]] VerbInfo info() const override { return info_; }

  void Declare(CLI::App& app) override {
    AddFarm(app, farm_);
    app.add_option("BOARD", boards_, "Boards by name")->required();
    if (state_ != BoardState::kIdle) {
      app.add_option("--reason", reason_, "Why, for whoever waits for it")->type_name("TEXT");
    }
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToFarm(farm_));
    for (const std::string& board : boards_) {
      PLUMB_RETURN_IF_ERROR(client->SetBoardService(board, state_, reason_));
      context.console.Say("board " + EscapeForDisplay(board) + " " + done_);
    }
    const nlohmann::ordered_json json = {{"schema", "plumb.service/1"},
                                         {"boards", boards_},
                                         {"state", ToString(state_)},
                                         {"reason", reason_}};
    PLUMB_RETURN_IF_ERROR(context.json.Write(json.dump(2)));
    return kExitMatch;
  }

 private:
  const VerbInfo info_;
  const BoardState state_;
  const std::string done_;
  FarmOption farm_;
  std::vector<std::string> boards_;
  std::string reason_;
};

}  // namespace

std::unique_ptr<Verb> MakeDrainVerb() {
  return std::make_unique<ServiceVerb>(
      VerbInfo{"drain",
               "Let boards finish what they run, and give them nothing new",
               "For an update or a move. `plumb undrain` puts them back.",
               "plumb drain camera-7 --reason 'new SDK' --server 127.0.0.1:7070"},
      BoardState::kDraining,
      "finishes what it runs and gets nothing new");
}

std::unique_ptr<Verb> MakeUndrainVerb() {
  return std::make_unique<ServiceVerb>(
      VerbInfo{"undrain",
               "Put boards back into service",
               "Also those that were quarantined, by hand or for failing their health check.",
               "plumb undrain camera-7 --server 127.0.0.1:7070"},
      BoardState::kIdle,
      "is in service");
}

std::unique_ptr<Verb> MakeQuarantineVerb() {
  return std::make_unique<ServiceVerb>(
      VerbInfo{"quarantine",
               "Take boards out of service until somebody puts them back",
               "They keep what they run and get nothing new; whoever waits is told why.\n"
               "`plumb undrain` puts them back.",
               "plumb quarantine camera-7 --reason 'loose flat cable' --server 127.0.0.1:7070"},
      BoardState::kQuarantined,
      "is in quarantine");
}

}  // namespace plumb::client
