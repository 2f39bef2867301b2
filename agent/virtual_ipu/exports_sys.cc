// MI_SYS in both of its forms: 3.x with generation C, 1.x (no SoC number) with the older ones.
#include <cstdint>

#include "agent/virtual_ipu/exports.h"
#include "agent/virtual_ipu/ipu.h"

namespace {

using plumb::virtual_ipu::Ipu;

// 0xA0000000 | MI_SYS << 16 | ERROR << 12 | code: how modules other than MI_IPU return errors.
constexpr MI_S32 SysError(uint32_t code) {
  return static_cast<MI_S32>(0xA000'0000U | 9U << 16 | 2U << 12 | code);
}

constexpr MI_S32 kIllegalParameter = SysError(4);
constexpr MI_S32 kNullPointer = SysError(6);
constexpr MI_S32 kNoMemory = SysError(12);
constexpr MI_S32 kNotReady = SysError(16);
constexpr MI_S32 kBadAddress = SysError(17);

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are the interface's.
extern "C" {

#if PLUMB_MI_GENERATION == 3
#define PLUMB_SOC_ALONE MI_U16 /*soc*/
#define PLUMB_SOC_FIRST MI_U16 /*soc*/,
#else
#define PLUMB_SOC_ALONE void
#define PLUMB_SOC_FIRST
#endif

PLUMB_EXPORT MI_S32 MI_SYS_Init(PLUMB_SOC_ALONE) {
  Ipu::Instance().EnterSys();
  return MI_SUCCESS;
}

PLUMB_EXPORT MI_S32 MI_SYS_Exit(PLUMB_SOC_ALONE) {
  return Ipu::Instance().LeaveSys() ? MI_SUCCESS : kNotReady;
}

PLUMB_EXPORT MI_S32 MI_SYS_MMA_Alloc(PLUMB_SOC_FIRST MI_U8* /*heap*/,
                                     MI_U32 size,
                                     MI_PHY* address) {
  if (address == nullptr) {
    return kNullPointer;
  }
  const MI_PHY given = Ipu::Instance().memory().Allocate(size);
  if (given == 0) {
    return kNoMemory;
  }
  *address = given;
  return MI_SUCCESS;
}

PLUMB_EXPORT MI_S32 MI_SYS_MMA_Free(PLUMB_SOC_FIRST MI_PHY address) {
  return Ipu::Instance().memory().Free(address) ? MI_SUCCESS : kBadAddress;
}

PLUMB_EXPORT MI_S32 MI_SYS_Mmap(MI_U64 address, MI_U32 size, void** mapping, MI_BOOL /*cached*/) {
  if (mapping == nullptr) {
    return kNullPointer;
  }
  *mapping = Ipu::Instance().memory().Map(address, size);
  return *mapping == nullptr ? kBadAddress : MI_SUCCESS;
}

PLUMB_EXPORT MI_S32 MI_SYS_Munmap(void* mapping, MI_U32 size) {
  if (size == 0) {
    return kIllegalParameter;
  }
  return Ipu::Instance().memory().Unmap(mapping) ? MI_SUCCESS : kBadAddress;
}

// Nothing is cached here; but a range that is no mapping shows a bug in the caller.
PLUMB_EXPORT MI_S32 MI_SYS_FlushInvCache(void* mapping, MI_U32 size) {
  return Ipu::Instance().memory().Holds(mapping, size) ? MI_SUCCESS : kBadAddress;
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
