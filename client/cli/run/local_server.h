// The server inside the command line (`--local`): one-off checks need one command.
#pragma once

#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/rpc/tls_files.h"

namespace plumb::server {
class Simulators;
}  // namespace plumb::server

namespace plumb::client {

struct LocalServerOptions {
  std::string listen;  // where boards may dial in besides; empty: a private unix socket only
  std::string data;    // keeps the runs; empty: a private folder that is removed at the end
  rpc::TlsFiles tls;   // of `listen`
  std::shared_ptr<server::Simulators> simulators;  // null: the defaults
};

// Runs while it lives. The destructor ends every run and removes what is private.
class LocalServer {
 public:
  static Result<std::unique_ptr<LocalServer>> Start(const LocalServerOptions& options);
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  ~LocalServer();

  // What this command dials.
  [[nodiscard]] const std::string& address() const;
  // What boards dial: options.listen with the port resolved, else the private socket.
  [[nodiscard]] const std::string& board_address() const;

 private:
  struct State;
  explicit LocalServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace plumb::client
