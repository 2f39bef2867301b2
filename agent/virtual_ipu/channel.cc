#include "agent/virtual_ipu/channel.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "agent/virtual_ipu/interface.h"
#include "agent/virtual_ipu/report.h"
#include "common/npu/io/io.h"
#include "common/npu/model/compile.h"

namespace plumb::virtual_ipu {
namespace {

constexpr uint64_t kPhysicalAlignment = 64;
constexpr unsigned kMaxThreads = 4;

std::vector<std::vector<int16_t>> ValuesFor(const npu::FixedModel& model,
                                            std::span<const uint32_t> tensors) {
  std::vector<std::vector<int16_t>> values;
  for (const uint32_t tensor : tensors) {
    values.emplace_back(model.tensors[tensor].shape.element_count().value_or(0));
  }
  return values;
}

std::vector<uint32_t> InputTensors(const npu::FixedModel& model) {
  std::vector<uint32_t> tensors;
  for (const auto& input : model.inputs) {
    tensors.push_back(input.tensor);
  }
  return tensors;
}

// The fault `format`: the chip delivers FP32 while the descriptor goes on saying INT16.
Status SwapFormats(npu::FixedModel& model, std::vector<TensorDesc>& reported) {
  for (size_t i = 0; i < model.outputs.size(); ++i) {
    const npu::FixedTensor& tensor = model.tensors[model.outputs[i]];
    npu::ChipOutput& output = model.chip->outputs[i];
    output.dequantize = true;
    PLUMB_ASSIGN_OR_RETURN(output.desc, npu::DescribeOutput(tensor, true, model.chip->family));
    PLUMB_ASSIGN_OR_RETURN(reported[i], npu::DescribeOutput(tensor, false, model.chip->family));
    reported[i].aligned_size = output.desc.aligned_size;
    reported[i].payload_size = output.desc.payload_size;
  }
  return OkStatus();
}

uint64_t TotalSize(std::span<const TensorDesc> descs) {
  uint64_t total = 0;
  for (const auto& desc : descs) {
    total += desc.aligned_size;
  }
  return total;
}

// The buffers of one batch: of its own, or the part of a stacked one.
std::vector<MI_IPU_Tensor_t> BatchTensors(const BatchCall& call,
                                          const npu::ChipSection& chip,
                                          uint32_t batch,
                                          bool inputs) {
  const size_t count = inputs ? chip.inputs.size() : chip.outputs.size();
  const size_t buffers = chip.one_buf ? 1 : call.batch;
  const size_t first = inputs ? 0 : chip.inputs.size() * buffers;
  std::vector<MI_IPU_Tensor_t> tensors;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t size =
        inputs ? chip.inputs[i].desc.aligned_size : chip.outputs[i].desc.aligned_size;
    const uint64_t offset = chip.one_buf ? batch * size : 0;
    MI_IPU_Tensor_t tensor = call.tensors[first + (chip.one_buf ? 0 : batch * count) + i];
    tensor.phyTensorAddr[0] += offset;
    tensor.ptTensorData[0] = static_cast<uint8_t*>(tensor.ptTensorData[0]) + offset;
    tensors.push_back(tensor);
  }
  return tensors;
}

[[noreturn]] void Hang() {
  for (;;) {
    ::pause();
  }
}

void Crash() {
  // The way a broken library dies, whatever handlers there are.
  std::signal(SIGSEGV, SIG_DFL);  // NOLINT(concurrency-mt-unsafe)
  std::raise(SIGSEGV);
}

}  // namespace

// One Invoke's claim on a core.
class Channel::OnCore {
 public:
  OnCore(Cores& cores, uint32_t affinity) : cores_(cores), core_(cores.Claim(affinity)) {}

  OnCore(const OnCore&) = delete;
  OnCore& operator=(const OnCore&) = delete;

  ~OnCore() {
    if (core_) {
      cores_.Release(*core_);
    }
  }

  [[nodiscard]] bool ok() const { return core_.has_value(); }

 private:
  Cores& cores_;
  std::optional<uint32_t> core_;
};

Channel::Channel(const Settings& settings, Memory& memory, Cores& cores)
    : settings_(settings),
      memory_(memory),
      cores_(cores),
      inputs_(memory),
      outputs_(memory),
      garbage_(settings.seed) {}

Result<std::unique_ptr<Channel>> Channel::Create(npu::FixedModel model,
                                                 ChannelDepths depths,
                                                 const Settings& settings,
                                                 Memory& memory,
                                                 Cores& cores) {
  std::unique_ptr<Channel> channel(new Channel(settings, memory, cores));
  PLUMB_RETURN_IF_ERROR(channel->Prepare(std::move(model), depths));
  return channel;
}

Status Channel::Prepare(npu::FixedModel model, ChannelDepths depths) {
  for (const auto& input : model.chip->inputs) {
    input_descs_.push_back(input.desc);
  }
  for (const auto& output : model.chip->outputs) {
    output_descs_.push_back(output.desc);
  }
  if (settings_.fault == Fault::kFormat) {
    PLUMB_RETURN_IF_ERROR(SwapFormats(model, output_descs_));
  }
  model_ = std::make_shared<const npu::FixedModel>(std::move(model));
  npu::FastExecutor::Options options;
  options.threads =
      static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads));
  if (settings_.fault == Fault::kRounding) {
    options.rounding = model_->rounding == npu::RoundingProfile::kHalfAway
                           ? npu::RoundingProfile::kHalfEven
                           : npu::RoundingProfile::kHalfAway;
  }
  PLUMB_ASSIGN_OR_RETURN(executor_, npu::FastExecutor::Create(model_, options));
  input_values_ = ValuesFor(*model_, InputTensors(*model_));
  output_values_ = ValuesFor(*model_, model_->outputs);
  const bool one_buf = model_->chip->one_buf;
  const uint32_t sets = one_buf ? 1 : depths.batch;
  const uint32_t stacked = one_buf ? model_->chip->batch : 1;
  PLUMB_RETURN_IF_ERROR(inputs_.Allocate(input_descs_, depths.inputs * sets, stacked));
  return outputs_.Allocate(output_descs_, depths.outputs * sets, stacked);
}

void Channel::SetTap(npu::LayerTap tap) {
  const std::lock_guard lock(mutex_);
  tap_ = std::move(tap);
}

// The chip reads and writes at the physical address, the library converts and flushes at the
// virtual one: both must be the same place.
MI_S32 Channel::Resolve(std::span<const MI_IPU_Tensor_t> tensors,
                        std::span<const TensorDesc> descs,
                        std::vector<std::span<uint8_t>>& buffers) {
  for (size_t i = 0; i < descs.size(); ++i) {
    const MI_PHY address = tensors[i].phyTensorAddr[0];
    const uint64_t size = descs[i].aligned_size;
    if (Interface().aligned_addresses && address % kPhysicalAlignment != 0) {
      return Refuse(E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT, "a physical address is not 64-byte aligned");
    }
    uint8_t* data = memory_.At(address, size);
    if (data == nullptr) {
      return Refuse(E_IPU_ERR_BADADDR, "a physical address is outside the heap");
    }
    if (tensors[i].ptTensorData[0] != data) {
      return Refuse(E_IPU_ERR_BADADDR, "a virtual address does not map the physical one");
    }
    buffers.emplace_back(data, static_cast<size_t>(size));
  }
  return MI_SUCCESS;
}

MI_S32 Channel::Invoke(std::span<const MI_IPU_Tensor_t> inputs,
                       std::span<const MI_IPU_Tensor_t> outputs) {
  if (model_->chip->one_buf) {
    return Refuse(E_IPU_ERR_MISMATCH_INVOKE_FUNC, "a one_buf model needs Invoke2Custom");
  }
  const std::lock_guard lock(mutex_);
  const OnCore core(cores_, 0);
  return InvokeOne(inputs, outputs);
}

MI_S32 Channel::InvokeOne(std::span<const MI_IPU_Tensor_t> inputs,
                          std::span<const MI_IPU_Tensor_t> outputs) {
  std::vector<std::span<uint8_t>> input_buffers;
  std::vector<std::span<uint8_t>> output_buffers;
  MI_S32 number = Resolve(inputs, input_descs_, input_buffers);
  number = number == MI_SUCCESS ? Resolve(outputs, output_descs_, output_buffers) : number;
  if (number != MI_SUCCESS) {
    return number;
  }
  if (settings_.fault == Fault::kHang) {
    Hang();
  }
  if (settings_.fault == Fault::kIpuHang) {
    return Refuse(E_IPU_ERR_IPU_HANG, "the IPU hangs (the fault ipu_hang)");
  }
  if (settings_.fault == Fault::kCrash) {
    Crash();
  }
  ++invocations_;
  Status status = Compute(input_buffers);
  if (status.ok()) {
    status = WriteOutputs(output_buffers);
  }
  if (!status.ok()) {
    return Refuse(E_IPU_ERR_INVOKE, status.ToString());
  }
  DestroyFloatInputs(input_buffers);
  return MI_SUCCESS;
}

MI_S32 Channel::InvokeBatch(const BatchCall& call, InvokeCosts& costs) {
  const std::lock_guard lock(mutex_);
  const OnCore core(cores_, call.affinity);
  if (!core.ok()) {
    return Refuse(E_IPU_ERR_NO_AVAILABLE_DEV, "this chip has no such core");
  }
  const auto start = std::chrono::steady_clock::now();
  for (uint32_t batch = 0; batch < call.batch; ++batch) {
    const MI_S32 number = InvokeOne(BatchTensors(call, *model_->chip, batch, true),
                                    BatchTensors(call, *model_->chip, batch, false));
    if (number != MI_SUCCESS) {
      return number;
    }
  }
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  costs = {static_cast<uint64_t>(time.count()),
           TotalSize(input_descs_) * call.batch,
           TotalSize(output_descs_) * call.batch};
  return MI_SUCCESS;
}

Status Channel::Compute(std::span<const std::span<uint8_t>> inputs) {
  if (settings_.fault == Fault::kStale) {
    return invocations_ == 1 ? RunOnZeros() : OkStatus();  // else: what was there before
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(npu::ReadInput(*model_, i, inputs[i], input_values_[i]));
  }
  PLUMB_RETURN_IF_ERROR(RunExecutor());
  if (settings_.fault == Fault::kNoise) {
    AddNoise();
  }
  return OkStatus();
}

Status Channel::RunOnZeros() {
  for (size_t i = 0; i < input_descs_.size(); ++i) {
    const std::vector<uint8_t> zeros(static_cast<size_t>(input_descs_[i].aligned_size));
    PLUMB_RETURN_IF_ERROR(npu::ReadInput(*model_, i, zeros, input_values_[i]));
  }
  return RunExecutor();
}

Status Channel::RunExecutor() {
  const std::vector<std::span<const int16_t>> inputs(input_values_.begin(), input_values_.end());
  const std::vector<std::span<int16_t>> outputs(output_values_.begin(), output_values_.end());
  return executor_->Run(inputs, outputs, tap_);
}

// A few LSB in some elements; the first element moves with the invocation, so that no two
// invocations in a row are equal by chance.
void Channel::AddNoise() {
  for (size_t i = 0; i < output_values_.size(); ++i) {
    auto& values = output_values_[i];
    const npu::Clamp range = npu::StoredRange(model_->tensors[model_->outputs[i]].element_type);
    const int middle = (range.low + range.high) / 2;
    const auto move = [&](size_t at, int distance) {
      int16_t& value = values[at];
      value = static_cast<int16_t>(value > middle ? value - distance : value + distance);
    };
    for (size_t n = 0; !values.empty() && n < values.size() / 16 + 1; ++n) {
      move(garbage_.Below(values.size()), 1 + static_cast<int>(garbage_.Below(2)));
    }
    if (!values.empty()) {
      move(0, static_cast<int>(invocations_ % 7));
    }
  }
}

Status Channel::WriteOutputs(std::span<const std::span<uint8_t>> outputs) {
  const size_t first = settings_.fault == Fault::kUnwritten ? 1 : 0;
  for (size_t i = first; i < outputs.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(ValidRegion region, ValidRegionOf(model_->chip->outputs[i].desc));
    if (settings_.fault == Fault::kPadding) {
      region.row_pitch = region.row_size;
    }
    PLUMB_RETURN_IF_ERROR(
        npu::WriteOutput(*model_, i, output_values_[i], region.row_pitch, outputs[i]));
    garbage_.FillPadding(region, outputs[i]);
  }
  return OkStatus();
}

// Generation C converts FP32 inputs to INT16 in place, at half the step, before the chip runs.
void Channel::DestroyFloatInputs(std::span<const std::span<uint8_t>> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (input_descs_[i].element_type != ElementType::kFloat32) {
      continue;
    }
    const int zero_point = model_->tensors[model_->inputs[i].tensor].zero_point;
    uint8_t* place = inputs[i].data();
    for (const int16_t value : input_values_[i]) {
      const auto converted = static_cast<int16_t>(value - zero_point);
      std::memcpy(place, &converted, sizeof converted);
      place += sizeof converted;
    }
  }
}

}  // namespace plumb::virtual_ipu
