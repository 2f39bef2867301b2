#include "server/core/remote_runner.h"

#include <chrono>
#include <utility>
#include <variant>

#include "common/runner/failure.h"

namespace plumb::server {
namespace {

constexpr std::chrono::milliseconds kCancelGrace{1'000};

Status RunIsOver() {
  return FailedPreconditionError("the run is over").WithReason(kReasonCancelled);
}

Status Accepted(const Result<uint64_t>& wanted, uint64_t end) {
  PLUMB_RETURN_IF_ERROR(wanted.status());
  return *wanted == end ? OkStatus() : InternalError("a sink of the server wants bytes again");
}

Status GiveEvent(const rpc::UploadEvent& event, TensorSink& sink) {
  if (const auto* model = std::get_if<ModelInfo>(&event)) {
    return sink.OnModel(*model);
  }
  if (const auto* probe = std::get_if<rpc::ProbeResult>(&event)) {
    return sink.OnProbe(probe->valid_digests, probe->input_was_zero);
  }
  if (const auto* invoke = std::get_if<InvokeInfo>(&event)) {
    return sink.OnInvoke(*invoke);
  }
  if (const auto* tensor = std::get_if<rpc::UploadedTensorEnd>(&event)) {
    return sink.OnTensorEnd(tensor->end).status();
  }
  return OkStatus();
}

Status Give(const rpc::UploadMessage& message, TensorSink& sink) {
  if (const auto* chunk = std::get_if<rpc::TensorChunk>(&message)) {
    return Accepted(sink.OnChunk(chunk->repetition, chunk->index, chunk->offset, chunk->bytes),
                    chunk->offset + chunk->bytes.size());
  }
  return GiveEvent(std::get<rpc::NumberedEvent>(message).event, sink);
}

Status TooSlow(uint64_t moved, const RemoteRunner::Patience& patience) {
  return DeadlineExceededError("in the middle of an output only " + std::to_string(moved) +
                               " bytes came in " + std::to_string(patience.stall.count()) +
                               " ms; at least " + std::to_string(patience.least_progress) +
                               " are expected")
      .WithReason(kReasonAgentLost)
      .WithHint("look at the board's network and at its agent's log, then run again");
}

// The board's last word, if `message` is it.
const rpc::RunEnd* EndIn(const rpc::UploadMessage& message) {
  const auto* numbered = std::get_if<rpc::NumberedEvent>(&message);
  return numbered == nullptr ? nullptr : std::get_if<rpc::RunEnd>(&numbered->event);
}

const rpc::InputChunk* InputIn(const rpc::UploadMessage& message) {
  const auto* numbered = std::get_if<rpc::NumberedEvent>(&message);
  return numbered == nullptr ? nullptr : std::get_if<rpc::InputChunk>(&numbered->event);
}

}  // namespace

RemoteRunner::RemoteRunner(std::string board, const Patience& patience, Port port)
    : board_(std::move(board)),
      patience_(patience),
      port_(std::move(port)) {}

Status RemoteRunner::Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) {
  {
    const std::lock_guard lock(mutex_);
    if (over_ || tracker_) {
      return InternalError("a remote run can be started only once");
    }
    tracker_.emplace(rpc::UploadExpectation{spec.repetitions, spec.probe, inputs_.limits});
  }
  const auto wake = cancel.OnCancel([this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  port_.send_run(spec);
  Status status = RunUntilEnd(sink, cancel);
  Finish();
  return std::move(status).Annotate("board '" + board_ + "'");
}

Status RemoteRunner::RunUntilEnd(TensorSink& sink, const CancelToken& cancel) {
  while (true) {
    std::unique_lock lock(mutex_);
    auto next = Next(&lock, cancel);
    lock.unlock();
    if (!next && cancel.cancelled()) {
      port_.send_cancel(cancel.status());
      AwaitBoard();
      return cancel.status();
    }
    if (!next) {
      port_.send_cancel(failure_);
      return failure_;
    }
    const Answer answer = Handle(*next, &sink);
    next->reply(answer);
    if (!answer.status.ok()) {
      port_.send_cancel(answer.status);
      return answer.status;
    }
    if (answer.finished) {
      return EndIn(*next->message)->status;
    }
  }
}

// Only the waiting counts, so that a slow disk of our own is never blamed on the board. Between
// outputs the board computes for as long as it may: the run's own deadlines hold there.
void RemoteRunner::AwaitMessage(std::unique_lock<std::mutex>* lock, const CancelToken& cancel) {
  const auto something = [&] { return !failure_.ok() || !pending_.empty() || cancel.cancelled(); };
  if (something()) {
    return;
  }
  if (tracker_->position().offset == 0) {
    changed_.wait(*lock, something);
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  const bool came = changed_.wait_for(*lock, patience_.stall - waited_, something);
  waited_ += std::chrono::steady_clock::now() - begin;
  if (!came) {
    failure_ = TooSlow(moved_, patience_);
  }
}

void RemoteRunner::NoteProgress(const rpc::UploadMessage& message) {
  const auto* chunk = std::get_if<rpc::TensorChunk>(&message);
  moved_ += chunk == nullptr ? 0 : chunk->bytes.size();
  if (chunk == nullptr || moved_ >= patience_.least_progress) {
    moved_ = 0;
    waited_ = {};
  }
}

std::optional<RemoteRunner::Pending> RemoteRunner::Next(std::unique_lock<std::mutex>* lock,
                                                        const CancelToken& cancel) {
  AwaitMessage(lock, cancel);
  // What arrived before the failure counts: it may be the end.
  if (pending_.empty() || cancel.cancelled()) {
    return std::nullopt;
  }
  Pending next = std::move(pending_.front());
  pending_.pop_front();
  return next;
}

RemoteRunner::Answer RemoteRunner::Handle(const Pending& pending, TensorSink* sink) {
  Answer answer;
  if (pending.message) {
    answer.status = Take(*pending.message, sink);
  }
  const std::lock_guard lock(mutex_);
  answer.position = tracker_->position();
  answer.finished = tracker_->finished();
  answer.acknowledge = !pending.message || tracker_->AckDue();
  if (answer.acknowledge) {
    tracker_->AckSent();
  }
  return answer;
}

Status RemoteRunner::Take(const rpc::UploadMessage& message, TensorSink* sink) {
  PLUMB_ASSIGN_OR_RETURN(const bool is_new, tracker_->Check(message));
  if (!is_new) {
    return OkStatus();
  }
  if (sink != nullptr) {
    const rpc::InputChunk* input = InputIn(message);
    PLUMB_RETURN_IF_ERROR(input == nullptr ? Give(message, *sink) : inputs_.take(*input));
  }
  NoteProgress(message);
  const std::lock_guard lock(mutex_);
  tracker_->Commit(message);
  return OkStatus();
}

void RemoteRunner::AwaitBoard() {
  const auto until = std::chrono::steady_clock::now() + kCancelGrace;
  const auto something = [this] { return !failure_.ok() || !pending_.empty(); };
  while (true) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, until, something) || !failure_.ok()) {
      return;
    }
    const Pending next = std::move(pending_.front());
    pending_.pop_front();
    lock.unlock();
    const Answer answer = Handle(next, nullptr);
    next.reply(answer);
    if (!answer.status.ok() || answer.finished) {
      return;
    }
  }
}

void RemoteRunner::Finish() {
  std::deque<Pending> left;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    left.swap(pending_);
  }
  for (const Pending& pending : left) {
    pending.reply({RunIsOver(), {}, false, false});
  }
}

uint64_t RemoteRunner::OpenStream(Reply reply) {
  uint64_t stream = 0;
  {
    const std::lock_guard lock(mutex_);
    stream = ++stream_;
  }
  Enqueue({std::nullopt, std::move(reply)}, stream);
  return stream;
}

void RemoteRunner::Deliver(uint64_t stream, rpc::UploadMessage message, Reply reply) {
  Enqueue({std::move(message), std::move(reply)}, stream);
}

void RemoteRunner::Enqueue(Pending pending, uint64_t stream) {
  Status refusal;
  {
    const std::lock_guard lock(mutex_);
    if (over_) {
      refusal = RunIsOver();
    } else if (stream != stream_) {
      refusal = AbortedError("a newer upload stream has taken over");
    } else if (pending_.size() >= kMaxPending) {
      refusal = ResourceExhaustedError("too many unanswered messages of one upload")
                    .WithReason(kReasonProtocol);
    } else {
      pending_.push_back(std::move(pending));
      changed_.notify_all();
      return;
    }
  }
  pending.reply({refusal, {}, false, false});
}

void RemoteRunner::Fail(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) {
    failure_ = status;
  }
  changed_.notify_all();
}

bool RemoteRunner::complete() const {
  const std::lock_guard lock(mutex_);
  return tracker_ && tracker_->finished();
}

bool RemoteRunner::untouched() const {
  const std::lock_guard lock(mutex_);
  return !tracker_ || tracker_->position() == rpc::UploadPosition();
}

}  // namespace plumb::server
