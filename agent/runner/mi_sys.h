// MI_SYS in both of its forms: 1.x without and 3.x with a SoC number. C++14.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "agent/runner/abi/mi_base.h"
#include "agent/runner/mi_library.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Initialised by Open, left by the destructor.
class Sys {
 public:
  Sys() = default;
  Sys(const Sys&) = delete;
  Sys& operator=(const Sys&) = delete;
  ~Sys();

  ring::Outcome Open(const Library& library);
  // Writes back and invalidates the CPU's cache over the buffer.
  bool Flush(void* data, uint64_t size) const;

  // Memory that both the chip and this process see; sets the first plane of `tensor`. Returns what
  // went wrong, "" for nothing.
  std::string Allocate(uint64_t size, MI_IPU_Tensor_t* tensor);
  void Free(const MI_IPU_Tensor_t& tensor);

 private:
  bool BindMemory();

  const Library* library_ = nullptr;
  bool with_soc_ = true;
  bool open_ = false;
  void* exit_ = nullptr;
  MI_S32 (*flush_)(void*, MI_U32) = nullptr;
  // Bound when memory is first asked for: a run does not need them.
  void* allocate_ = nullptr;
  void* free_ = nullptr;
  MI_S32 (*map_)(MI_U64, MI_U32, void**, MI_BOOL) = nullptr;
  MI_S32 (*unmap_)(void*, MI_U32) = nullptr;
  std::map<MI_PHY, MI_U32> sizes_;
};

}  // namespace mi
}  // namespace plumb
