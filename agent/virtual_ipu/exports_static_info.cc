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

// An n_buf model takes a single input too, a one_buf model only all at once.
[[maybe_unused]] void Tell(const ModelInfo& model, MI_IPU_C_OfflineModelStaticInfo_t& info) {
  TellSizes(model, info);
  info.eBatchMode = model.one_buf ? 1 : 0;
  MI_U32 types = 0;
  if (!model.one_buf && model.batch > 1) {
    info.au32BatchNumTypes[types++] = 1;
  }
  info.au32BatchNumTypes[types++] = model.batch;
  info.u32TotalBatchNumTypes = types;
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
