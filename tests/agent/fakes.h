// A server in memory and a runner with known outputs, for tests of agent/core.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/ports.h"
#include "common/base/sha256.h"
#include "common/rpc/upload_tracker.h"
#include "common/runner/runner.h"

namespace plumb::agent::test {

// What a broken link does to streams of FakeUploads.
struct LinkFault {
  size_t after = 0;      // messages of the stream that Send takes before it breaks
  size_t in_flight = 0;  // so many of them never arrive
};

// The server's side of Upload: keeps what is committed, checks order with UploadTracker.
class FakeUploads final : public UploadTransport {
 public:
  explicit FakeUploads(rpc::UploadExpectation expectation) : tracker_(expectation) {}

  Result<OpenedUpload> Open(const rpc::RunKey& key,
                            std::chrono::milliseconds timeout,
                            const CancelToken& cancel) override;

  // Streams in the order of opening; those beyond the list do not break.
  std::vector<LinkFault> faults;
  // Open answers this from the n-th call on.
  std::map<size_t, Status> open_errors;

  std::map<std::pair<uint32_t, uint32_t>, std::vector<uint8_t>> outputs;  // repetition, index
  std::vector<rpc::UploadEvent> events;
  Status violation;  // the first message out of order
  size_t opened = 0;
  rpc::RunKey last_key;
  // What Open says instead of the truth.
  std::optional<rpc::UploadPosition> claimed;
  // Called before a commit is told; may block the stream or cancel something.
  std::function<void(uint64_t sequence)> before_commit;

  [[nodiscard]] bool finished() const { return tracker_.finished(); }

  // Of run_end; kUnknown before it came.
  [[nodiscard]] Status run_status() const;

  Status Take(const rpc::UploadMessage& message);

  [[nodiscard]] rpc::UploadPosition position() const { return tracker_.position(); }

 private:
  rpc::UploadTracker tracker_;
};

// Outputs by repetition and index; chunks of `chunk_size`; goes back when the sink asks for it.
class ScriptedRunner final : public Runner {
 public:
  using Outputs = std::vector<std::vector<std::vector<uint8_t>>>;

  explicit ScriptedRunner(Outputs outputs, size_t chunk_size = 10)
      : outputs_(std::move(outputs)),
        chunk_size_(chunk_size) {}

  [[nodiscard]] std::string name() const override { return "scripted"; }

  Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override;

  // Instead of running; sees the token.
  std::function<Status(const RunSpec& spec, const CancelToken& cancel)> instead;

 private:
  Status Deliver(uint32_t repetition, uint32_t index, TensorSink& sink) const;

  Outputs outputs_;
  size_t chunk_size_;
};

// Files by digest.
class FakeSource final : public ArtifactSource {
 public:
  Status Read(const Artifact& artifact,
              uint64_t offset,
              const Take& take,
              const CancelToken& cancel) override;

  // Adds `content`; gives its name.
  Artifact Add(const std::string& content);

  std::map<std::string, std::string> files;
  size_t break_after = 0;  // bytes until the link breaks, once; 0: never
  bool always_broken = false;
  std::vector<uint64_t> offsets;  // of every Read
};

// Remembers what was sent; a test can wait for it.
class FakeControl final : public ControlPort {
 public:
  void SendProgress(const rpc::RunKey& key, rpc::RunPhase phase) override;
  void SendFailed(const rpc::RunKey& key, const Status& status) override;

  // Waits until `count` failures were sent; false after ten seconds.
  bool WaitForFailures(size_t count);
  std::vector<std::pair<rpc::RunKey, Status>> failures();
  std::vector<std::pair<rpc::RunKey, rpc::RunPhase>> phases();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<rpc::RunKey, Status>> failures_;
  std::vector<std::pair<rpc::RunKey, rpc::RunPhase>> phases_;
};

// A contiguous output of `size` bytes.
TensorDesc ByteTensor(const std::string& name, size_t size);
// `size` bytes that differ from their neighbours, beginning with `first`.
std::vector<uint8_t> CountingBytes(size_t size, uint8_t first);

}  // namespace plumb::agent::test
