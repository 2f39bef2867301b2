#include "client/cli/farm/farm_option.h"

#include <array>
#include <ctime>

#include "client/cli/frame/usage.h"

#include <CLI/CLI.hpp>

namespace plumb::client {

void AddFarm(CLI::App& app, FarmOption& option) {
  AddServer(app, option.server, option.tls);
  app.add_option("--owner",
                 option.owner,
                 "In whose name, where no certificate says it (default: your login)")
      ->type_name("NAME");
}

Result<std::unique_ptr<FarmClient>> ConnectToFarm(const FarmOption& option) {
  if (option.server.empty()) {
    return UsageError("no server is named", "add --server ADDR or set PLUMB_SERVER");
  }
  ClientOptions options;
  options.address = option.server;
  options.tls = option.tls;
  options.token_file = option.tls.token_file;
  return FarmClient::Connect(options, option.owner.empty() ? DefaultOwner() : option.owner);
}

std::string TimeText(int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

}  // namespace plumb::client
