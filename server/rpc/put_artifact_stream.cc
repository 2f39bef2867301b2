#include "server/rpc/put_artifact_stream.h"

#include <utility>

#include "common/base/log.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"
#include "server/rpc/peer_status.h"

namespace plumb::server {

PutArtifactStream::PutArtifactStream(ServerCore* core,
                                     const ServerLimits& limits,
                                     const Result<StreamQuota::Place>& place,
                                     v1::PutArtifactResponse* response)
    : blobs_(&core->blobs()),
      response_(response) {
  if (!place.ok()) {
    End(place.status());
    return;
  }
  place_ = *place;
  watch_.emplace(&core->strand(), limits, "the sender of a file", [this](const Status& status) {
    LogPeer(LogLevel::kWarning, status.ToString());
    End(status);
  });
  ReadNext();
}

void PutArtifactStream::ReadNext() {
  const std::lock_guard lock(mutex_);
  if (!ended_) {
    StartRead(&request_);
  }
}

void PutArtifactStream::End(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(ended_, true)) {
    place_ = nullptr;  // before the peer hears of the end, so that its next upload finds the place
    Finish(ToPeer(status));
  }
}

void PutArtifactStream::OnReadDone(bool ok) {
  if (!ok && watch_) {
    watch_->Stop();  // syncing to disk is our own time
  }
  const Status status = ok ? Handle() : Commit();
  if (ok && status.ok()) {
    ReadNext();
  } else {
    upload_.reset();  // so that who is told the end finds nothing left
    End(status);
  }
}

void PutArtifactStream::OnDone() {
  if (watch_) {
    watch_->Stop();
  }
  delete this;
}

Status PutArtifactStream::Handle() {
  if (request_.has_artifact()) {
    return Begin(request_.artifact(), request_.offset());
  }
  if (request_.has_chunk()) {
    return Append(request_.mutable_chunk());
  }
  return rpc::ProtocolError("put_artifact", "a message without content");
}

Status PutArtifactStream::Begin(const v1::Artifact& artifact, uint64_t offset) {
  if (artifact_) {
    return rpc::ProtocolError("put_artifact.artifact", "came twice");
  }
  PLUMB_ASSIGN_OR_RETURN(artifact_, rpc::FromProto(artifact));
  PLUMB_ASSIGN_OR_RETURN(BlobStore::Upload upload, blobs_->BeginUpload(*artifact_, offset));
  upload_.emplace(std::move(upload));
  assembler_.emplace(artifact_->size, offset);
  return OkStatus();
}

Status PutArtifactStream::Append(v1::DataChunk* chunk) {
  if (!upload_) {
    return rpc::ProtocolError("put_artifact", "a chunk before the artifact");
  }
  const uint64_t offset = chunk->offset();
  const uint64_t checksum = chunk->xxh3();
  watch_->Advance(chunk->data().size());
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, rpc::TakeBytes(*chunk));
  PLUMB_RETURN_IF_ERROR(assembler_->Accept(offset, bytes.span(), checksum));
  return upload_->Append(bytes.span());
}

Status PutArtifactStream::Commit() {
  if (!upload_) {
    return rpc::ProtocolError("put_artifact", "ended before it began");
  }
  PLUMB_RETURN_IF_ERROR(upload_->Commit());
  *response_->mutable_artifact() = rpc::ToProto(*artifact_);
  return OkStatus();
}

}  // namespace plumb::server
