// The whole server in one object: core, simulator and gRPC listeners. For plumb-server, for
// `plumb run --local` and for tests.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/rpc/tls_files.h"
#include "common/rpc/tls_watch.h"
#include "server/app/simulators.h"
#include "server/core/data_keeper.h"
#include "server/core/limits.h"

namespace plumb::server {

struct ServerAppOptions {
  // "host:port" (port 0: the system chooses) or "unix:/path"; at least one. What is neither
  // loopback nor a unix socket needs `tls` or `allow_insecure`.
  std::vector<std::string> listen;
  std::filesystem::path data;  // runs and uploaded files; one server per folder
  // The farm's queue and leases: "sqlite:FILE", or "postgresql://…", which servers share together
  // with `data`. Empty: an SQLite file in `data`, and waiting runs end with the server.
  std::string store;
  std::string server_name;  // unique among those that share the store; empty: the host's name
  std::chrono::milliseconds lease{15'000};  // of boards whose server is not heard of
  std::shared_ptr<Simulators> simulators;   // that runs may use; null: the defaults
  // "host:port" where the web page, /metrics, /healthz and /readyz answer over HTTP, unencrypted;
  // empty: nowhere.
  // What is not loopback needs `allow_insecure`.
  std::string http;
  bool allow_insecure = false;
  bool require_token = false;  // of clients, but over unix sockets (docs/farm.md)
  std::chrono::seconds tls_interval = rpc::TlsWatch::kInterval;
  rpc::TlsFiles tls;  // of every TCP address; unix sockets are guarded by their files' permissions
  std::chrono::milliseconds resume_grace{5'000};  // for an agent to come back in mid-run
  ServerLimits limits;
  std::filesystem::path hooks;  // the file of docs/hooks.md; empty: none
  DataKeeperOptions keeper;     // what is removed from `data`, and how often it is read again
};

// Runs on threads of its own while it lives. Thread-safe.
class ServerApp {
 public:
  // Errors: kInvalidArgument or kPermissionDenied for an address or a certificate,
  // kFailedPrecondition for a folder in use, kUnavailable for an address in use.
  static Result<std::unique_ptr<ServerApp>> Start(const ServerAppOptions& options);

  ServerApp(const ServerApp&) = delete;
  ServerApp& operator=(const ServerApp&) = delete;
  // Stops, as Stop().
  ~ServerApp();

  // Where it listens, ports resolved, in the order of options.listen: what clients and agents dial.
  [[nodiscard]] const std::vector<std::string>& addresses() const;

  // Where it answers HTTP, the port resolved; empty: nowhere.
  [[nodiscard]] std::string http_address() const;

  // Ends all runs (their reports say so), tells watchers and agents, closes the listeners. Takes at
  // most a few seconds. Further calls do nothing.
  void Stop();

 private:
  class Impl;
  explicit ServerApp(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::server
