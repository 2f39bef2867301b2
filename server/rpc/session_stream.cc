#include "server/rpc/session_stream.h"

#include <utility>
#include <vector>

#include "common/base/log.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"

namespace plumb::server {

// What the core sees of the stream. Holds messages back until the Welcome has gone out.
class SessionStream::Link final : public BoardLink {
 public:
  explicit Link(SessionStream* stream) : stream_(stream) {}

  void SendRun(const rpc::RunCommand& command) override {
    v1::SessionResponse response;
    *response.mutable_run() = rpc::ToProto(command);
    Send(std::move(response));
  }

  void SendCancel(const rpc::CancelCommand& command) override {
    v1::SessionResponse response;
    *response.mutable_cancel() = rpc::ToProto(command);
    Send(std::move(response));
  }

  void Close(const Status& reason) override {
    if (stream_ != nullptr) {
      stream_->Close(reason);
    }
  }

  void Open(v1::SessionResponse welcome) {
    open_ = true;
    Send(std::move(welcome));
    for (v1::SessionResponse& response : std::exchange(early_, {})) {
      Send(std::move(response));
    }
  }

  void Forget() { stream_ = nullptr; }

 private:
  void Send(v1::SessionResponse response) {
    if (!open_) {
      early_.push_back(std::move(response));
    } else if (stream_ != nullptr) {
      stream_->Send(std::move(response));
    }
  }

  SessionStream* stream_;
  bool open_ = false;
  std::vector<v1::SessionResponse> early_;
};

SessionStream::SessionStream(ServerCore* core,
                             grpc::CallbackServerContext* context,
                             const ServerLimits& limits,
                             std::string version)
    : StrandStream(&core->strand(), context, limits),
      core_(core),
      version_(std::move(version)),
      peer_(rpc::IdentityOf(*context)) {}

SessionStream::~SessionStream() = default;

void SessionStream::OnRequest(v1::SessionRequest& request) {
  auto shared = std::make_shared<v1::SessionRequest>();
  shared->Swap(&request);
  strand()->Post([this, shared] { Handle(*shared); });
}

void SessionStream::Handle(const v1::SessionRequest& request) {
  Status status;
  FirstMessageCame();
  if (request.has_hello()) {
    status = OnHello(request.hello());
  } else if (!link_) {
    status = rpc::ProtocolError("session", "the first message must be hello");
  } else if (request.has_run_progress()) {
    status = OnProgress(request.run_progress());
  } else if (request.has_run_failed()) {
    status = OnFailed(request.run_failed());
  }
  if (!status.ok()) {
    LogPeer(LogLevel::kWarning, "an agent is refused: " + status.ToString());
    Close(status);
    return;
  }
  ReadNext();
}

Status SessionStream::OnHello(const v1::Hello& hello) {
  if (link_) {
    return rpc::ProtocolError("session", "hello came twice");
  }
  PLUMB_RETURN_IF_ERROR(rpc::CheckProtocol(hello.protocol(), "agent"));
  PLUMB_ASSIGN_OR_RETURN(hello_, rpc::FromProto(hello));
  PLUMB_RETURN_IF_ERROR(rpc::CheckBoardIdentity(peer_, hello_.board_name));
  auto link = std::make_shared<Link>(this);
  PLUMB_RETURN_IF_ERROR(core_->boards().Attach(hello_, link));
  link_ = std::move(link);
  rpc::Welcome welcome;
  welcome.protocol_major = rpc::kProtocolMajor;
  welcome.protocol_minor = rpc::kProtocolMinor;
  welcome.server_version = version_;
  v1::SessionResponse response;
  *response.mutable_welcome() = rpc::ToProto(welcome);
  link_->Open(std::move(response));
  LogPeer(LogLevel::kInfo,
          "board '" + hello_.board_name + "' is connected" +
              (peer_.known() ? ", certificate of '" + peer_.common_name + "'" : ""));
  return OkStatus();
}

Status SessionStream::OnProgress(const v1::RunProgress& progress) {
  PLUMB_ASSIGN_OR_RETURN(const rpc::RunKey key, rpc::FromProto(progress.key()));
  PLUMB_RETURN_IF_ERROR(rpc::FromProto(progress.phase()).status());
  core_->runs().BoardAccepted(hello_.instance_id, key);
  return OkStatus();
}

Status SessionStream::OnFailed(const v1::RunFailed& failed) {
  PLUMB_ASSIGN_OR_RETURN(const rpc::RunKey key, rpc::FromProto(failed.key()));
  core_->runs().BoardFailed(hello_.instance_id, key, rpc::FailureFromProto(failed.failure()));
  return OkStatus();
}

void SessionStream::OnPeerDone() {
  Detach();
  Close(OkStatus());
}

void SessionStream::OnClosed() {
  Detach();
}

void SessionStream::Detach() {
  if (link_) {
    LogPeer(LogLevel::kInfo, "board '" + hello_.board_name + "' is gone");
    link_->Forget();
    core_->boards().Detach(hello_.board_name, link_.get());
    link_.reset();
  }
}

}  // namespace plumb::server
