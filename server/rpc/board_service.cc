#include "server/rpc/board_service.h"

#include <memory>
#include <utility>

#include "common/base/file.h"
#include "common/rpc/convert.h"
#include "server/rpc/bytes_stream.h"
#include "server/rpc/session_stream.h"

namespace plumb::server {
namespace {

UploadPort PortOf(ServerCore* core) {
  return {&core->strand(),
          [core](const rpc::UploadBegin& begin, uint64_t serial, std::function<void()> close) {
            return core->runs().OpenUpload(begin.instance_id, begin.key, serial, std::move(close));
          },
          [core](const std::string& run_id, uint64_t serial) {
            core->runs().CloseUpload(run_id, serial);
          }};
}

}  // namespace

BoardService::BoardService(ServerCore* core, std::string version)
    : core_(core),
      version_(std::move(version)),
      uploads_to_(PortOf(core)) {}

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* BoardService::Session(
    grpc::CallbackServerContext* /*context*/) {
  auto stream = std::make_shared<SessionStream>(core_, version_);
  stream->Adopt(stream);
  return stream.get();
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* BoardService::Upload(
    grpc::CallbackServerContext* /*context*/) {
  auto stream = std::make_shared<UploadStream>(uploads_to_, next_upload_++);
  stream->Adopt(stream);
  return stream.get();
}

Result<Buffer> BoardService::OpenArtifact(const v1::ReadArtifactRequest& request) const {
  PLUMB_RETURN_IF_ERROR(rpc::CheckInstanceId(request.instance_id()));
  PLUMB_ASSIGN_OR_RETURN(const Artifact wanted, rpc::FromProto(request.artifact()));
  if (request.offset() > wanted.size) {
    return rpc::ProtocolError("offset", "lies beyond the end");
  }
  PLUMB_ASSIGN_OR_RETURN(const Artifact found, core_->blobs().Find(wanted));
  return MapFile(found.path);
}

grpc::ServerWriteReactor<v1::ReadArtifactResponse>* BoardService::ReadArtifact(
    grpc::CallbackServerContext* /*context*/, const v1::ReadArtifactRequest* request) {
  return new BytesStream<v1::ReadArtifactResponse>(
      OpenArtifact(*request),
      request->offset(),
      [](uint64_t offset, const Buffer& piece, v1::ReadArtifactResponse* response) {
        *response->mutable_chunk() = rpc::MakeDataChunk(offset, piece);
      });
}

}  // namespace plumb::server
