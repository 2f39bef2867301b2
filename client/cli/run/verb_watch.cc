// `plumb watch RUN`: follows a run that somebody started, or shows a finished one again.
#include "client/cli/frame/verbs.h"
#include "client/cli/option/server_option.h"
#include "client/cli/run/run_view.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

class WatchVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"watch",
            "Follow a run to its verdict, or show a finished one again",
            "Any number of watchers may follow a run; a late one sees the state so far first.\n"
            "Without RUN it is the newest one. The exit code is the run's. Ctrl-C stops watching,\n"
            "not the run.",
            "plumb watch --server 127.0.0.1:7070"};
  }

  void Declare(CLI::App& app) override {
    AddServer(app, server_, tls_);
    app.add_option("RUN", run_, "The run's id, as `plumb runs` lists it (default: the newest)");
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToServer(server_, tls_));
    if (run_.empty()) {
      PLUMB_ASSIGN_OR_RETURN(const auto runs, client->ListRuns(1));
      if (runs.empty()) {
        return NotFoundError("the server has no runs").WithHint("start one with: plumb run");
      }
      run_ = runs.front().run_id;
    }
    RunView view(context.console);
    auto last = client->Watch(
        run_, [&view](const RunEvent& event) { view.Show(event); }, context.cancel);
    view.Finish();
    if (!last.ok()) {
      return last.status();
    }
    return ConcludeRun(context, *last);
  }

 private:
  std::string server_;
  ServerTrust tls_;
  std::string run_;
};

}  // namespace

std::unique_ptr<Verb> MakeWatchVerb() {
  return std::make_unique<WatchVerb>();
}

}  // namespace plumb::client
