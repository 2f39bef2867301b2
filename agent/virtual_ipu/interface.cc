#include "agent/virtual_ipu/interface.h"

#include "agent/virtual_ipu/generation.h"

namespace plumb::virtual_ipu {
namespace {

constexpr bool kIsC = PLUMB_MI_GENERATION == 3;
constexpr bool kIs0 = PLUMB_MI_GENERATION == 0;

constexpr InterfaceRules kRules = {
    .generation = kIsC   ? "C"
                  : kIs0 ? "0"
                         : "B",
    .max_tensors = Abi::kMaxTensors,
    .max_dims = Abi::kMaxDims,
    .max_channels = Abi::kMaxChannels,
    .tells_sizes = !kIs0,
    .aligned_addresses = kIsC,
    .has_batches = kIsC,
};

MI_S32 BeforeC(MI_S32 number) {
  switch (number) {
    case E_IPU_ERR_INVALID_MODEL_BUFFER:
    case E_IPU_ERR_MISMATCH_MODEL:
      return E_IPU_ERR_CREATE_CHANNEL;
    case E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT:
      return E_IPU_ERR_BADADDR;
    case E_IPU_ERR_IPU_HANG:
      return E_IPU_ERR_SYS_TIMEOUT;
    case E_IPU_ERR_FAILED_B:
      return kIs0 ? MI_S32{E_IPU_ERR_FAILED_0} : number;
    default:
      return number;
  }
}

}  // namespace

const InterfaceRules& Interface() {
  return kRules;
}

MI_S32 OwnNumber(MI_S32 number) {
  return kIsC ? number : BeforeC(number);
}

}  // namespace plumb::virtual_ipu
