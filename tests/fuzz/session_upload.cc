#include "tests/fuzz/session_upload.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "common/rpc/board_convert.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "tests/fuzz/bend.h"

namespace plumb::fuzz {
namespace {

// Turns what a runner produces into requests.
class RequestSink final : public TensorSink {
 public:
  std::vector<v1::UploadRequest> requests;

  Status OnModel(const ModelInfo& info) override { return Add(info); }

  Status OnProbe(const std::vector<uint64_t>& digests, bool zero) override {
    return Add(rpc::ProbeResult{digests, zero});
  }

  Status OnInvoke(const InvokeInfo& info) override { return Add(info); }

  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override {
    requests.push_back(rpc::ToProto(rpc::TensorChunk{repetition, index, offset, bytes}));
    sent_ += bytes.size();
    return offset + bytes.size();
  }

  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override {
    PLUMB_RETURN_IF_ERROR(Add(rpc::UploadedTensorEnd{end, std::exchange(sent_, 0)}));
    return 0;
  }

  Status Add(rpc::UploadEvent event) {
    requests.push_back(rpc::ToProto(rpc::NumberedEvent{++sequence_, std::move(event)}));
    return OkStatus();
  }

 private:
  uint64_t sequence_ = 0;
  uint64_t sent_ = 0;
};

std::vector<uint8_t> ValidBytes(const TensorDesc& desc, std::span<const uint8_t> raw) {
  std::vector<uint8_t> valid;
  const auto region = ValidRegionOf(desc);
  if (region.ok() && region->extent() <= raw.size()) {
    for (uint64_t row = 0; row < region->rows; ++row) {
      const auto bytes = raw.subspan(row * region->row_pitch, region->row_size);
      valid.insert(valid.end(), bytes.begin(), bytes.end());
    }
  }
  return valid;
}

void Note(const rpc::UploadMessage& message, Taken* taken) {
  if (const auto* chunk = std::get_if<rpc::TensorChunk>(&message)) {
    if (chunk->repetition == 0) {
      auto& bytes = taken->bytes[chunk->index];
      bytes.resize(std::max<size_t>(bytes.size(), chunk->offset + chunk->bytes.size()));
      std::copy_n(chunk->bytes.data(),
                  chunk->bytes.size(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(chunk->offset));
    }
    return;
  }
  const auto& event = std::get<rpc::NumberedEvent>(message).event;
  if (const auto* model = std::get_if<ModelInfo>(&event); model && taken->model.outputs.empty()) {
    taken->model = *model;
  }
}

}  // namespace

std::vector<v1::UploadRequest> HonestUpload(const std::vector<Tensor>& outputs,
                                            const RunSpec& spec) {
  server::test::FakeRunner runner;
  runner.outputs = outputs;
  RequestSink sink;
  FUZZ_REQUIRE(runner.Run(spec, sink, CancelToken()).ok());
  FUZZ_REQUIRE(sink.Add(rpc::RunEnd{}).ok());
  return sink.requests;
}

bool SameOutputs(const Taken& taken, const std::vector<Tensor>& reference) {
  if (taken.model.outputs.size() != reference.size()) {
    return false;
  }
  for (const Tensor& wanted : reference) {
    bool found = false;
    for (uint32_t i = 0; i < reference.size(); ++i) {
      const TensorDesc& desc = taken.model.outputs[i];
      const auto bytes = taken.bytes.find(i);
      found = found ||
              (bytes != taken.bytes.end() && desc.element_type == wanted.desc.element_type &&
               ValidBytes(desc, bytes->second) == ValidBytes(wanted.desc, wanted.bytes.span()));
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

// Shared with the replies, which may come after the upload is gone.
struct Upload::Answers {
  std::mutex mutex;
  std::condition_variable changed;
  size_t asked = 0;
  size_t given = 0;
  server::RemoteRunner::Answer last;

  void Give(const server::RemoteRunner::Answer& answer) {
    const std::lock_guard lock(mutex);
    ++given;
    FUZZ_REQUIRE(given <= asked);
    last = answer;
    changed.notify_all();
  }

  // Waits for the answer of what was asked last.
  server::RemoteRunner::Answer Wait() {
    std::unique_lock lock(mutex);
    FUZZ_REQUIRE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return given == asked; }));
    return last;
  }
};

Upload::Upload(std::shared_ptr<server::RemoteRunner> runner, std::vector<v1::UploadRequest> honest)
    : runner_(std::move(runner)),
      honest_(std::move(honest)),
      answers_(std::make_shared<Answers>()) {
  answers_->asked = 1;
  stream_ =
      runner_->OpenStream([answers = answers_](const auto& answer) { answers->Give(answer); });
  open_ = answers_->Wait().status.ok();
}

void Upload::RequireAnswered() const {
  const std::lock_guard lock(answers_->mutex);
  FUZZ_REQUIRE(answers_->given == answers_->asked);
}

v1::UploadRequest Upload::Choose(Input& input) {
  v1::UploadRequest request;
  if (next_ < honest_.size()) {
    request = honest_[next_];
  }
  switch (input.Below(8)) {
    case 0:  // passes one over
      ++next_;
      break;
    case 1:  // sends one again
      request = honest_[input.Below(static_cast<uint32_t>(honest_.size()))];
      break;
    case 2:  // lies about a value, with the right checksum
      if (request.has_chunk()) {
        v1::DataChunk& data = *request.mutable_chunk()->mutable_data();
        (*data.mutable_data())[0] = input.Number<char>();
        data.set_xxh3(rpc::ChunkChecksum(AsBytes(data.data())));
      } else if (request.has_tensor_end()) {
        request.mutable_tensor_end()->set_valid_digest(input.Number<uint8_t>());
      }
      ++next_;
      break;
    default:
      ++next_;
  }
  return request;
}

bool Upload::Deliver(rpc::UploadMessage message, Taken* taken) {
  {
    const std::lock_guard lock(answers_->mutex);
    ++answers_->asked;
  }
  runner_->Deliver(
      stream_, message, [answers = answers_](const auto& answer) { answers->Give(answer); });
  const auto answer = answers_->Wait();
  open_ = answer.status.ok() && !answer.finished;
  if (answer.status.ok()) {
    Note(message, taken);
    taken->ended = taken->ended || answer.finished;
  }
  return open_;
}

bool Upload::Send(Input& input, Taken* taken) {
  if (!open_) {
    return false;
  }
  v1::UploadRequest request;
  const std::string bytes = Bent(Choose(input), input);
  if (!request.ParseFromString(bytes)) {
    open_ = false;  // the stream breaks
    return false;
  }
  auto message = rpc::TakeUploadMessage(request);
  if (!message.ok()) {
    runner_->Fail(message.status());
    open_ = false;
    return false;
  }
  return Deliver(*std::move(message), taken);
}

}  // namespace plumb::fuzz
