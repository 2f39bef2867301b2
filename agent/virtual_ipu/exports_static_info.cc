// What generation B brought: a model can be asked before there is a device.
#include <cstring>

#include "agent/virtual_ipu/exports.h"
#include "agent/virtual_ipu/generation.h"
#include "agent/virtual_ipu/guard.h"
#include "agent/virtual_ipu/ipu.h"
#include "agent/virtual_ipu/model_source.h"

namespace {

using plumb::virtual_ipu::Abi;
using plumb::virtual_ipu::Ipu;
using plumb::virtual_ipu::ModelInfo;

template <class Info>
void TellSizes(const ModelInfo& model, Info& info) {
  std::memset(&info, 0, sizeof info);
  info.u32VariableBufferSize = model.variable_size;
  info.u32OfflineModelSize = model.file_size;
}

[[maybe_unused]] void Tell(const ModelInfo& model, MI_IPU_B_OfflineModelStaticInfo_t& info) {
  TellSizes(model, info);
}

// Batch 1 is all that is compiled: n_buf, one core.
[[maybe_unused]] void Tell(const ModelInfo& model, MI_IPU_C_OfflineModelStaticInfo_t& info) {
  TellSizes(model, info);
  info.u32TotalBatchNumTypes = 1;
  info.au32BatchNumTypes[0] = 1;
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are the interface's.
extern "C" {

PLUMB_EXPORT MI_S32 MI_IPU_GetOfflineModeStaticInfo(SerializedReadFunc read,
                                                    char* ctx,
                                                    Abi::StaticInfo* info) {
  return plumb::virtual_ipu::Guarded([&]() -> MI_S32 {
    if (info == nullptr) {
      return plumb::virtual_ipu::NullArgument("MI_IPU_GetOfflineModeStaticInfo");
    }
    ModelInfo model;
    const MI_S32 number = Ipu::Instance().Ask(plumb::virtual_ipu::ReadModel(read, ctx), model);
    if (number == MI_SUCCESS) {
      Tell(model, *info);
    }
    return number;
  });
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
