// The host's side of the ring protocol: one child process, its socket, its ring and its stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/base/subprocess.h"
#include "common/base/unique_fd.h"
#include "common/ring/message_io.h"
#include "common/ring/process_runner.h"
#include "common/ring/protocol.h"

namespace plumb {

// What is being waited for, and how long it may take.
struct Step {
  std::string_view doing;  // "loading the model"
  std::chrono::milliseconds timeout{0};
};

// Owns the child. Not thread-safe; lives on the thread that made it. After any error the session is
// over: destroy it, which kills the child's process group.
class ChildSession {
 public:
  // Starts the child and greets it. `options` and `cancel` must outlive the session.
  static Result<std::unique_ptr<ChildSession>> Start(const ProcessRunnerOptions& options,
                                                     const CancelToken& cancel);
  ChildSession(const ChildSession&) = delete;
  ChildSession& operator=(const ChildSession&) = delete;
  ~ChildSession();

  // The run is over: lets the child put its runtime in order and end by itself, for some seconds.
  void Finish();

  // The bytes of ring slot `index` (< kSlotCount). The child may change them at any time.
  [[nodiscard]] std::span<uint8_t> slot(uint32_t index) const;

  Status Send(ring::MessageType type, const void* body, size_t body_size, const Step& step);

  template <class Body>
  Status Send(ring::MessageType type, const Body& body, const Step& step) {
    return Send(type, &body, sizeof body, step);
  }

  // The next message, which is not kError: that, death, a hang and cancellation are errors.
  Result<const ring::Message*> Receive(const Step& step);

  // The next message must be of this type with this body.
  template <class Body>
  Result<Body> Expect(ring::MessageType type, const Step& step) {
    PLUMB_ASSIGN_OR_RETURN(const ring::Message* message, Receive(step));
    Body body{};
    if (message->type() != type || !message->Read(&body)) {
      return BrokenProtocol(step);
    }
    return body;
  }

  // The child's fault: `reason`, or the one its options want instead.
  [[nodiscard]] Status Blame(Status status, std::string_view reason) const;
  [[nodiscard]] Status BrokenProtocol(const Step& step) const;

 private:
  ChildSession(const ProcessRunnerOptions& options, const CancelToken& cancel)
      : options_(options),
        cancel_(cancel) {}

  Status Launch();
  Status MakeRing(UniqueFd* memory);
  Status Greet();
  std::optional<Status> Wait(std::chrono::steady_clock::time_point deadline, const Step& step);
  void ReadWords();
  std::string LastWords();
  Status Died(const Step& step);
  Status Hung(const Step& step);
  [[nodiscard]] Status Reported() const;

  const ProcessRunnerOptions& options_;
  const CancelToken& cancel_;
  uint8_t* ring_ = nullptr;
  bool greeted_ = false;
  UniqueFd socket_;
  UniqueFd words_;   // the child's stdout and stderr
  UniqueFd wakeup_;  // written on cancellation
  std::string tail_;
  std::optional<Subprocess> child_;
  ring::Message message_;
  CancelToken::Registration registration_;
};

}  // namespace plumb
