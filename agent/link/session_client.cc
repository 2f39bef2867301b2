#include "agent/link/session_client.h"

#include <string>
#include <utility>

#include "plumb/v1/board_service.grpc.pb.h"

#include "agent/link/bulk_connection.h"
#include "agent/link/guarded_call.h"
#include "agent/link/link_status.h"
#include "common/base/log.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/channel.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

uint64_t SeedOf(const std::string& instance_id) {
  return std::hash<std::string>{}(instance_id);
}

std::string Seconds(std::chrono::milliseconds pause) {
  const auto tenths = (pause.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

struct SessionClient::Call {
  Call(Watchdog& watchdog, std::shared_ptr<grpc::Channel> dialled)
      : channel(std::move(dialled)),
        guarded(watchdog, context),
        stub(v1::BoardService::NewStub(channel)),
        stream(stub->Session(&context)) {}

  std::shared_ptr<grpc::Channel> channel;
  grpc::ClientContext context;
  GuardedCall guarded;
  std::unique_ptr<v1::BoardService::Stub> stub;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>> stream;
};

SessionClient::SessionClient(SessionOptions options, Watchdog& watchdog)
    : options_(std::move(options)),
      watchdog_(watchdog),
      backoff_(options_.first_pause, options_.longest_pause, SeedOf(options_.hello.instance_id)) {}

SessionClient::~SessionClient() = default;

void SessionClient::Run(SessionHandler& handler, const CancelToken& stop) {
  const std::string server = options_.server.address.ToString();
  LogInfo("connecting to the server at " + server);
  while (!stop.cancelled()) {
    const Status status = Converse(handler, stop);
    if (stop.cancelled()) {
      return;
    }
    const bool said_before = backoff_.at_longest();
    const auto pause = backoff_.Next();
    const std::string message =
        "no session with " + server + ": " + status.ToString() + "; trying again";
    if (said_before) {
      LogDebug(message);
    } else if (backoff_.at_longest()) {
      LogPeer(LogLevel::kWarning, message + " every " + Seconds(options_.longest_pause) + " or so");
    } else {
      LogPeer(LogLevel::kWarning, message + " in " + Seconds(pause));
    }
    stop.WaitFor(pause);
  }
}

// One connection, from dialling to its end.
Status SessionClient::Converse(SessionHandler& handler, const CancelToken& stop) {
  // A fresh channel dials at once; an old one may still sit out gRPC's own pause.
  auto channel = rpc::OpenChannel(options_.server, rpc::ChannelPurpose::kControl);
  PLUMB_RETURN_IF_ERROR(AwaitConnected(*channel, options_.answer_timeout, true, stop));
  Call call(watchdog_, std::move(channel));
  const auto registration = stop.OnCancel([&call] { call.context.TryCancel(); });
  Status greeted = Greet(call, handler);
  if (greeted.ok()) {
    backoff_.Reset();
    SetCall(&call);
    Listen(call, handler);
    SetCall(nullptr);
  } else if (!IsLinkBroken(greeted)) {
    call.context.TryCancel();
  }
  const Status end = rpc::FromGrpc(call.stream->Finish());
  if (call.guarded.stalled()) {
    return LinkBroken("the server does not answer");
  }
  if (!greeted.ok() && !IsLinkBroken(greeted)) {
    return greeted;
  }
  return end.ok() ? LinkBroken("the server ended the session") : end;
}

// A broken link: the call's own end says why.
Status SessionClient::Greet(Call& call, const SessionHandler& handler) {
  const auto guard = call.guarded.Watch(options_.answer_timeout);
  rpc::Hello hello = options_.hello;
  hello.current_run = handler.current_run();
  v1::SessionRequest request;
  *request.mutable_hello() = rpc::ToProto(hello);
  v1::SessionResponse response;
  if (!call.stream->Write(request) || !call.stream->Read(&response)) {
    return LinkBroken("no welcome");
  }
  if (!response.has_welcome()) {
    return rpc::ProtocolError("session", "the server did not begin with a welcome");
  }
  PLUMB_RETURN_IF_ERROR(rpc::CheckProtocol(response.welcome().protocol(), "server"));
  PLUMB_ASSIGN_OR_RETURN(const rpc::Welcome welcome, rpc::FromProto(response.welcome()));
  LogPeer(LogLevel::kInfo,
          "connected to plumb-server " + welcome.server_version + " at " +
              options_.server.address.ToString() + " as board '" + options_.hello.board_name +
              "'; waiting for runs");
  return OkStatus();
}

void SessionClient::Listen(Call& call, SessionHandler& handler) {
  v1::SessionResponse response;
  // No watchdog: a quiet server is a normal one, and keepalive notices a dead one.
  while (call.stream->Read(&response)) {
    if (response.has_run()) {
      const auto command = rpc::FromProto(response.run());
      const auto key = rpc::FromProto(response.run().key());
      if (command.ok()) {
        handler.OnRunCommand(*command);
      } else if (key.ok()) {
        SendFailed(*key, command.status());
      } else {
        LogPeer(LogLevel::kWarning,
                "a run command without a usable key: " + command.status().ToString());
      }
    } else if (response.has_cancel()) {
      const auto command = rpc::FromProto(response.cancel());
      if (command.ok()) {
        handler.OnCancel(*command);
      }
    }
  }
}

void SessionClient::SendProgress(const rpc::RunKey& key, rpc::RunPhase phase) {
  v1::SessionRequest request;
  *request.mutable_run_progress()->mutable_key() = rpc::ToProto(key);
  request.mutable_run_progress()->set_phase(rpc::ToProto(phase));
  Send(request);
}

void SessionClient::SendFailed(const rpc::RunKey& key, const Status& status) {
  v1::SessionRequest request;
  *request.mutable_run_failed()->mutable_key() = rpc::ToProto(key);
  *request.mutable_run_failed()->mutable_failure() = rpc::ToProto(status);
  Send(request);
}

template <class Request>
void SessionClient::Send(const Request& request) {
  const std::lock_guard lock(mutex_);
  if (call_ != nullptr) {
    const auto guard = call_->guarded.Watch(options_.answer_timeout);
    // A failed write shows as the end of the stream in Listen.
    static_cast<void>(call_->stream->Write(request));
  }
}

void SessionClient::SetCall(Call* call) {
  const std::lock_guard lock(mutex_);
  call_ = call;
}

}  // namespace plumb::agent
