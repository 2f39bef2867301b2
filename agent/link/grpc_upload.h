// BoardService.Upload as an UploadTransport.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agent/core/ports.h"
#include "agent/link/bulk_connection.h"

namespace plumb::agent {

struct GrpcUploadOptions {
  std::string instance_id;
  // One message not taken, or one commit not told, for this long: the stream counts as broken.
  std::chrono::milliseconds stall_timeout;
  // How long a message may still be under way once the run is cancelled.
  std::chrono::milliseconds cancel_grace{1'000};
};

// The transport must outlive its streams.
class GrpcUploadTransport final : public UploadTransport {
 public:
  GrpcUploadTransport(BulkConnection& connection, GrpcUploadOptions options);

  Result<OpenedUpload> Open(const rpc::RunKey& key,
                            std::chrono::milliseconds timeout,
                            const CancelToken& cancel) override;

 private:
  BulkConnection& connection_;
  const GrpcUploadOptions options_;
};

}  // namespace plumb::agent
