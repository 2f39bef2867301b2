// BoardService.Upload: what one run produces on the board.
#pragma once

#include <memory>
#include <string>

#include "plumb/v1/board_service.pb.h"

#include "common/rpc/messages.h"
#include "server/core/remote_runner.h"
#include "server/core/server_core.h"
#include "server/rpc/strand_stream.h"

namespace plumb::server {

// Reads the next message only when the last one is in the archive: gRPC's flow control then holds
// the agent back.
class UploadStream final : public StrandStream<v1::UploadRequest, v1::UploadResponse>,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  // `serial`: unique among the uploads of this server.
  UploadStream(ServerCore* core, uint64_t serial);

 private:
  void OnRequest(v1::UploadRequest& request) override;
  void OnPeerDone() override;
  void OnClosed() override;

  void OnBegin(const Result<rpc::UploadBegin>& begin);
  void OnAnswer(const RemoteRunner::Answer& answer);
  [[nodiscard]] RemoteRunner::Reply AnswerOnStrand();

  ServerCore* core_;
  const uint64_t serial_;
  std::string run_id_;  // once begun
  // Written on the strand before the next read starts, read by the read's reaction.
  std::shared_ptr<RemoteRunner> runner_;
  uint64_t stream_ = 0;
};

}  // namespace plumb::server
