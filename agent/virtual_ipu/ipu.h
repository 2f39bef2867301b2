// The virtual chip: its memory, its one device, its channels.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "agent/runner/abi/mi_base.h"
#include "agent/virtual_ipu/channel.h"
#include "agent/virtual_ipu/memory.h"
#include "agent/virtual_ipu/settings.h"
#include "common/base/buffer.h"
#include "common/base/status.h"

namespace plumb::virtual_ipu {

// What a caller may know of a model before it is loaded, in bytes.
struct ModelInfo {
  uint32_t variable_size = 0;
  uint32_t file_size = 0;
  uint32_t batch = 1;
  bool one_buf = false;
};

// Thread-safe. Functions that return MI_S32 give MI_SUCCESS or an E_IPU_ERR number and say why on
// stderr.
class Ipu {
 public:
  // The process's chip, with the settings of its environment.
  static Ipu& Instance();

  explicit Ipu(Result<Settings> settings);

  Ipu(const Ipu&) = delete;
  Ipu& operator=(const Ipu&) = delete;

  Memory& memory() { return memory_; }

  void EnterSys();
  // False when MI_SYS was not entered as often.
  bool LeaveSys();

  // 14 when `firmware` names a file that is not there; 25 without MI_SYS_Init or for a second one.
  MI_S32 CreateDevice(uint32_t variable_size, const char* firmware);
  // Ends its channels too.
  MI_S32 DestroyDevice();

  // Needs no device. 8, 44 or 54 for a model that is unreadable, damaged or of another family.
  MI_S32 Ask(const Result<Buffer>& file, ModelInfo& info) const;

  // Also 21 without a device, 10 for bad depths, 37 for a batch number the model has not, 4 without
  // memory, 256 with all channels in use.
  MI_S32 CreateChannel(const Result<Buffer>& file, ChannelDepths depths, MI_IPU_CHN& number);
  MI_S32 DestroyChannel(MI_IPU_CHN number);

  // 21 without a device, 1 for a number outside the limit, 3 for a channel that does not exist.
  MI_S32 Find(MI_IPU_CHN number, std::shared_ptr<Channel>& channel);

 private:
  MI_S32 Parse(const Result<Buffer>& file, npu::FixedModel& model) const;
  MI_S32 CheckDepths(ChannelDepths depths) const;
  MI_S32 FindLocked(MI_IPU_CHN number, std::shared_ptr<Channel>& channel);

  const Result<Settings> settings_;
  Memory memory_;  // outlives the channels
  Cores cores_;    // likewise
  std::mutex mutex_;
  uint32_t sys_entered_ = 0;
  bool device_ = false;
  uint32_t variable_size_ = 0;
  std::vector<std::shared_ptr<Channel>> channels_;  // as many as the interface has
};

}  // namespace plumb::virtual_ipu
