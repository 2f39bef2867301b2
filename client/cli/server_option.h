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

// Adds --server ADDR (default from PLUMB_SERVER) and --tls-ca, --tls-cert, --tls-key and
// --tls-server-name.
CLI::Option* AddServer(CLI::App& app, std::string& address, rpc::TlsFiles& tls);

// A usage error when `address` is empty; kUnavailable with a hint when nobody answers there.
Result<std::unique_ptr<Client>> ConnectToServer(const std::string& address,
                                                const rpc::TlsFiles& tls);

}  // namespace plumb::client
