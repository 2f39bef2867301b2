// What the agent needs of its server, without saying how it is reached: agent/link does it over
// gRPC, tests in memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"
#include "common/runner/runner.h"

namespace plumb::agent {

// All ports answer kUnavailable without a reason when the link broke (worth another try) and with
// any other error when the server said no (final).
inline bool IsLinkBroken(const Status& status) {
  return status.code() == StatusCode::kUnavailable && status.reason().empty();
}

// The control stream, upwards. Never blocks for long; what is sent while the link is down is lost.
// Thread-safe.
class ControlPort {
 public:
  ControlPort() = default;
  ControlPort(const ControlPort&) = delete;
  ControlPort& operator=(const ControlPort&) = delete;
  virtual ~ControlPort() = default;

  virtual void SendProgress(const rpc::RunKey& key, rpc::RunPhase phase) = 0;
  // The end of a run that cannot be told by an upload.
  virtual void SendFailed(const rpc::RunKey& key, const Status& status) = 0;
};

// The control stream, downwards. Called on the stream's thread; must not wait for a run.
class SessionHandler {
 public:
  SessionHandler() = default;
  SessionHandler(const SessionHandler&) = delete;
  SessionHandler& operator=(const SessionHandler&) = delete;
  virtual ~SessionHandler() = default;

  virtual void OnRunCommand(const rpc::RunCommand& command) = 0;
  virtual void OnCancel(const rpc::CancelCommand& command) = 0;
  // The run that goes on across a broken control stream.
  [[nodiscard]] virtual std::optional<rpc::RunKey> current_run() const = 0;
};

// Where models and inputs come from.
class ArtifactSource {
 public:
  // An error returned stops the reading with that error.
  using Take = std::function<Status(std::span<const uint8_t> bytes)>;

  ArtifactSource() = default;
  ArtifactSource(const ArtifactSource&) = delete;
  ArtifactSource& operator=(const ArtifactSource&) = delete;
  virtual ~ArtifactSource() = default;

  // Gives the bytes from `offset` to the end in order, on the calling thread.
  virtual Status Read(const Artifact& artifact,
                      uint64_t offset,
                      const Take& take,
                      const CancelToken& cancel) = 0;
};

// One stream of a run's upload. Used by one thread.
class UploadStream {
 public:
  UploadStream() = default;
  UploadStream(const UploadStream&) = delete;
  UploadStream& operator=(const UploadStream&) = delete;
  virtual ~UploadStream() = default;

  // Blocks while the server is slower than the board. Returning OK is not delivery.
  virtual Status Send(const rpc::UploadMessage& message, const CancelToken& cancel) = 0;
  // Waits until the event with this number is committed.
  virtual Status AwaitCommit(uint64_t sequence, const CancelToken& cancel) = 0;
};

struct OpenedUpload {
  std::unique_ptr<UploadStream> stream;
  rpc::UploadPosition position;  // where the server stands
};

class UploadTransport {
 public:
  UploadTransport() = default;
  UploadTransport(const UploadTransport&) = delete;
  UploadTransport& operator=(const UploadTransport&) = delete;
  virtual ~UploadTransport() = default;

  // Opens or resumes; the answer comes within `timeout`.
  virtual Result<OpenedUpload> Open(const rpc::RunKey& key,
                                    std::chrono::milliseconds timeout,
                                    const CancelToken& cancel) = 0;
};

}  // namespace plumb::agent
