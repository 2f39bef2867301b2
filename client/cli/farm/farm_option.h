// The farm's verbs: which server, and in whose name.
#pragma once

#include <memory>
#include <string>

#include "client/cli/option/server_option.h"
#include "client/lib/farm_client.h"

namespace plumb::client {

struct FarmOption {
  std::string server;
  ServerTrust tls;
  std::string owner;
};

// Adds --server, the TLS options and --owner.
void AddFarm(CLI::App& app, FarmOption& option);

// Errors as ConnectToServer.
Result<std::unique_ptr<FarmClient>> ConnectToFarm(const FarmOption& option);

// "2026-11-23 21:10:00 UTC".
std::string TimeText(int64_t unix_ms);

}  // namespace plumb::client
