#include "agent/link/grpc_artifact_source.h"

#include <utility>

#include "plumb/v1/board_service.grpc.pb.h"

#include "agent/link/guarded_call.h"
#include "agent/link/link_status.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"

namespace plumb::agent {
namespace {

// Takes one message; an error is this side's own.
Status TakeChunk(v1::ReadArtifactResponse& response,
                 rpc::ChunkAssembler& assembler,
                 const ArtifactSource::Take& take) {
  v1::DataChunk& chunk = *response.mutable_chunk();
  PLUMB_RETURN_IF_ERROR(assembler.Accept(chunk.offset(), AsBytes(chunk.data()), chunk.xxh3()));
  return take(AsBytes(chunk.data()));
}

}  // namespace

GrpcArtifactSource::GrpcArtifactSource(BulkConnection& connection,
                                       Watchdog& watchdog,
                                       std::string instance_id,
                                       std::chrono::milliseconds stall_timeout)
    : connection_(connection),
      watchdog_(watchdog),
      instance_id_(std::move(instance_id)),
      stall_timeout_(stall_timeout) {}

Status GrpcArtifactSource::Read(const Artifact& artifact,
                                uint64_t offset,
                                const Take& take,
                                const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const auto channel, connection_.Connect(rpc::kResumeWindow, cancel));
  Status status = ReadFrom(*channel, artifact, offset, take, cancel);
  if (IsLinkBroken(status)) {
    connection_.Drop(channel);
  }
  return status;
}

Status GrpcArtifactSource::ReadFrom(grpc::Channel& channel,
                                    const Artifact& artifact,
                                    uint64_t offset,
                                    const Take& take,
                                    const CancelToken& cancel) {
  v1::ReadArtifactRequest request;
  request.set_instance_id(instance_id_);
  *request.mutable_artifact() = rpc::ToProto(artifact);
  request.set_offset(offset);

  grpc::ClientContext context;
  GuardedCall call(watchdog_, context);
  // The stub only borrows the channel, which Read holds.
  const std::shared_ptr<grpc::Channel> borrowed(&channel, [](grpc::Channel*) {});
  const auto stub = v1::BoardService::NewStub(borrowed);
  const auto registration = cancel.OnCancel([&context] { context.TryCancel(); });
  const auto reader = stub->ReadArtifact(&context, request);
  rpc::ChunkAssembler assembler(artifact.size, offset);
  Status own;
  v1::ReadArtifactResponse response;
  // Renewed by bytes, not by messages: one byte a second is no progress.
  auto guard = call.Watch(stall_timeout_);
  for (uint64_t moved = 0; reader->Read(&response);) {
    moved += response.chunk().data().size();
    if (moved >= rpc::kLeastProgress) {
      guard = call.Watch(stall_timeout_);
      moved = 0;
    }
    own = TakeChunk(response, assembler, take);
    if (!own.ok()) {
      context.TryCancel();
      break;
    }
  }
  const Status end = FromLink(reader->Finish());
  if (cancel.cancelled()) {
    return cancel.status();
  }
  if (call.stalled()) {
    return LinkBroken("less than " + std::to_string(rpc::kLeastProgress) + " bytes came in " +
                      std::to_string(stall_timeout_.count()) + " ms");
  }
  PLUMB_RETURN_IF_ERROR(own);
  PLUMB_RETURN_IF_ERROR(end);
  return assembler.Finish();
}

}  // namespace plumb::agent
