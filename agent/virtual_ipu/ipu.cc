#include "agent/virtual_ipu/ipu.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "agent/virtual_ipu/interface.h"
#include "agent/virtual_ipu/report.h"
#include "common/base/checked.h"
#include "common/npu/model/container.h"

namespace plumb::virtual_ipu {
namespace {

constexpr uint64_t kMaxBufferSize = 0x7FFF'FFFF;  // s32AlignedBufSize

// What the network's largest operation holds at once, two bytes an element: the chip's scratch.
uint64_t VariableSize(const npu::FixedModel& model) {
  uint64_t largest = 0;
  for (const auto& op : model.ops) {
    uint64_t elements = model.tensors[op.output].shape.element_count().value_or(0);
    for (const uint32_t input : op.inputs) {
      elements += model.tensors[input].shape.element_count().value_or(0);
    }
    largest = std::max(largest, elements);
  }
  return CheckedAlignUp(largest * 2, kBufferAlignment).value_or(0);
}

bool FitsInterface(const npu::FixedModel& model) {
  const auto fits = [](const auto& tensor) {
    return tensor.desc.aligned_size <= kMaxBufferSize &&
           tensor.desc.shape.rank() <= Interface().max_dims;
  };
  const auto& chip = *model.chip;
  return chip.inputs.size() <= Interface().max_tensors &&
         chip.outputs.size() <= Interface().max_tensors &&
         std::all_of(chip.inputs.begin(), chip.inputs.end(), fits) &&
         std::all_of(chip.outputs.begin(), chip.outputs.end(), fits);
}

// An n_buf model takes fewer batches at once, a one_buf model always all.
bool BatchFits(const npu::ChipSection& chip, uint32_t batch) {
  return chip.one_buf ? batch == chip.batch : batch <= chip.batch;
}

// What a model that could not be read is refused with.
MI_S32 NumberFor(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return E_IPU_ERR_INVALID_MODEL_BUFFER;
    case StatusCode::kOutOfRange:
      return E_IPU_ERR_BADADDR;
    default:
      return E_IPU_ERR_FILE_OPERATION;
  }
}

}  // namespace

Ipu::Ipu(Result<Settings> settings)
    : settings_(std::move(settings)),
      cores_(Cores::CountOf(settings_.ok() ? settings_->family : Family::kS3)),
      channels_(Interface().max_channels) {}

Ipu& Ipu::Instance() {
  // Never destroyed: a thread may still be inside Invoke when the process ends.
  static Ipu* const ipu = new Ipu(SettingsFromEnvironment());
  return *ipu;
}

void Ipu::EnterSys() {
  const std::lock_guard lock(mutex_);
  ++sys_entered_;
}

bool Ipu::LeaveSys() {
  const std::lock_guard lock(mutex_);
  if (sys_entered_ == 0) {
    return false;
  }
  --sys_entered_;
  return true;
}

MI_S32 Ipu::CreateDevice(uint32_t variable_size, const char* firmware) {
  if (!settings_.ok()) {
    return Refuse(E_IPU_ERR_INIT_FIRMWARE, settings_.status().message());
  }
  if (firmware != nullptr && ::access(firmware, R_OK) != 0) {
    return Refuse(E_IPU_ERR_INIT_FIRMWARE, "there is no firmware '" + std::string(firmware) + "'");
  }
  const std::lock_guard lock(mutex_);
  if (sys_entered_ == 0) {
    return Refuse(E_IPU_ERR_FAILED_B, "MI_SYS_Init comes before MI_IPU_CreateDevice");
  }
  if (device_) {
    return Refuse(E_IPU_ERR_FAILED_B, "this process has a device already");
  }
  device_ = true;
  variable_size_ = variable_size;
  return MI_SUCCESS;
}

MI_S32 Ipu::DestroyDevice() {
  const std::lock_guard lock(mutex_);
  if (!device_) {
    return E_IPU_ERR_NO_CREATED_IPU_DEVICE;
  }
  device_ = false;
  std::fill(channels_.begin(), channels_.end(), nullptr);
  return MI_SUCCESS;
}

MI_S32 Ipu::Parse(const Result<Buffer>& file, npu::FixedModel& model) const {
  if (!settings_.ok()) {
    return Refuse(E_IPU_ERR_INIT_FIRMWARE, settings_.status().message());
  }
  if (!file.ok()) {
    return Refuse(NumberFor(file.status()), file.status().message());
  }
  auto parsed = npu::ParseModel(*file);
  if (!parsed.ok()) {
    return Refuse(E_IPU_ERR_INVALID_MODEL_BUFFER, parsed.status().message());
  }
  if (!parsed->chip) {
    return Refuse(E_IPU_ERR_INVALID_MODEL_BUFFER,
                  "a fixed model is not an offline model: compile it for a chip first");
  }
  if (parsed->chip->family != settings_->family) {
    return Refuse(E_IPU_ERR_MISMATCH_MODEL,
                  "the model is for family " + std::string(FamilyName(parsed->chip->family)) +
                      ", this chip is " + std::string(FamilyName(settings_->family)));
  }
  if (!Interface().tells_sizes && parsed->chip->family != Family::k1x) {
    return Refuse(E_IPU_ERR_MISMATCH_MODEL, "a chip of generation 0 is of family 1.x");
  }
  if (!Interface().has_batches && (parsed->chip->batch != 1 || parsed->chip->one_buf)) {
    return Refuse(E_IPU_ERR_MISMATCH_MODEL, "batches came with generation C");
  }
  if (!FitsInterface(*parsed)) {
    return Refuse(E_IPU_ERR_INVALID_MODEL_BUFFER, "the model has too many or too large tensors");
  }
  model = std::move(*parsed);
  return MI_SUCCESS;
}

MI_S32 Ipu::Ask(const Result<Buffer>& file, ModelInfo& info) const {
  npu::FixedModel model;
  const MI_S32 number = Parse(file, model);
  if (number != MI_SUCCESS) {
    return number;
  }
  info = {static_cast<uint32_t>(VariableSize(model)),
          static_cast<uint32_t>(file->size()),
          model.chip->batch,
          model.chip->one_buf};
  return MI_SUCCESS;
}

MI_S32 Ipu::CheckDepths(ChannelDepths depths) const {
  if (depths.inputs > MI_IPU_MAX_BUFFER_DEPTH || depths.outputs > MI_IPU_MAX_BUFFER_DEPTH) {
    return Refuse(E_IPU_ERR_ILLEGAL_BUFFER_DEPTH, "buffer depths go up to 3");
  }
  if (settings_.ok() && settings_->fault == Fault::kNomem) {
    return Refuse(E_IPU_ERR_NOMEM, "no memory (the fault nomem)");
  }
  return MI_SUCCESS;
}

MI_S32 Ipu::CreateChannel(const Result<Buffer>& file, ChannelDepths depths, MI_IPU_CHN& number) {
  const std::lock_guard lock(mutex_);
  if (!device_) {
    return E_IPU_ERR_NO_CREATED_IPU_DEVICE;
  }
  npu::FixedModel model;
  MI_S32 error = CheckDepths(depths);
  error = error == MI_SUCCESS ? Parse(file, model) : error;
  if (error != MI_SUCCESS) {
    return error;
  }
  if (Interface().tells_sizes && VariableSize(model) > variable_size_) {
    return Refuse(E_IPU_ERR_NOMEM, "the device was made with a smaller variable buffer");
  }
  if (!BatchFits(*model.chip, depths.batch)) {
    return Refuse(E_IPU_ERR_INVALID_BATCH_NUM,
                  "the model was compiled for batch " + std::to_string(model.chip->batch));
  }
  const auto free = std::find(channels_.begin(), channels_.end(), nullptr);
  if (free == channels_.end()) {
    return Refuse(E_IPU_ERR_NO_AVAILABLE_CHNID,
                  "all " + std::to_string(channels_.size()) + " channels are in use");
  }
  auto channel = Channel::Create(std::move(model), depths, *settings_, memory_, cores_);
  if (!channel.ok()) {
    const bool memory = channel.status().code() == StatusCode::kResourceExhausted;
    return Refuse(memory ? E_IPU_ERR_NOMEM : E_IPU_ERR_CREATE_CHANNEL, channel.status().message());
  }
  *free = std::move(*channel);
  number = static_cast<MI_IPU_CHN>(free - channels_.begin());
  return MI_SUCCESS;
}

MI_S32 Ipu::FindLocked(MI_IPU_CHN number, std::shared_ptr<Channel>& channel) {
  if (!device_) {
    return E_IPU_ERR_NO_CREATED_IPU_DEVICE;
  }
  if (number >= channels_.size()) {
    return E_IPU_ERR_INVALID_CHNID;
  }
  channel = channels_.at(number);
  return channel == nullptr ? E_IPU_ERR_CHNID_UNEXIST : MI_SUCCESS;
}

MI_S32 Ipu::DestroyChannel(MI_IPU_CHN number) {
  std::shared_ptr<Channel> channel;  // freed after the lock
  const std::lock_guard lock(mutex_);
  const MI_S32 error = FindLocked(number, channel);
  if (error == MI_SUCCESS) {
    channels_.at(number) = nullptr;
  }
  return error;
}

MI_S32 Ipu::Find(MI_IPU_CHN number, std::shared_ptr<Channel>& channel) {
  const std::lock_guard lock(mutex_);
  return FindLocked(number, channel);
}

}  // namespace plumb::virtual_ipu
