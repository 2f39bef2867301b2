// RunService.PutArtifact: one file on its way into the blob store.
#pragma once

#include <mutex>
#include <optional>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/run_service.pb.h"

#include "common/rpc/chunks.h"
#include "server/core/server_core.h"
#include "server/rpc/progress_watch.h"
#include "server/rpc/stream_quota.h"

namespace plumb::server {

// Owns itself until gRPC is done. Writes on gRPC's thread, so that a slow disk holds the client
// back. What breaks off is kept to go on with (BlobStore::Upload). A client that hardly sends is
// told kDeadlineExceeded.
class PutArtifactStream final : public grpc::ServerReadReactor<v1::PutArtifactRequest> {
 public:
  // Ends at once with the error when `place` is one.
  PutArtifactStream(ServerCore* core,
                    const ServerLimits& limits,
                    const Result<StreamQuota::Place>& place,
                    v1::PutArtifactResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  Status Handle();
  Status Begin(const v1::Artifact& artifact, uint64_t offset);
  Status Append(v1::DataChunk* chunk);
  Status Commit();
  void ReadNext();
  void End(const Status& status);

  const BlobStore* blobs_;
  v1::PutArtifactResponse* response_;
  v1::PutArtifactRequest request_;
  std::optional<Artifact> artifact_;
  std::optional<BlobStore::Upload> upload_;
  std::optional<rpc::ChunkAssembler> assembler_;
  std::mutex mutex_;  // of ended_: the watch ends the stream from the strand
  bool ended_ = false;
  StreamQuota::Place place_;
  std::optional<ProgressWatch> watch_;
};

}  // namespace plumb::server
