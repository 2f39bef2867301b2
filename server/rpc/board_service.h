// v1.BoardService over the server's core: for agents.
#pragma once

#include <atomic>
#include <string>

#include "plumb/v1/board_service.grpc.pb.h"

#include "server/core/server_core.h"

namespace plumb::server {

class BoardService final : public v1::BoardService::CallbackService {
 public:
  // `core` must outlive every call.
  BoardService(ServerCore* core, std::string version);

  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::UploadRequest, v1::UploadResponse>* Upload(
      grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<v1::ReadArtifactResponse>* ReadArtifact(
      grpc::CallbackServerContext* context, const v1::ReadArtifactRequest* request) override;

 private:
  [[nodiscard]] Result<Buffer> OpenArtifact(const v1::ReadArtifactRequest& request) const;

  ServerCore* core_;
  const std::string version_;
  std::atomic<uint64_t> next_upload_{1};
};

}  // namespace plumb::server
