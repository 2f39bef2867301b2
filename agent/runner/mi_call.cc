#include "agent/runner/mi_call.h"

#include <algorithm>
#include <cstring>

namespace plumb {
namespace mi {
namespace {

using ring::ErrorKind;
using ring::Outcome;

constexpr MI_U32 kMaxTypes = 10;
constexpr uint32_t kMaxBatchTensors = 256;
constexpr int kAnyCore = 0;

const char* const kSeeAbi = "the library is of another generation: see --abi";

MI_U32 TypeCount(const StaticInfo& info) {
  return std::min(info.u32TotalBatchNumTypes, kMaxTypes);
}

bool HasBatch(const StaticInfo& info, uint32_t batch) {
  const MI_U32* const end = info.au32BatchNumTypes + TypeCount(info);
  return std::find(info.au32BatchNumTypes, end, batch) != end;
}

uint32_t LargestBatch(const StaticInfo& info) {
  const MI_U32 count = TypeCount(info);
  return count == 0
             ? 1
             : std::max<uint32_t>(
                   1, *std::max_element(info.au32BatchNumTypes, info.au32BatchNumTypes + count));
}

std::string BatchNames(const StaticInfo& info) {
  std::string names;
  for (MI_U32 i = 0; i < TypeCount(info); ++i) {
    names += (i == 0 ? "" : ", ") + std::to_string(info.au32BatchNumTypes[i]);
  }
  return names;
}

bool Usable(const TensorVector& tensors, size_t count) {
  bool usable = tensors.u32TensorCount == count;
  for (size_t i = 0; usable && i < count; ++i) {
    usable = tensors.astArrayTensors[i].ptTensorData[0] != nullptr;
  }
  return usable;
}

void AddPlaces(const TensorVector& tensors, std::vector<uint8_t*>* places) {
  for (MI_U32 i = 0; i < tensors.u32TensorCount; ++i) {
    places->push_back(static_cast<uint8_t*>(tensors.astArrayTensors[i].ptTensorData[0]));
  }
}

}  // namespace

Outcome MakePlan(Generation generation,
                 const StaticInfo& info,
                 const CallOptions& options,
                 CallPlan* plan) {
  if (generation != Generation::kC) {
    return options.any() ? ring::Failure(ErrorKind::kUsage,
                                         std::string("core, priority and batch can be chosen in "
                                                     "generation C alone; this library is ") +
                                             GenerationName(generation),
                                         "leave --core, --priority and --batch away")
                         : Outcome();
  }
  plan->batch_calls = true;
  plan->one_buf = info.eBatchMode == 1;
  plan->batch = options.batch == 0 ? LargestBatch(info) : options.batch;
  if (options.batch != 0 && !HasBatch(info, options.batch)) {
    return ring::Failure(ErrorKind::kUsage,
                         "the model was compiled for batch " + BatchNames(info) + ", not " +
                             std::to_string(options.batch),
                         "leave --batch away, or compile the model for that number");
  }
  return {};
}

Call::Call(const Api& api, Sys* sys, const CallPlan& plan, const CallOptions& options)
    : api_(api),
      sys_(sys),
      plan_(plan),
      options_(options),
      pool_inputs_(),
      pool_outputs_() {}

Call::~Call() {
  if (outputs_taken_) {
    api_.put_outputs(channel_, &pool_outputs_);
  }
  if (inputs_taken_) {
    api_.put_inputs(channel_, &pool_inputs_);
  }
  for (const MI_IPU_Tensor_t& tensor : own_) {
    sys_->Free(tensor);
  }
}

Outcome Call::Take(Generation generation, MI_IPU_CHN channel, const ring::Description& tensors) {
  channel_ = channel;
  const size_t all = (tensors.inputs.size() + tensors.outputs.size()) * plan_.batch;
  const size_t more = std::max(tensors.inputs.size(), tensors.outputs.size()) * plan_.batch;
  if (plan_.batch_calls && (all > kMaxBatchTensors || more > ring::kMaxTensors)) {
    return ring::Failure(ErrorKind::kModelRefused,
                         "batch " + std::to_string(plan_.batch) + " makes " + std::to_string(all) +
                             " tensors of the model's: more than can be taken at once",
                         "choose a smaller one with --batch");
  }
  Outcome outcome = plan_.pool() ? TakePool(generation, tensors) : Allocate(tensors);
  if (outcome.ok && plan_.batch_calls) {
    FillBatch();
  }
  return outcome;
}

Outcome Call::TakePool(Generation generation, const ring::Description& tensors) {
  MI_S32 number = api_.get_inputs(channel_, &pool_inputs_);
  inputs_taken_ = number == MI_SUCCESS;
  if (!inputs_taken_) {
    return CallFailed(generation, Stage::kModel, "MI_IPU_GetInputTensors", number);
  }
  number = api_.get_outputs(channel_, &pool_outputs_);
  outputs_taken_ = number == MI_SUCCESS;
  if (!outputs_taken_) {
    return CallFailed(generation, Stage::kModel, "MI_IPU_GetOutputTensors", number);
  }
  if (!Usable(pool_inputs_, tensors.inputs.size()) ||
      !Usable(pool_outputs_, tensors.outputs.size())) {
    return ring::Failure(ErrorKind::kModelRefused,
                         "the library gave other buffers than the model has tensors",
                         kSeeAbi);
  }
  AddPlaces(pool_inputs_, &inputs_);
  AddPlaces(pool_outputs_, &outputs_);
  return {};
}

// The caller's own memory: where Get…Tensors2 would leave the outputs among the inputs is not said.
Outcome Call::Allocate(const ring::Description& tensors) {
  const Outcome outcome = AllocateSide(tensors.inputs, 0, &inputs_);
  return outcome.ok ? AllocateSide(tensors.outputs, static_cast<MI_U32>(own_.size()), &outputs_)
                    : outcome;
}

Outcome Call::AllocateSide(const std::vector<ring::TensorRecord>& records,
                           MI_U32 first,
                           std::vector<uint8_t*>* places) {
  const uint32_t buffers = plan_.one_buf ? 1 : plan_.batch;
  const uint32_t stacked = plan_.one_buf ? plan_.batch : 1;
  for (uint32_t i = 0; i < buffers * records.size(); ++i) {
    const uint64_t size = records[i % records.size()].aligned_size * stacked;
    MI_IPU_Tensor_t tensor;
    std::memset(&tensor, 0, sizeof tensor);
    const std::string problem =
        size > 0x7FFFFFFF ? "the buffer has more than 2 GiB" : sys_->Allocate(size, &tensor);
    if (!problem.empty()) {
      return ring::Failure(
          ErrorKind::kOutOfMemory,
          "no memory for a buffer of " + std::to_string(size) + " bytes: " + problem,
          "close other users of the IPU, or choose a smaller --batch");
    }
    own_.push_back(tensor);
  }
  for (uint32_t batch = 0; batch < plan_.batch; ++batch) {
    for (size_t i = 0; i < records.size(); ++i) {
      const size_t buffer = first + (plan_.one_buf ? i : batch * records.size() + i);
      const uint64_t offset = plan_.one_buf ? batch * records[i].aligned_size : 0;
      places->push_back(static_cast<uint8_t*>(own_[buffer].ptTensorData[0]) + offset);
    }
  }
  return {};
}

// All inputs, batch by batch, then all outputs.
void Call::FillBatch() {
  batch_.reset(new BatchParam());
  batch_->u32BatchN = plan_.batch;
  batch_->s32TaskPrio = options_.priority;
  batch_->u32IpuAffinity = static_cast<MI_U32>(options_.core < 0 ? kAnyCore : options_.core + 1);
  MI_U32 next = 0;
  for (const TensorVector* tensors : {&pool_inputs_, &pool_outputs_}) {
    for (MI_U32 i = 0; i < tensors->u32TensorCount; ++i) {
      batch_->astArrayTensors[next++] = tensors->astArrayTensors[i];
    }
  }
  for (const MI_IPU_Tensor_t& tensor : own_) {
    batch_->astArrayTensors[next++] = tensor;
  }
}

const char* Call::name() const {
  return !plan_.batch_calls ? "MI_IPU_Invoke"
         : plan_.one_buf    ? "MI_IPU_Invoke2Custom"
                            : "MI_IPU_Invoke2";
}

MI_S32 Call::Invoke(ring::Invoked* invoked) {
  if (!plan_.batch_calls) {
    return api_.invoke(channel_, &pool_inputs_, &pool_outputs_);
  }
  RuntimeInfo info;
  std::memset(&info, 0, sizeof info);
  const MI_S32 number = plan_.one_buf ? api_.invoke2_custom(channel_, batch_.get(), &info)
                                      : api_.invoke2(channel_, batch_.get(), &info);
  if (number == MI_SUCCESS) {
    invoked->has_costs = 1;
    invoked->ipu_time_us = info.u64IpuTime;
    invoked->bandwidth = info.u64BandWidth;
    invoked->bandwidth_read = info.u64BandWidthRead;
    invoked->bandwidth_write = info.u64BandWidthWrite;
  }
  return number;
}

}  // namespace mi
}  // namespace plumb
