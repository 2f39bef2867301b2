// The gRPC listeners with both services, health and, on this machine alone, reflection.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/rpc/tls_files.h"
#include "common/rpc/tls_watch.h"
#include "server/core/server_core.h"

namespace plumb::server {

class GrpcServer {
 public:
  struct Options {
    std::vector<std::string> listen;  // as ServerAppOptions
    bool require_token = false;       // of clients, but over unix sockets
    bool allow_insecure = false;
    rpc::TlsFiles tls;
    std::chrono::seconds tls_interval = rpc::TlsWatch::kInterval;  // between looks at the files
    std::string version;
    ServerLimits limits;
  };

  // `core` must outlive the server. kUnavailable when an address cannot be bound.
  static Result<std::unique_ptr<GrpcServer>> Start(ServerCore* core, const Options& options);

  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;
  ~GrpcServer();

  [[nodiscard]] const std::vector<std::string>& addresses() const;

  // Takes no new calls, gives those under way a moment, breaks off the rest. The core's strand must
  // still run. Further calls do nothing.
  void Stop();

 private:
  class Impl;
  explicit GrpcServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::server
