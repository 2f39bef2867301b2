#include "agent/runner/mi_session.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "agent/runner/model_file.h"
#include "common/ring/batch_name.h"

namespace plumb {
namespace mi {
namespace {

using ring::ErrorKind;
using ring::Outcome;

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

// What a library is given as the model: a path, or a function and its context.
struct ModelSource {
  SerializedReadFunc read = nullptr;
  char* context = nullptr;
};

Outcome OpenSource(const SessionOptions& options, ModelFile* file, ModelSource* source) {
  if (!options.model_in_memory) {
    source->context = PathArgument(options.model_path);
    return {};
  }
  const std::string problem = file->Open(options.model_path);
  source->read = ModelFile::Read;
  source->context = file->context();
  return problem.empty() ? Outcome()
                         : ring::Failure(ErrorKind::kModelRefused,
                                         "the model '" + options.model_path + "': " + problem);
}

void AppendBatch(const std::vector<ring::TensorRecord>& one,
                 uint32_t batch,
                 std::vector<ring::TensorRecord>* all) {
  for (ring::TensorRecord record : one) {
    const std::string name = ring::BatchTensorName(record.name, batch);
    std::memset(record.name, 0, sizeof record.name);
    name.copy(record.name, sizeof record.name - 1);
    all->push_back(record);
  }
}

}  // namespace

Session::~Session() {
  call_of_run_.reset();
  if (reached_ >= Reached::kChannel) {
    call_.destroy_channel(channel_);
  }
  if (reached_ >= Reached::kDevice) {
    call_.destroy_device();
  }
}

Outcome Session::Open(const SessionOptions& options, ring::Description* description) {
  StaticInfo info;
  std::memset(&info, 0, sizeof info);
  CallPlan plan;
  Outcome outcome = call_.Bind(library_);
  outcome = outcome.ok ? CheckFile(options.model_path) : outcome;
  outcome = outcome.ok ? sys_.Open(library_) : outcome;
  outcome = outcome.ok ? OpenDevice(options, &info) : outcome;
  outcome = outcome.ok ? MakePlan(library_.generation(), info, options.call, &plan) : outcome;
  outcome = outcome.ok ? OpenChannel(options, plan) : outcome;
  outcome = outcome.ok ? Describe() : outcome;
  outcome = outcome.ok ? TakeTensors(options, plan) : outcome;
  description->inputs = all_.inputs;
  description->outputs = all_.outputs;
  return outcome;
}

uint8_t* Session::InputData(uint32_t index) {
  return call_of_run_->input(index);
}

uint8_t* Session::OutputData(uint32_t index) {
  return call_of_run_->output(index);
}

Outcome Session::Invoke(ring::Invoked* invoked) {
  if (!Flush()) {
    return ring::Failure(ErrorKind::kInvokeFailed, "MI_SYS_FlushInvCache failed");
  }
  const auto start = std::chrono::steady_clock::now();
  const MI_S32 number = call_of_run_->Invoke(invoked);
  const auto end = std::chrono::steady_clock::now();
  invoked->duration_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(end - start).count());
  return Checked(Stage::kInvoke, call_of_run_->name(), number);
}

Outcome Session::Checked(Stage stage, const char* call, MI_S32 number) const {
  return number == MI_SUCCESS ? Outcome() : CallFailed(library_.generation(), stage, call, number);
}

// Generation 0 cannot be asked for the size of its variable buffer: 0 lets its library decide.
Outcome Session::OpenDevice(const SessionOptions& options, StaticInfo* info) {
  ModelFile file;
  ModelSource source;
  Outcome outcome = OpenSource(options, &file, &source);
  if (outcome.ok && call_.static_info != nullptr) {
    outcome = Checked(Stage::kModel,
                      "MI_IPU_GetOfflineModeStaticInfo",
                      call_.static_info(source.read, source.context, info));
  }
  if (!outcome.ok) {
    return outcome;
  }
  DevAttr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.u32MaxVariableBufSize = info->u32VariableBufferSize;
  outcome = Checked(Stage::kDevice,
                    "MI_IPU_CreateDevice",
                    call_.create_device(&attributes, nullptr, PathArgument(options.firmware), 0));
  reached_ = outcome.ok ? Reached::kDevice : reached_;
  return outcome;
}

Outcome Session::OpenChannel(const SessionOptions& options, const CallPlan& plan) {
  ModelFile file;
  ModelSource source;
  Outcome outcome = OpenSource(options, &file, &source);
  if (!outcome.ok) {
    return outcome;
  }
  ChnAttr attributes = ChannelAttributes(plan.pool() ? 1 : 0);
  attributes.u32BatchMax = plan.batch;
  outcome = Checked(Stage::kModel,
                    "MI_IPU_CreateCHN",
                    call_.create_channel(&channel_, &attributes, source.read, source.context));
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
                         "the library is of another generation: see --abi");
  }
  return outcome.ok ? descriptors_.Read(&one_) : outcome;
}

Outcome Session::TakeTensors(const SessionOptions& options, const CallPlan& plan) {
  call_of_run_.reset(new Call(call_, &sys_, plan, options.call));
  const Outcome outcome = call_of_run_->Take(library_.generation(), channel_, one_);
  for (uint32_t batch = 0; outcome.ok && batch < plan.batch; ++batch) {
    AppendBatch(one_.inputs, batch, &all_.inputs);
    AppendBatch(one_.outputs, batch, &all_.outputs);
  }
  return outcome;
}

// Outputs too: dirty lines of the canary must not be written back over the chip's results.
bool Session::Flush() const {
  bool flushed = true;
  for (uint32_t i = 0; i < all_.inputs.size(); ++i) {
    flushed = sys_.Flush(call_of_run_->input(i), all_.inputs[i].aligned_size) && flushed;
  }
  for (uint32_t i = 0; i < all_.outputs.size(); ++i) {
    flushed = sys_.Flush(call_of_run_->output(i), all_.outputs[i].aligned_size) && flushed;
  }
  return flushed;
}

}  // namespace mi
}  // namespace plumb
