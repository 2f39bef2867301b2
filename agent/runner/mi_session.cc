#include "agent/runner/mi_session.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace plumb {
namespace mi {
namespace {

using ring::ErrorKind;
using ring::Outcome;

const char* const kSeeAbi = "the library is of another generation: see --abi";

Outcome CheckFile(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) {
    return {};
  }
  const char* why = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): one thread
  return ring::Failure(ErrorKind::kModelRefused, "the model '" + path + "' cannot be read: " + why);
}

// The interface takes paths as char* but does not write to them.
char* PathArgument(const std::string& path) {
  return path.empty() ? nullptr : const_cast<char*>(path.c_str());
}

bool Usable(const TensorVector& tensors, size_t count) {
  bool usable = tensors.u32TensorCount == count;
  for (size_t i = 0; usable && i < count; ++i) {
    usable = tensors.astArrayTensors[i].ptTensorData[0] != nullptr;
  }
  return usable;
}

}  // namespace

Session::~Session() {
  if (reached_ >= Reached::kOutputs) {
    call_.put_outputs(channel_, &outputs_);
  }
  if (reached_ >= Reached::kInputs) {
    call_.put_inputs(channel_, &inputs_);
  }
  if (reached_ >= Reached::kChannel) {
    call_.destroy_channel(channel_);
  }
  if (reached_ >= Reached::kDevice) {
    call_.destroy_device();
  }
}

Outcome Session::Open(const std::string& model_path,
                      const std::string& firmware,
                      ring::Description* description) {
  Outcome outcome = call_.Bind(library_);
  outcome = outcome.ok ? CheckFile(model_path) : outcome;
  outcome = outcome.ok ? sys_.Open(library_) : outcome;
  outcome = outcome.ok ? OpenDevice(model_path, firmware) : outcome;
  outcome = outcome.ok ? OpenChannel(model_path) : outcome;
  outcome = outcome.ok ? Describe() : outcome;
  outcome = outcome.ok ? TakeTensors() : outcome;
  description->inputs = tensors_.inputs;
  description->outputs = tensors_.outputs;
  return outcome;
}

uint8_t* Session::InputData(uint32_t index) {
  return static_cast<uint8_t*>(inputs_.astArrayTensors[index].ptTensorData[0]);
}

uint8_t* Session::OutputData(uint32_t index) {
  return static_cast<uint8_t*>(outputs_.astArrayTensors[index].ptTensorData[0]);
}

Outcome Session::Invoke(uint64_t* duration_ns) {
  // Outputs too: dirty lines of the canary must not be written back over the chip's results.
  if (!Flush(inputs_, tensors_.inputs) || !Flush(outputs_, tensors_.outputs)) {
    return ring::Failure(ErrorKind::kInvokeFailed, "MI_SYS_FlushInvCache failed");
  }
  const auto start = std::chrono::steady_clock::now();
  const MI_S32 number = call_.invoke(channel_, &inputs_, &outputs_);
  const auto end = std::chrono::steady_clock::now();
  *duration_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(end - start).count());
  return Checked(Stage::kInvoke, "MI_IPU_Invoke", number);
}

Outcome Session::Checked(Stage stage, const char* call, MI_S32 number) const {
  return number == MI_SUCCESS ? Outcome() : CallFailed(library_.generation(), stage, call, number);
}

// Generation 0 cannot be asked: 0 lets its library decide.
Outcome Session::AskVariableSize(const std::string& model_path, MI_U32* size) {
  if (call_.static_info == nullptr) {
    return {};
  }
  StaticInfo info;
  std::memset(&info, 0, sizeof info);
  const MI_S32 number = call_.static_info(nullptr, PathArgument(model_path), &info);
  *size = info.u32VariableBufferSize;
  return Checked(Stage::kModel, "MI_IPU_GetOfflineModeStaticInfo", number);
}

Outcome Session::OpenDevice(const std::string& model_path, const std::string& firmware) {
  DevAttr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  Outcome outcome = AskVariableSize(model_path, &attributes.u32MaxVariableBufSize);
  if (outcome.ok) {
    outcome = Checked(Stage::kDevice,
                      "MI_IPU_CreateDevice",
                      call_.create_device(&attributes, nullptr, PathArgument(firmware), 0));
    reached_ = outcome.ok ? Reached::kDevice : reached_;
  }
  return outcome;
}

Outcome Session::OpenChannel(const std::string& model_path) {
  ChnAttr attributes = ChannelAttributes(1);
  const Outcome outcome =
      Checked(Stage::kModel,
              "MI_IPU_CreateCHN",
              call_.create_channel(&channel_, &attributes, nullptr, PathArgument(model_path)));
  reached_ = outcome.ok ? Reached::kChannel : reached_;
  return outcome;
}

Outcome Session::Describe() {
  const Outcome outcome = Checked(
      Stage::kModel, "MI_IPU_GetInOutTensorDesc", call_.get_desc(channel_, descriptors_.room()));
  if (outcome.ok && descriptors_.overrun()) {
    return ring::Failure(ErrorKind::kRuntimeUnavailable,
                         std::string("MI_IPU_GetInOutTensorDesc wrote more than ") +
                             GenerationName(library_.generation()) + " holds",
                         kSeeAbi);
  }
  return outcome.ok ? descriptors_.Read(&tensors_) : outcome;
}

Outcome Session::TakeTensors() {
  Outcome outcome =
      Checked(Stage::kModel, "MI_IPU_GetInputTensors", call_.get_inputs(channel_, &inputs_));
  reached_ = outcome.ok ? Reached::kInputs : reached_;
  if (outcome.ok) {
    outcome =
        Checked(Stage::kModel, "MI_IPU_GetOutputTensors", call_.get_outputs(channel_, &outputs_));
    reached_ = outcome.ok ? Reached::kOutputs : reached_;
  }
  const bool usable =
      Usable(inputs_, tensors_.inputs.size()) && Usable(outputs_, tensors_.outputs.size());
  return !outcome.ok || usable
             ? outcome
             : ring::Failure(ErrorKind::kModelRefused,
                             "the library gave other buffers than the model has tensors",
                             kSeeAbi);
}

bool Session::Flush(const TensorVector& tensors,
                    const std::vector<ring::TensorRecord>& records) const {
  bool flushed = true;
  for (size_t i = 0; i < records.size(); ++i) {
    flushed =
        sys_.Flush(tensors.astArrayTensors[i].ptTensorData[0], records[i].aligned_size) && flushed;
  }
  return flushed;
}

}  // namespace mi
}  // namespace plumb
