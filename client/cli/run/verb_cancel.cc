// `plumb cancel RUN`.
#include "client/cli/frame/verbs.h"
#include "client/cli/option/server_option.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

class CancelVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"cancel",
            "End a run",
            "Board and simulator are stopped and the board is free again. Whoever waits for the\n"
            "run gets exit code 3.",
            "plumb cancel --server 127.0.0.1:7070 RUN"};
  }

  void Declare(CLI::App& app) override {
    AddServer(app, server_, tls_);
    app.add_option("RUN", run_, "The run's id, as `plumb runs` lists it")->required();
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToServer(server_, tls_));
    PLUMB_RETURN_IF_ERROR(client->CancelRun(run_));
    context.console.Say("run " + run_ + " is being cancelled");
    return kExitMatch;
  }

 private:
  std::string server_;
  ServerTrust tls_;
  std::string run_;
};

}  // namespace

std::unique_ptr<Verb> MakeCancelVerb() {
  return std::make_unique<CancelVerb>();
}

}  // namespace plumb::client
