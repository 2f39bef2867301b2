// BoardService.ReadArtifact as an ArtifactSource.
#pragma once

#include <chrono>
#include <string>

#include "agent/core/ports.h"
#include "agent/core/watchdog.h"
#include "agent/link/bulk_connection.h"

namespace plumb::agent {

// Chunks are checked for order and damage. Thread-safe.
class GrpcArtifactSource final : public ArtifactSource {
 public:
  GrpcArtifactSource(BulkConnection& connection,
                     Watchdog& watchdog,
                     std::string instance_id,
                     std::chrono::milliseconds stall_timeout);

  Status Read(const Artifact& artifact,
              uint64_t offset,
              const Take& take,
              const CancelToken& cancel) override;

 private:
  Status ReadFrom(grpc::Channel& channel,
                  const Artifact& artifact,
                  uint64_t offset,
                  const Take& take,
                  const CancelToken& cancel);

  BulkConnection& connection_;
  Watchdog& watchdog_;
  const std::string instance_id_;
  const std::chrono::milliseconds stall_timeout_;
};

}  // namespace plumb::agent
