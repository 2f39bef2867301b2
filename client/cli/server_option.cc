#include "client/cli/server_option.h"

#include "client/cli/usage.h"

#include <CLI/CLI.hpp>

namespace plumb::client {

CLI::Option* AddServer(CLI::App& app, std::string& address) {
  return app
      .add_option("--server",
                  address,
                  "The plumb-server: host:port or unix:/path (default from PLUMB_SERVER)")
      ->type_name("ADDR");
}

Result<std::unique_ptr<Client>> ConnectToServer(const std::string& address) {
  if (address.empty()) {
    return UsageError("no server is named", "add --server ADDR or set PLUMB_SERVER");
  }
  auto client = Client::Connect({.address = address});
  if (!client.ok()) {
    return client.status().WithHint("is it running? start one with: plumb-server --listen " +
                                    address + " --data DIR");
  }
  return client;
}

}  // namespace plumb::client
