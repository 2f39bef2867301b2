#include "server/rpc/grpc_server.h"

#include <grpc/support/log.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "common/base/log.h"
#include "common/base/unique_fd.h"
#include "common/rpc/address.h"
#include "common/rpc/channel.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/board_service.h"
#include "server/rpc/farm_service.h"
#include "server/rpc/run_service.h"

namespace plumb::server {
namespace {

constexpr std::chrono::milliseconds kStopGrace{1'000};

// gRPC takes the place of any socket of that name, also of a living server's: that is refused here.
bool AnswersOn(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return false;
  }
  path.copy(address.sun_path, path.size());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return socket.valid() &&
         ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

Status CannotListen(const rpc::Address& address) {
  return UnavailableError("cannot listen on " + address.ToString())
      .WithHint("is another server running there? choose another address with --listen");
}

// Reflection is a plugin for every server of the process, so it is decided once.
void AllowReflection() {
  static const bool done = [] {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

class GrpcServer::Impl {
 public:
  Impl(ServerCore* core, const Options& options)
      : authorizer_(&core->runs().farm().store(), options.require_token),
        boards_(core, options.limits, options.version),
        farm_(core, &authorizer_),
        runs_(core, &authorizer_, options.limits, options.version) {}

  Status Listen(const Options& options) {
    std::vector<rpc::Address> addresses;
    for (const std::string& text : options.listen) {
      PLUMB_ASSIGN_OR_RETURN(
          rpc::Address address,
          rpc::CheckListenAddress(text, options.allow_insecure || options.tls.given()));
      addresses.push_back(std::move(address));
    }
    if (addresses.empty()) {
      return InvalidArgumentError("the server has no address to listen on")
          .WithHint("give it --listen 127.0.0.1:7070");
    }
    rpc::KeepGrpcAlive();
    // Also what gRPC says of peers, a line for every handshake that fails, has a budget.
    gpr_set_log_function([](gpr_log_func_args* args) {
      LogPeer(LogLevel::kWarning, std::string("gRPC: ") + args->message);
    });
    PLUMB_ASSIGN_OR_RETURN(tls_, rpc::TlsWatch::Start(options.tls, options.tls_interval));
    if (std::all_of(addresses.begin(), addresses.end(), [](const rpc::Address& address) {
          return address.loopback;
        })) {
      AllowReflection();
    }
    grpc::EnableDefaultHealthCheckService(true);
    return Build(addresses);
  }

  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  void Stop() {
    if (server_) {
      server_->Shutdown(std::chrono::system_clock::now() + kStopGrace);
      server_.reset();
    }
  }

 private:
  Status Build(const std::vector<rpc::Address>& addresses) {
    grpc::ServerBuilder builder;
    rpc::ConfigureServer(builder);
    std::vector<int> ports(addresses.size(), 0);
    for (size_t i = 0; i < addresses.size(); ++i) {
      if (addresses[i].is_unix() && AnswersOn(addresses[i].unix_path)) {
        return CannotListen(addresses[i]);
      }
      builder.AddListeningPort(
          addresses[i].ToString(),
          tls_ && !addresses[i].is_unix() ? tls_->Credentials() : grpc::InsecureServerCredentials(),
          &ports[i]);
    }
    builder.RegisterService(&boards_);
    builder.RegisterService(&farm_);
    builder.RegisterService(&runs_);
    server_ = builder.BuildAndStart();
    for (size_t i = 0; i < addresses.size(); ++i) {
      if (!server_ || ports[i] == 0) {
        Stop();
        return CannotListen(addresses[i]);
      }
      rpc::Address bound = addresses[i];
      if (!bound.is_unix()) {
        bound.port = static_cast<uint16_t>(ports[i]);
      }
      addresses_.push_back(bound.ToString());
    }
    return OkStatus();
  }

  Authorizer authorizer_;
  BoardService boards_;
  FarmService farm_;
  RunService runs_;
  std::unique_ptr<rpc::TlsWatch> tls_;  // null: not encrypted
  std::vector<std::string> addresses_;
  std::unique_ptr<grpc::Server> server_;
};

GrpcServer::GrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

GrpcServer::~GrpcServer() {
  Stop();
}

Result<std::unique_ptr<GrpcServer>> GrpcServer::Start(ServerCore* core, const Options& options) {
  auto impl = std::make_unique<Impl>(core, options);
  PLUMB_RETURN_IF_ERROR(impl->Listen(options));
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(impl)));
}

const std::vector<std::string>& GrpcServer::addresses() const {
  return impl_->addresses();
}

void GrpcServer::Stop() {
  impl_->Stop();
}

}  // namespace plumb::server
