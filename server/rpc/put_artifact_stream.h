// RunService.PutArtifact: one file on its way into the blob store.
#pragma once

#include <optional>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/run_service.pb.h"

#include "common/rpc/chunks.h"
#include "server/core/blob_store.h"

namespace plumb::server {

// Owns itself until gRPC is done. Writes on gRPC's thread, so that a slow disk holds the client
// back. What is not committed leaves nothing behind.
class PutArtifactStream final : public grpc::ServerReadReactor<v1::PutArtifactRequest> {
 public:
  PutArtifactStream(const BlobStore* blobs, v1::PutArtifactResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  Status Handle();
  Status Begin(const v1::Artifact& artifact);
  Status Append(v1::DataChunk* chunk);
  Status Commit();

  const BlobStore* blobs_;
  v1::PutArtifactResponse* response_;
  v1::PutArtifactRequest request_;
  std::optional<Artifact> artifact_;
  std::optional<BlobStore::Upload> upload_;
  std::optional<rpc::ChunkAssembler> assembler_;
};

}  // namespace plumb::server
