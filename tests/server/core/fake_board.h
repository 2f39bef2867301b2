// A board for the tests of runs: an agent without a wire.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/core/server_core.h"
#include "tests/server/core/fakes.h"

namespace plumb::server::test {

// Attached to the core while it lives, unless Leave() was called.
class FakeBoard {
 public:
  FakeBoard(ServerCore* core, const rpc::Hello& hello);
  ~FakeBoard();
  FakeBoard(const FakeBoard&) = delete;
  FakeBoard& operator=(const FakeBoard&) = delete;

  FakeLink& link() { return *link_; }

  // Takes the next command and uploads what `runner` produces; the run's key.
  rpc::RunKey Serve(FakeRunner& runner);
  // The stream breaks.
  void Leave();

 private:
  ServerCore* core_;
  rpc::Hello hello_;
  std::shared_ptr<FakeLink> link_;
};

// Uploads what a runner produces, message by message, waiting for each answer.
class UploadingSink : public TensorSink {
 public:
  explicit UploadingSink(std::shared_ptr<RemoteRunner> remote);

  Status OnModel(const ModelInfo& info) override { return Send(info); }

  Status OnProbe(const std::vector<uint64_t>& digests, bool zero) override {
    return Send(rpc::ProbeResult{digests, zero});
  }

  Status OnInvoke(const InvokeInfo& info) override { return Send(info); }

  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override;
  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override;
  Status Send(rpc::UploadEvent event);

 private:
  Status Deliver(rpc::UploadMessage message);

  std::shared_ptr<RemoteRunner> remote_;
  uint64_t stream_ = 0;
  uint64_t sequence_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace plumb::server::test
