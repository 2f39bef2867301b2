// The board as a Runner: a run command goes down its control stream, what it uploads goes into the
// TensorSink.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/rpc/messages.h"
#include "common/rpc/upload_tracker.h"
#include "common/runner/runner.h"

namespace plumb::server {

// Runs once. The sink is called on the thread of Run(), which is also where uploads are answered:
// an uploader that waits for its answer before reading on is held back by a slow disk.
class RemoteRunner final : public Runner {
 public:
  // How the board is reached. Called from any thread; never blocks.
  struct Port {
    std::function<void(const RunSpec& spec)> send_run;
    std::function<void(const Status& reason)> send_cancel;
  };

  // Once an output has begun, so many bytes of it, or its end, must come within `stall` of waiting
  // for them.
  struct Patience {
    std::chrono::milliseconds stall;
    uint64_t least_progress = 0;
  };

  // What the application on the board fed, wanted before the model runs: at most so many bytes of
  // each input, each piece given to `take` on the thread of Run(). Its error ends the run.
  struct InputRequest {
    std::vector<uint64_t> limits;
    std::function<Status(const rpc::InputChunk& piece)> take;
  };

  RemoteRunner(std::string board, const Patience& patience, Port port);

  // Before Run(); the command that Port::send_run sends has to ask for it, too.
  void AskForInputs(InputRequest request) { inputs_ = std::move(request); }

  [[nodiscard]] std::string name() const override { return "board " + board_; }

  // Errors: what the board reported, kReasonProtocol for an upload out of order, kDeadlineExceeded
  // with kReasonAgentLost for one too slow, what Fail() was given; all annotated with the board's
  // name.
  Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override;

  // What became of a message: an error ends the upload. `acknowledge`: the uploader is to be told
  // `position`. `finished`: nothing more will come.
  struct Answer {
    Status status;
    rpc::UploadPosition position;
    bool acknowledge = false;
    bool finished = false;
  };

  using Reply = std::function<void(const Answer& answer)>;

  // A new upload stream takes over: messages of older ones are refused from here on. `reply` gets
  // the position to go on from, once what older streams delivered is dealt with. Any thread.
  uint64_t OpenStream(Reply reply);
  // From the upload stream of that number, any thread. At most kMaxPending messages may be
  // unanswered. `reply` is called once, from another thread or before this returns.
  void Deliver(uint64_t stream, rpc::UploadMessage message, Reply reply);
  // The board is gone, or says that it failed: Run returns `status`. Any thread.
  void Fail(const Status& status);
  // The run is over, whether Run() was called or not: refuses what was delivered and never
  // answered, and whatever comes later. Not while Run() is under way.
  void Finish();
  // Nothing was uploaded yet. Any thread.
  [[nodiscard]] bool untouched() const;

  // Everything was uploaded. Any thread.
  [[nodiscard]] bool complete() const;

  static constexpr size_t kMaxPending = 16;

 private:
  struct Pending {
    std::optional<rpc::UploadMessage> message;  // empty: a stream was opened
    Reply reply;
  };

  void Enqueue(Pending pending, uint64_t stream);

  void AwaitMessage(std::unique_lock<std::mutex>* lock, const CancelToken& cancel);
  void NoteProgress(const rpc::UploadMessage& message);
  std::optional<Pending> Next(std::unique_lock<std::mutex>* lock, const CancelToken& cancel);
  Status RunUntilEnd(TensorSink& sink, const CancelToken& cancel);
  // Without a sink the message is only checked and thrown away.
  Answer Handle(const Pending& pending, TensorSink* sink);
  Status Take(const rpc::UploadMessage& message, TensorSink* sink);
  // After a cancellation: waits for the board's last word, but not long.
  void AwaitBoard();

  const std::string board_;
  const Patience patience_;
  const Port port_;
  InputRequest inputs_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Pending> pending_;
  std::optional<rpc::UploadTracker> tracker_;  // written by Run's thread only, under the mutex
  uint64_t stream_ = 0;
  Status failure_;
  bool over_ = false;
  // Of Run's thread: spent waiting, and bytes that came, since the last progress.
  std::chrono::steady_clock::duration waited_{};
  uint64_t moved_ = 0;
};

}  // namespace plumb::server
