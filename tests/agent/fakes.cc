#include "tests/agent/fakes.h"

#include <algorithm>

#include "common/rpc/chunks.h"

namespace plumb::agent::test {
namespace {

// Messages reach the server `in_flight` later; a break loses those under way.
class FakeStream final : public UploadStream {
 public:
  FakeStream(FakeUploads& server, LinkFault fault, bool breaks)
      : server_(server),
        fault_(fault),
        breaks_(breaks) {}

  Status Send(const rpc::UploadMessage& message, const CancelToken& /*cancel*/) override {
    if (breaks_ && taken_++ >= fault_.after) {
      return UnavailableError("cut");
    }
    under_way_.push_back(message);
    return DeliverDownTo(breaks_ ? fault_.in_flight : 0);
  }

  Status AwaitCommit(uint64_t sequence, const CancelToken& cancel) override {
    if (breaks_ && taken_ >= fault_.after) {
      return UnavailableError("cut");
    }
    PLUMB_RETURN_IF_ERROR(DeliverDownTo(0));
    if (server_.before_commit) {
      server_.before_commit(sequence);
    }
    PLUMB_RETURN_IF_ERROR(cancel.status());
    return server_.position().sequence >= sequence ? OkStatus()
                                                   : InternalError("nothing to wait for");
  }

 private:
  Status DeliverDownTo(size_t left) {
    while (under_way_.size() > left) {
      PLUMB_RETURN_IF_ERROR(server_.Take(under_way_.front()));
      under_way_.pop_front();
    }
    return OkStatus();
  }

  FakeUploads& server_;
  LinkFault fault_;
  bool breaks_;
  size_t taken_ = 0;
  std::deque<rpc::UploadMessage> under_way_;
};

}  // namespace

Result<OpenedUpload> FakeUploads::Open(const rpc::RunKey& key,
                                       std::chrono::milliseconds /*timeout*/,
                                       const CancelToken& cancel) {
  PLUMB_RETURN_IF_ERROR(cancel.status());
  const size_t number = opened++;
  last_key = key;
  const auto error = open_errors.upper_bound(number);
  if (error != open_errors.begin()) {
    return std::prev(error)->second;
  }
  const bool breaks = number < faults.size();
  return OpenedUpload{
      std::make_unique<FakeStream>(*this, breaks ? faults[number] : LinkFault{}, breaks),
      claimed.value_or(position())};
}

Status FakeUploads::Take(const rpc::UploadMessage& message) {
  const auto is_new = tracker_.Check(message);
  if (!is_new.ok()) {
    violation = violation.ok() ? is_new.status() : violation;
    return is_new.status();
  }
  if (!*is_new) {
    return OkStatus();
  }
  if (const auto* chunk = std::get_if<rpc::TensorChunk>(&message)) {
    auto& bytes = outputs[{chunk->repetition, chunk->index}];
    bytes.insert(bytes.end(), chunk->bytes.span().begin(), chunk->bytes.span().end());
  } else {
    events.push_back(std::get<rpc::NumberedEvent>(message).event);
  }
  tracker_.Commit(message);
  return OkStatus();
}

Status FakeUploads::run_status() const {
  const auto* end = events.empty() ? nullptr : std::get_if<rpc::RunEnd>(&events.back());
  return end != nullptr ? end->status : Status(StatusCode::kUnknown, "no run_end");
}

Status ScriptedRunner::Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) {
  if (instead) {
    return instead(spec, cancel);
  }
  ModelInfo info;
  info.inputs = {ByteTensor("in", 4)};
  for (const auto& output : outputs_.front()) {
    info.outputs.push_back(ByteTensor("out", output.size()));
  }
  info.sdk = "scripted";
  PLUMB_RETURN_IF_ERROR(sink.OnModel(info));
  if (spec.probe) {
    PLUMB_RETURN_IF_ERROR(sink.OnProbe(std::vector<uint64_t>(outputs_.front().size(), 7), false));
  }
  for (uint32_t repetition = 0; repetition < spec.repetitions; ++repetition) {
    PLUMB_RETURN_IF_ERROR(cancel.status());
    PLUMB_RETURN_IF_ERROR(sink.OnInvoke({repetition, 1.5}));
    for (uint32_t index = 0; index < outputs_.front().size(); ++index) {
      PLUMB_RETURN_IF_ERROR(Deliver(repetition, index, sink));
    }
  }
  return OkStatus();
}

Status ScriptedRunner::Deliver(uint32_t repetition, uint32_t index, TensorSink& sink) const {
  const auto& bytes = outputs_.at(repetition).at(index);
  const bool repeats = repetition > 0 && bytes == outputs_.front().at(index);
  const TensorEnd end{repetition, index, rpc::ChunkChecksum(bytes), 0};
  uint64_t offset = repeats ? bytes.size() : 0;
  do {
    while (offset < bytes.size()) {
      const size_t size = std::min<size_t>(chunk_size_, bytes.size() - offset);
      const std::vector<uint8_t> piece(bytes.begin() + static_cast<ptrdiff_t>(offset),
                                       bytes.begin() + static_cast<ptrdiff_t>(offset + size));
      PLUMB_ASSIGN_OR_RETURN(offset,
                             sink.OnChunk(repetition, index, offset, Buffer::FromVector(piece)));
    }
    PLUMB_ASSIGN_OR_RETURN(offset, sink.OnTensorEnd(end));
  } while (offset < bytes.size());
  return OkStatus();
}

Status FakeSource::Read(const Artifact& artifact,
                        uint64_t offset,
                        const Take& take,
                        const CancelToken& cancel) {
  offsets.push_back(offset);
  PLUMB_RETURN_IF_ERROR(cancel.status());
  if (always_broken) {
    return UnavailableError("cut");
  }
  const auto file = files.find(artifact.sha256);
  if (file == files.end()) {
    return NotFoundError("no such artifact");
  }
  const auto bytes = AsBytes(file->second).subspan(offset);
  if (break_after != 0) {
    PLUMB_RETURN_IF_ERROR(take(bytes.first(std::exchange(break_after, 0))));
    return UnavailableError("cut");
  }
  return bytes.empty() ? OkStatus() : take(bytes);
}

Artifact FakeSource::Add(const std::string& content) {
  const std::string digest = Sha256Hex(AsBytes(content));
  files[digest] = content;
  return {{}, digest, content.size()};
}

void FakeControl::SendProgress(const rpc::RunKey& key, rpc::RunPhase phase) {
  const std::lock_guard lock(mutex_);
  phases_.emplace_back(key, phase);
  changed_.notify_all();
}

void FakeControl::SendFailed(const rpc::RunKey& key, const Status& status) {
  const std::lock_guard lock(mutex_);
  failures_.emplace_back(key, status);
  changed_.notify_all();
}

bool FakeControl::WaitForFailures(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(
      lock, std::chrono::seconds(10), [&] { return failures_.size() >= count; });
}

std::vector<std::pair<rpc::RunKey, Status>> FakeControl::failures() {
  const std::lock_guard lock(mutex_);
  return failures_;
}

std::vector<std::pair<rpc::RunKey, rpc::RunPhase>> FakeControl::phases() {
  const std::lock_guard lock(mutex_);
  return phases_;
}

TensorDesc ByteTensor(const std::string& name, size_t size) {
  return MakeContiguousDesc(name, ElementType::kUint8, Shape{1, static_cast<int64_t>(size)})
      .value();
}

std::vector<uint8_t> CountingBytes(size_t size, uint8_t first) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>(first + i);
  }
  return bytes;
}

}  // namespace plumb::agent::test
