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
          [core](const rpc::UploadBegin& begin,
                 uint64_t serial,
                 std::function<void(const Status& why)> close) {
            return core->runs().OpenUpload(begin.instance_id, begin.key, serial, std::move(close));
          },
          [core](const std::string& run_id, uint64_t serial) {
            core->runs().CloseUpload(run_id, serial);
          }};
}

}  // namespace

BoardService::BoardService(ServerCore* core, const ServerLimits& limits, std::string version)
    : core_(core),
      limits_(limits),
      version_(std::move(version)),
      uploads_to_(PortOf(core)),
      sessions_("control streams at once", limits.session_streams),
      uploads_("uploads of runs at once", limits.upload_streams),
      reads_("readers of files at once", limits.artifact_reads) {}

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* BoardService::Session(
    grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<SessionStream>(core_, context, limits_, version_);
  stream->Adopt(stream, sessions_.Take());
  return stream.get();
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* BoardService::Upload(
    grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<UploadStream>(uploads_to_, context, limits_, next_upload_++);
  stream->Adopt(stream, uploads_.Take());
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
    grpc::CallbackServerContext* context, const v1::ReadArtifactRequest* request) {
  const auto place = reads_.Take();
  return new BytesStream<v1::ReadArtifactResponse>(
      {&core_->strand(), limits_, context, place.ok() ? *place : nullptr},
      place.ok() ? OpenArtifact(*request) : place.status(),
      request->offset(),
      [](uint64_t offset, const Buffer& piece, v1::ReadArtifactResponse* response) {
        *response->mutable_chunk() = rpc::MakeDataChunk(offset, piece);
      });
}

}  // namespace plumb::server
