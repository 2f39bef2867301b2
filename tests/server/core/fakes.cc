#include "tests/server/core/fakes.h"

#include <cstring>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/rpc/chunks.h"

namespace plumb::server::test {

Tensor MakeOutput(const std::string& name, const std::vector<int16_t>& values) {
  Tensor tensor;
  tensor.desc =
      *MakeContiguousDesc(name, ElementType::kInt16, Shape{1, static_cast<int64_t>(values.size())});
  tensor.desc.scale = 0.5F;
  std::vector<uint8_t> bytes(values.size() * sizeof(int16_t));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  tensor.bytes = Buffer::FromVector(std::move(bytes));
  return tensor;
}

const std::vector<Tensor>& FakeRunner::OutputsOf(const RunSpec& spec, uint32_t repetition) const {
  const auto by_profile = outputs_by_profile.find(spec.rounding_profile);
  if (by_profile != outputs_by_profile.end()) {
    return by_profile->second;
  }
  const auto by_repetition = outputs_by_repetition.find(repetition);
  return by_repetition == outputs_by_repetition.end() ? outputs : by_repetition->second;
}

Status FakeRunner::SendOutput(TensorSink& sink,
                              uint32_t repetition,
                              uint32_t index,
                              const Tensor& output,
                              bool with_bytes) const {
  const uint64_t size = with_bytes ? output.bytes.size() : 0;
  for (uint64_t offset = 0; offset < size;) {
    if (pause_at && index == 0 && offset == *pause_at) {
      pause();
    }
    PLUMB_ASSIGN_OR_RETURN(
        offset, sink.OnChunk(repetition, index, offset, output.bytes.Slice(offset, chunk_size)));
  }
  return sink.OnTensorEnd({repetition, index, rpc::ChunkChecksum(output.bytes.span()), 0}).status();
}

Status FakeRunner::Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) {
  ++runs;
  invoke_timeout_ms = spec.invoke_timeout.count();
  ModelInfo info;
  info.inputs = {MakeOutput("input", {0}).desc};
  info.sdk = "fake sdk";
  for (const Tensor& output : outputs) {
    info.outputs.push_back(output.desc);
  }
  PLUMB_RETURN_IF_ERROR(sink.OnModel(info));
  if (hang) {
    cancel.WaitFor(std::chrono::seconds(60));
    return cancel.status();
  }
  if (spec.probe) {
    PLUMB_RETURN_IF_ERROR(sink.OnProbe(std::vector<uint64_t>(outputs.size(), 7), false));
  }
  for (uint32_t repetition = 0; repetition < spec.repetitions; ++repetition) {
    PLUMB_RETURN_IF_ERROR(sink.OnInvoke({repetition, 1.5}));
    const std::vector<Tensor>& now = OutputsOf(spec, repetition);
    for (uint32_t index = 0; index < now.size(); ++index) {
      const bool with_bytes =
          repetition == 0 || now[index].bytes.view() != outputs[index].bytes.view();
      PLUMB_RETURN_IF_ERROR(SendOutput(sink, repetition, index, now[index], with_bytes));
      PLUMB_RETURN_IF_ERROR(result);
      PLUMB_RETURN_IF_ERROR(cancel.status());
    }
  }
  return OkStatus();
}

void FakeLink::SendRun(const rpc::RunCommand& command) {
  const std::lock_guard lock(mutex_);
  runs_.push_back(command);
  changed_.notify_all();
}

void FakeLink::SendCancel(const rpc::CancelCommand& command) {
  const std::lock_guard lock(mutex_);
  cancels_.push_back(command);
  changed_.notify_all();
}

void FakeLink::Close(const Status& reason) {
  const std::lock_guard lock(mutex_);
  closed_ = reason;
}

template <class T>
std::optional<T> FakeLink::Next(std::vector<T>* list) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::seconds(10), [&] { return !list->empty(); })) {
    return std::nullopt;
  }
  T next = list->front();
  list->erase(list->begin());
  return next;
}

std::optional<rpc::RunCommand> FakeLink::NextRun() {
  return Next(&runs_);
}

std::optional<rpc::CancelCommand> FakeLink::NextCancel() {
  return Next(&cancels_);
}

std::optional<Status> FakeLink::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

rpc::Hello MakeHello(const std::string& name,
                     std::vector<std::string> tags,
                     const std::string& instance) {
  rpc::Hello hello;
  hello.protocol_major = 1;
  hello.instance_id = instance;
  hello.board_name = name;
  hello.tags = std::move(tags);
  hello.agent_version = "test";
  return hello;
}

Artifact WriteArtifact(const std::filesystem::path& path, const std::string& content) {
  const Status written = WriteFileAtomically(path, std::string_view(content));
  return {written.ok() ? path : "", Sha256Hex(AsBytes(content)), content.size()};
}

}  // namespace plumb::server::test
