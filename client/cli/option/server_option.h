// The verbs that talk to a server: which one, and the connection.
#pragma once

#include <memory>
#include <string>

#include "client/lib/client.h"
#include "common/base/status.h"
#include "common/rpc/tls_files.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace plumb::client {

// What the server trusts us by, and we it.
struct ServerTrust : rpc::TlsFiles {
  std::string token_file;
};

// Adds --server ADDR (default from PLUMB_SERVER), --tls-ca, --tls-cert, --tls-key,
// --tls-server-name and --token-file.
CLI::Option* AddServer(CLI::App& app, std::string& address, ServerTrust& trust);

// A usage error when `address` is empty; kUnavailable with a hint when nobody answers there.
Result<std::unique_ptr<Client>> ConnectToServer(const std::string& address,
                                                const ServerTrust& trust);

}  // namespace plumb::client
