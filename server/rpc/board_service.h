// v1.BoardService over the server's core: for agents.
#pragma once

#include <atomic>
#include <string>

#include "plumb/v1/board_service.grpc.pb.h"

#include "server/core/server_core.h"
#include "server/rpc/stream_quota.h"
#include "server/rpc/upload_stream.h"

namespace plumb::server {

// Uploads come as raw bytes, which spares them the parser; everything else is generated.
using BoardServiceBase =
    v1::BoardService::WithCallbackMethod_Session<v1::BoardService::WithRawCallbackMethod_Upload<
        v1::BoardService::WithCallbackMethod_ReadArtifact<v1::BoardService::Service>>>;

class BoardService final : public BoardServiceBase {
 public:
  // `core` must outlive every call.
  BoardService(ServerCore* core, const ServerLimits& limits, std::string version);

  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Upload(
      grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<v1::ReadArtifactResponse>* ReadArtifact(
      grpc::CallbackServerContext* context, const v1::ReadArtifactRequest* request) override;

 private:
  [[nodiscard]] Result<Buffer> OpenArtifact(const v1::ReadArtifactRequest& request) const;

  ServerCore* core_;
  const ServerLimits limits_;
  const std::string version_;
  const UploadPort uploads_to_;
  StreamQuota sessions_;
  StreamQuota uploads_;
  StreamQuota reads_;
  std::atomic<uint64_t> next_upload_{1};
};

}  // namespace plumb::server
