// BoardService.Session: the control stream of one agent.
#pragma once

#include <memory>
#include <string>

#include "plumb/v1/board_service.pb.h"

#include "common/rpc/messages.h"
#include "common/rpc/tls.h"
#include "server/core/server_core.h"
#include "server/rpc/strand_stream.h"

namespace plumb::server {

class SessionStream final : public StrandStream<v1::SessionRequest, v1::SessionResponse> {
 public:
  SessionStream(ServerCore* core,
                grpc::CallbackServerContext* context,
                const ServerLimits& limits,
                std::string version);
  ~SessionStream() override;

 private:
  class Link;

  void OnRequest(v1::SessionRequest& request) override;
  void OnPeerDone() override;
  void OnClosed() override;

  void Handle(const v1::SessionRequest& request);
  Status OnHello(const v1::Hello& hello);
  Status OnProgress(const v1::RunProgress& progress);
  Status OnFailed(const v1::RunFailed& failed);
  void Detach();

  ServerCore* core_;
  const std::string version_;
  const rpc::PeerIdentity peer_;
  std::shared_ptr<Link> link_;  // once the board is known
  rpc::Hello hello_;
};

}  // namespace plumb::server
