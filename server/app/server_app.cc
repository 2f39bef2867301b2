#include "server/app/server_app.h"

#include <unistd.h>

#include <array>
#include <mutex>
#include <utility>

#include "common/base/text.h"
#include "server/app/observatory.h"
#include "server/core/server_core.h"
#include "server/http/http_server.h"
#include "server/rpc/grpc_server.h"
#include "server/web/web_site.h"

namespace plumb::server {

namespace {

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && IsSafeName(name.data()) ? name.data()
                                                                                     : "server";
}

}  // namespace

class ServerApp::Impl {
 public:
  Impl(std::unique_ptr<ServerCore> core,
       std::unique_ptr<GrpcServer> grpc,
       std::unique_ptr<HttpServer> http)
      : core_(std::move(core)),
        grpc_(std::move(grpc)),
        http_(std::move(http)) {}

  [[nodiscard]] const std::vector<std::string>& addresses() const { return grpc_->addresses(); }

  [[nodiscard]] std::string http_address() const { return http_ ? http_->address() : ""; }

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
  std::unique_ptr<HttpServer> http_;  // asks the core
};

ServerApp::ServerApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ServerApp::~ServerApp() {
  Stop();
}

Result<std::unique_ptr<ServerApp>> ServerApp::Start(const ServerAppOptions& options) {
  ServerCoreOptions core_options;
  core_options.data = options.data;
  core_options.store = options.store;
  core_options.farm.server = options.server_name.empty() ? HostName() : options.server_name;
  core_options.farm.time_to_live = options.lease;
  core_options.runs.keep_queue = !options.store.empty();
  core_options.runs.resume_grace = options.resume_grace;
  core_options.runs.version = PLUMB_VERSION;
  core_options.runs.limits = options.limits;
  core_options.keeper = options.keeper;
  if (!options.hooks.empty()) {
    PLUMB_ASSIGN_OR_RETURN(HookConfig hooks, HookConfig::Read(options.hooks));
    core_options.runs.hooks = std::make_shared<HookRunner>(std::move(hooks));
  }
  core_options.simulators = [simulators = options.simulators
                                              ? options.simulators
                                              : std::make_shared<Simulators>(SimulatorsOptions())](
                                ReferenceKind kind) { return simulators->Make(kind); };
  const auto observatory = std::make_shared<Observatory>(PLUMB_VERSION);
  core_options.runs.on_finished = [observatory](const auto& run, const auto& report) {
    observatory->Observe(run, report);
  };
  PLUMB_ASSIGN_OR_RETURN(auto core, ServerCore::Start(std::move(core_options)));
  GrpcServer::Options grpc_options;
  grpc_options.listen = options.listen;
  grpc_options.allow_insecure = options.allow_insecure;
  grpc_options.require_token = options.require_token;
  grpc_options.tls = options.tls;
  grpc_options.tls_interval = options.tls_interval;
  grpc_options.version = PLUMB_VERSION;
  grpc_options.limits = options.limits;
  PLUMB_ASSIGN_OR_RETURN(auto grpc, GrpcServer::Start(core.get(), grpc_options));
  std::unique_ptr<HttpServer> http;
  if (!options.http.empty()) {
    HttpServerOptions http_options;
    http_options.listen = options.http;
    http_options.allow_remote = options.allow_insecure;
    const auto site = std::make_shared<WebSite>(PLUMB_VERSION, core.get());
    http_options.answer = [observatory, site, core = core.get()](const HttpRequest& request) {
      const auto page = site->Answer(request);
      return page ? *page : observatory->Answer(request.path, *core);
    };
    PLUMB_ASSIGN_OR_RETURN(http, HttpServer::Start(std::move(http_options)));
  }
  return std::unique_ptr<ServerApp>(
      new ServerApp(std::make_unique<Impl>(std::move(core), std::move(grpc), std::move(http))));
}

const std::vector<std::string>& ServerApp::addresses() const {
  return impl_->addresses();
}

std::string ServerApp::http_address() const {
  return impl_->http_address();
}

void ServerApp::Stop() {
  impl_->Stop();
}

}  // namespace plumb::server
