#include "server/app/server_app.h"

#include <mutex>
#include <utility>

#include "server/core/server_core.h"
#include "server/rpc/grpc_server.h"

namespace plumb::server {
class ServerApp::Impl {
 public:
  Impl(std::unique_ptr<ServerCore> core, std::unique_ptr<GrpcServer> grpc)
      : core_(std::move(core)),
        grpc_(std::move(grpc)) {}

  [[nodiscard]] const std::vector<std::string>& addresses() const { return grpc_->addresses(); }

  void Stop() {
    const std::lock_guard lock(mutex_);
    // Runs first: their watchers then see the end before the listeners close.
    core_->Stop();
    grpc_->Stop();
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<ServerCore> core_;
  std::unique_ptr<GrpcServer> grpc_;
};

ServerApp::ServerApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ServerApp::~ServerApp() {
  Stop();
}

Result<std::unique_ptr<ServerApp>> ServerApp::Start(const ServerAppOptions& options) {
  ServerCoreOptions core_options;
  core_options.data = options.data;
  core_options.runs.resume_grace = options.resume_grace;
  core_options.runs.version = PLUMB_VERSION;
  core_options.runs.limits = options.limits;
  core_options.simulators = [simulators = options.simulators
                                              ? options.simulators
                                              : std::make_shared<Simulators>(SimulatorsOptions())](
                                ReferenceKind kind) { return simulators->Make(kind); };
  PLUMB_ASSIGN_OR_RETURN(auto core, ServerCore::Start(std::move(core_options)));
  GrpcServer::Options grpc_options;
  grpc_options.listen = options.listen;
  grpc_options.allow_insecure = options.allow_insecure;
  grpc_options.tls = options.tls;
  grpc_options.version = PLUMB_VERSION;
  grpc_options.limits = options.limits;
  PLUMB_ASSIGN_OR_RETURN(auto grpc, GrpcServer::Start(core.get(), grpc_options));
  return std::unique_ptr<ServerApp>(
      new ServerApp(std::make_unique<Impl>(std::move(core), std::move(grpc))));
}

const std::vector<std::string>& ServerApp::addresses() const {
  return impl_->addresses();
}

void ServerApp::Stop() {
  impl_->Stop();
}

}  // namespace plumb::server
