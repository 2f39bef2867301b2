#include "common/ring/process_runner.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/ring/child_session.h"
#include "common/ring/input_rule.h"
#include "common/ring/output_check.h"
#include "common/ring/output_stream.h"
#include "common/ring/wire_desc.h"
#include "common/runner/failure.h"

namespace plumb {
namespace {

using ring::MessageType;

struct InputFile {
  UniqueFd fd;
  uint64_t size = 0;
  std::string label;
};

// A cache calls files by their digests: a path into it tells nobody which file was meant.
std::string LabelOf(const Artifact& artifact) {
  return artifact.path.filename() == artifact.sha256
             ? "the input with SHA-256 " + artifact.sha256.substr(0, 16) + "…"
             : artifact.path.string();
}

// One Run: the state between its steps.
class Execution {
 public:
  Execution(const ProcessRunnerOptions& options,
            const RunSpec& spec,
            TensorSink& sink,
            const CancelToken& cancel)
      : options_(options),
        spec_(spec),
        sink_(sink),
        cancel_(cancel) {}

  Status Run();

 private:
  Status OpenInputs();
  Status LoadModel();
  Status ReceiveTensors();
  Status TakeTensor(const ring::TensorRecord& record);
  Status CheckInputs() const;
  Status Probe();
  Result<bool> InputsAreZero();
  Status ClearInputs();
  Status FillInputs();
  Status FillInput(uint32_t index);
  Status AwaitFilled(std::deque<ring::Transfer>& waiting);
  Result<InvokeInfo> Invoke(uint32_t repetition, const std::string& doing);
  Status Repeat(uint32_t repetition);
  Result<TensorEnd> Examine(uint32_t repetition, uint32_t index);
  Status Deliver(uint32_t repetition, uint32_t index, const std::optional<TensorEnd>& known);
  Result<uint64_t> DeliverFrom(OutputStream& stream,
                               uint32_t repetition,
                               uint32_t index,
                               OutputCheck& check,
                               uint64_t offset);
  [[nodiscard]] Status CheckOffset(uint64_t offset, uint64_t limit) const;
  [[nodiscard]] ValidRegion RegionOf(uint32_t output) const;

  const ProcessRunnerOptions& options_;
  const RunSpec& spec_;
  TensorSink& sink_;
  const CancelToken& cancel_;
  std::vector<InputFile> inputs_;
  ModelInfo info_;
  std::vector<uint64_t> first_digests_;
  std::unique_ptr<ChildSession> session_;
};

Status Execution::Run() {
  if (cancel_.cancelled()) {
    return cancel_.status();
  }
  PLUMB_RETURN_IF_ERROR(OpenInputs());
  PLUMB_ASSIGN_OR_RETURN(session_, ChildSession::Start(options_, cancel_));
  PLUMB_RETURN_IF_ERROR(LoadModel());
  PLUMB_RETURN_IF_ERROR(sink_.OnModel(info_));
  PLUMB_RETURN_IF_ERROR(CheckInputs());
  if (spec_.probe) {
    PLUMB_RETURN_IF_ERROR(Probe());
  }
  for (uint32_t repetition = 0; repetition < std::max(spec_.repetitions, 1U); ++repetition) {
    PLUMB_RETURN_IF_ERROR(Repeat(repetition));
  }
  session_->Finish();
  return OkStatus();
}

Status Execution::OpenInputs() {
  if (spec_.inputs.size() > ring::kMaxTensors) {
    return InvalidArgumentError(std::to_string(spec_.inputs.size()) + " inputs are too many")
        .WithReason(kReasonInputRefused);
  }
  for (const auto& artifact : spec_.inputs) {
    InputFile file;
    file.label = LabelOf(artifact);
    file.fd = UniqueFd(::open(artifact.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.fd.valid()) {
      return ErrnoError(errno, "cannot open input '" + EscapeForDisplay(file.label) + "'")
          .WithReason(kReasonInputRefused);
    }
    PLUMB_ASSIGN_OR_RETURN(file.size, FileSize(artifact.path));
    inputs_.push_back(std::move(file));
  }
  return OkStatus();
}

Status Execution::LoadModel() {
  // The child's working folder need not be ours for ever, so it gets the whole path.
  std::error_code error;
  const std::string path = std::filesystem::absolute(spec_.model.path, error).string();
  ring::Load load{};
  if (error || path.size() >= sizeof load.model_path ||
      spec_.rounding_profile.size() >= sizeof load.rounding_profile) {
    return InvalidArgumentError(
               "the path of the model or the name of the rounding profile is too "
               "long for the runner")
        .WithReason(kReasonUsage);
  }
  ring::WriteText(load.model_path, sizeof load.model_path, path);
  ring::WriteText(load.rounding_profile, sizeof load.rounding_profile, spec_.rounding_profile);
  const Step step{"loading the model", options_.load_timeout};
  PLUMB_RETURN_IF_ERROR(session_->Send(MessageType::kLoad, load, step));
  return ReceiveTensors();
}

Status Execution::ReceiveTensors() {
  const Step step{"loading the model", options_.load_timeout};
  for (;;) {
    PLUMB_ASSIGN_OR_RETURN(const ring::Message* message, session_->Receive(step));
    ring::TensorRecord record{};
    ring::Loaded loaded{};
    if (message->type() == MessageType::kTensor && message->Read(&record)) {
      PLUMB_RETURN_IF_ERROR(TakeTensor(record));
      continue;
    }
    if (message->type() != MessageType::kLoaded || !message->Read(&loaded) ||
        loaded.input_count != info_.inputs.size() || loaded.output_count != info_.outputs.size()) {
      return session_->BrokenProtocol(step);
    }
    if (Status outputs = CheckOutputs(info_.outputs); !outputs.ok()) {
      return session_->Blame(std::move(outputs), kReasonModelRefused);
    }
    info_.sdk = EscapeForDisplay(ring::ReadText(loaded.sdk, sizeof loaded.sdk));
    return OkStatus();
  }
}

Status Execution::TakeTensor(const ring::TensorRecord& record) {
  const bool input = record.role == ring::TensorRole::kInput;
  auto& list = input ? info_.inputs : info_.outputs;
  if ((!input && record.role != ring::TensorRole::kOutput) || record.index != list.size() ||
      list.size() >= ring::kMaxTensors) {
    return session_->BrokenProtocol({"describing the model", {}});
  }
  auto desc = FromTensorRecord(record);
  if (!desc.ok()) {
    return session_->Blame(desc.status(), kReasonModelRefused);
  }
  list.push_back(std::move(desc).value());
  return OkStatus();
}

Status Execution::CheckInputs() const {
  if (inputs_.size() != info_.inputs.size()) {
    return InvalidArgumentError("the model has " + std::to_string(info_.inputs.size()) +
                                " inputs, but " + std::to_string(inputs_.size()) + " were given")
        .WithReason(kReasonInputRefused)
        .WithHint("give one --input for each, in the model's order");
  }
  for (size_t i = 0; i < inputs_.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(CheckInputSize(info_.inputs[i], inputs_[i].size, inputs_[i].label));
  }
  return OkStatus();
}

Status Execution::Probe() {
  PLUMB_ASSIGN_OR_RETURN(const bool zero, InputsAreZero());
  PLUMB_RETURN_IF_ERROR(ClearInputs());
  PLUMB_RETURN_IF_ERROR(Invoke(0, "running Invoke on zeros (the probe)").status());
  std::vector<uint64_t> digests;
  for (uint32_t index = 0; index < info_.outputs.size(); ++index) {
    PLUMB_ASSIGN_OR_RETURN(const TensorEnd end, Examine(0, index));
    digests.push_back(end.valid_digest);
  }
  return sink_.OnProbe(digests, zero);
}

Result<bool> Execution::InputsAreZero() {
  std::vector<uint8_t> piece(ring::kSlotSize);
  for (const auto& file : inputs_) {
    for (uint64_t offset = 0; offset < file.size; offset += piece.size()) {
      const auto part =
          std::span(piece).first(std::min<uint64_t>(piece.size(), file.size - offset));
      PLUMB_RETURN_IF_ERROR(ReadAt(file.fd.get(), offset, part));
      if (std::any_of(part.begin(), part.end(), [](uint8_t byte) { return byte != 0; })) {
        return false;
      }
    }
  }
  return true;
}

Status Execution::ClearInputs() {
  const Step step{"clearing the inputs", options_.progress_timeout};
  PLUMB_RETURN_IF_ERROR(session_->Send(MessageType::kClearInputs, nullptr, 0, step));
  PLUMB_ASSIGN_OR_RETURN(const ring::Message* message, session_->Receive(step));
  return message->type() == MessageType::kInputsCleared && message->empty()
             ? OkStatus()
             : session_->BrokenProtocol(step);
}

Status Execution::FillInputs() {
  const bool short_file = std::any_of(inputs_.begin(), inputs_.end(), [this](const auto& file) {
    return file.size < info_.inputs[static_cast<size_t>(&file - inputs_.data())].aligned_size;
  });
  if (short_file) {
    PLUMB_RETURN_IF_ERROR(ClearInputs());
  }
  for (uint32_t index = 0; index < inputs_.size(); ++index) {
    PLUMB_RETURN_IF_ERROR(FillInput(index));
  }
  return OkStatus();
}

Status Execution::FillInput(uint32_t index) {
  const Step step{"filling an input", options_.progress_timeout};
  const InputFile& file = inputs_[index];
  std::deque<ring::Transfer> waiting;
  uint32_t slot = 0;
  for (uint64_t offset = 0; offset < file.size;) {
    if (waiting.size() == ring::kSlotCount) {
      PLUMB_RETURN_IF_ERROR(AwaitFilled(waiting));
    }
    ring::Transfer transfer{};
    transfer.index = index;
    transfer.slot = slot;
    transfer.offset = offset;
    transfer.size = static_cast<uint32_t>(std::min<uint64_t>(ring::kSlotSize, file.size - offset));
    PLUMB_RETURN_IF_ERROR(ReadAt(file.fd.get(), offset, session_->slot(slot).first(transfer.size))
                              .Annotate("input '" + EscapeForDisplay(file.label) + "'"));
    PLUMB_RETURN_IF_ERROR(session_->Send(MessageType::kFillInput, transfer, step));
    waiting.push_back(transfer);
    slot = (slot + 1) % ring::kSlotCount;
    offset += transfer.size;
  }
  while (!waiting.empty()) {
    PLUMB_RETURN_IF_ERROR(AwaitFilled(waiting));
  }
  return OkStatus();
}

Status Execution::AwaitFilled(std::deque<ring::Transfer>& waiting) {
  const Step step{"filling an input", options_.progress_timeout};
  PLUMB_ASSIGN_OR_RETURN(const auto got,
                         session_->Expect<ring::Transfer>(MessageType::kInputFilled, step));
  if (std::memcmp(&waiting.front(), &got, sizeof got) != 0) {
    return session_->BrokenProtocol(step);
  }
  waiting.pop_front();
  return OkStatus();
}

Result<InvokeInfo> Execution::Invoke(uint32_t repetition, const std::string& doing) {
  const Step step{doing, spec_.invoke_timeout};
  PLUMB_RETURN_IF_ERROR(session_->Send(MessageType::kInvoke, nullptr, 0, step));
  PLUMB_ASSIGN_OR_RETURN(const auto invoked,
                         session_->Expect<ring::Invoked>(MessageType::kInvoked, step));
  InvokeInfo info{repetition, static_cast<double>(invoked.duration_ns) / 1e6};
  if (invoked.has_costs == 1) {
    info.ipu = IpuCosts{
        invoked.ipu_time_us, invoked.bandwidth, invoked.bandwidth_read, invoked.bandwidth_write};
  }
  return info;
}

Status Execution::Repeat(uint32_t repetition) {
  PLUMB_RETURN_IF_ERROR(FillInputs());
  PLUMB_ASSIGN_OR_RETURN(
      const InvokeInfo invoked,
      Invoke(repetition, "running Invoke of repetition " + std::to_string(repetition)));
  PLUMB_RETURN_IF_ERROR(sink_.OnInvoke(invoked));
  for (uint32_t index = 0; index < info_.outputs.size(); ++index) {
    if (repetition == 0) {
      PLUMB_RETURN_IF_ERROR(Deliver(repetition, index, std::nullopt));
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(const TensorEnd end, Examine(repetition, index));
    if (end.valid_digest != first_digests_[index]) {
      PLUMB_RETURN_IF_ERROR(Deliver(repetition, index, end));
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(const uint64_t wanted, sink_.OnTensorEnd(end));
    if (wanted != info_.outputs[index].aligned_size) {
      return InternalError("a sink wanted bytes of a repetition that equals the first");
    }
  }
  return OkStatus();
}

ValidRegion Execution::RegionOf(uint32_t output) const {
  // FromTensorRecord has let only descriptors pass that have a region.
  return ValidRegionOf(info_.outputs[output]).value();
}

Result<TensorEnd> Execution::Examine(uint32_t repetition, uint32_t index) {
  OutputStream stream(
      *session_, index, info_.outputs[index].aligned_size, options_.progress_timeout);
  OutputCheck check(index, RegionOf(index));
  for (uint64_t offset = 0;;) {
    PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, stream.Next());
    if (bytes.empty()) {
      return check.Finish(repetition);
    }
    check.Feed(offset, bytes.span());
    offset += bytes.size();
  }
}

Status Execution::CheckOffset(uint64_t offset, uint64_t limit) const {
  return offset <= limit ? OkStatus() : InternalError("a sink wanted bytes it was not given yet");
}

Result<uint64_t> Execution::DeliverFrom(OutputStream& stream,
                                        uint32_t repetition,
                                        uint32_t index,
                                        OutputCheck& check,
                                        uint64_t offset) {
  const uint64_t size = info_.outputs[index].aligned_size;
  PLUMB_RETURN_IF_ERROR(stream.Seek(offset));
  while (offset < size) {
    if (cancel_.cancelled()) {
      return cancel_.status();
    }
    PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, stream.Next());
    check.Feed(offset, bytes.span());
    const uint64_t end = offset + bytes.size();
    PLUMB_ASSIGN_OR_RETURN(offset, sink_.OnChunk(repetition, index, offset, bytes));
    PLUMB_RETURN_IF_ERROR(CheckOffset(offset, end));
    if (offset != end) {
      PLUMB_RETURN_IF_ERROR(stream.Seek(offset));
    }
  }
  return offset;
}

// `known`: what Examine found already.
Status Execution::Deliver(uint32_t repetition,
                          uint32_t index,
                          const std::optional<TensorEnd>& known) {
  const uint64_t size = info_.outputs[index].aligned_size;
  OutputStream stream(*session_, index, size, options_.progress_timeout);
  OutputCheck check(index, RegionOf(index));
  std::optional<TensorEnd> end = known;
  uint64_t offset = 0;
  do {
    if (cancel_.cancelled()) {
      return cancel_.status();
    }
    PLUMB_ASSIGN_OR_RETURN(offset, DeliverFrom(stream, repetition, index, check, offset));
    if (!end) {
      end = check.Finish(repetition);
    }
    PLUMB_ASSIGN_OR_RETURN(offset, sink_.OnTensorEnd(*end));
    PLUMB_RETURN_IF_ERROR(CheckOffset(offset, size));
  } while (offset < size);
  if (repetition == 0) {
    first_digests_.push_back(end->valid_digest);
  }
  return OkStatus();
}

}  // namespace

Status ProcessRunner::Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) {
  return Execution(options_, spec, sink, cancel).Run();
}

}  // namespace plumb
