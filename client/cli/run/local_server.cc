#include "client/cli/run/local_server.h"

#include <filesystem>
#include <vector>

#include "common/base/file.h"
#include "server/app/server_app.h"

namespace plumb::client {

struct LocalServer::State {
  TempFolder folder;  // the socket, and the data unless the person keeps it
  std::string address;
  std::string board_address;
  std::unique_ptr<server::ServerApp> app;
};

LocalServer::LocalServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

LocalServer::~LocalServer() {
  state_->app->Stop();
}

Result<std::unique_ptr<LocalServer>> LocalServer::Start(const LocalServerOptions& options) {
  PLUMB_ASSIGN_OR_RETURN(TempFolder folder, TempFolder::Create("plumb-local-"));
  server::ServerAppOptions server_options;
  server_options.listen = {"unix:" + (folder.path() / "server.sock").string()};
  if (!options.listen.empty()) {
    server_options.listen.push_back(options.listen);
  }
  server_options.simulators = options.simulators;
  server_options.tls = options.tls;
  server_options.data =
      options.data.empty() ? folder.path() / "data" : std::filesystem::path(options.data);
  PLUMB_ASSIGN_OR_RETURN(auto app, server::ServerApp::Start(server_options));
  const auto& addresses = app->addresses();
  std::string address = addresses.front();
  std::string board_address = addresses.back();
  return std::unique_ptr<LocalServer>(new LocalServer(
      // An aggregate, which clang 14 cannot make through make_unique.
      // NOLINTNEXTLINE(modernize-make-unique)
      std::unique_ptr<State>(new State{
          std::move(folder), std::move(address), std::move(board_address), std::move(app)})));
}

const std::string& LocalServer::address() const {
  return state_->address;
}

const std::string& LocalServer::board_address() const {
  return state_->board_address;
}

}  // namespace plumb::client
