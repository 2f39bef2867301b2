#include "agent/runner/mi_sys.h"

#include <string>

namespace plumb {
namespace mi {
namespace {

using WithSoc = MI_S32 (*)(MI_U16);
using WithoutSoc = MI_S32 (*)();
using AllocateWithSoc = MI_S32 (*)(MI_U16, MI_U8*, MI_U32, MI_PHY*);
using AllocateWithoutSoc = MI_S32 (*)(MI_U8*, MI_U32, MI_PHY*);
using FreeWithSoc = MI_S32 (*)(MI_U16, MI_PHY);
using FreeWithoutSoc = MI_S32 (*)(MI_PHY);

MI_S32 Call(void* function, bool with_soc) {
  return with_soc ? reinterpret_cast<WithSoc>(function)(0)
                  : reinterpret_cast<WithoutSoc>(function)();
}

}  // namespace

Sys::~Sys() {
  if (open_) {
    Call(exit_, with_soc_);
  }
}

ring::Outcome Sys::Open(const Library& library) {
  library_ = &library;
  with_soc_ = library.mi_sys() != 1;
  std::string missing;
  void* init = nullptr;
  library.Bind("MI_SYS_Init", &init, &missing);
  library.Bind("MI_SYS_Exit", &exit_, &missing);
  library.Bind("MI_SYS_FlushInvCache", &flush_, &missing);
  if (!missing.empty()) {
    return library.Lacks(missing);
  }
  const MI_S32 number = Call(init, with_soc_);
  open_ = number == MI_SUCCESS;
  return open_ ? ring::Outcome()
               : CallFailed(library.generation(), Stage::kDevice, "MI_SYS_Init", number);
}

bool Sys::Flush(void* data, uint64_t size) const {
  return flush_(data, static_cast<MI_U32>(size)) == MI_SUCCESS;
}

bool Sys::BindMemory() {
  std::string missing;
  library_->Bind("MI_SYS_MMA_Alloc", &allocate_, &missing);
  library_->Bind("MI_SYS_MMA_Free", &free_, &missing);
  library_->Bind("MI_SYS_Mmap", &map_, &missing);
  library_->Bind("MI_SYS_Munmap", &unmap_, &missing);
  return missing.empty();
}

std::string Sys::Allocate(uint64_t size, MI_IPU_Tensor_t* tensor) {
  if (unmap_ == nullptr && !BindMemory()) {
    return "the library exports no MI_SYS_MMA_Alloc";
  }
  const auto bytes = static_cast<MI_U32>(size);
  MI_PHY address = 0;
  const MI_S32 number =
      with_soc_ ? reinterpret_cast<AllocateWithSoc>(allocate_)(0, nullptr, bytes, &address)
                : reinterpret_cast<AllocateWithoutSoc>(allocate_)(nullptr, bytes, &address);
  if (number != MI_SUCCESS) {
    return "MI_SYS_MMA_Alloc gave " + ErrorText(library_->generation(), number);
  }
  tensor->phyTensorAddr[0] = address;
  sizes_[address] = bytes;
  const MI_S32 mapped = map_(address, bytes, &tensor->ptTensorData[0], 1);
  if (mapped != MI_SUCCESS) {
    tensor->ptTensorData[0] = nullptr;
    Free(*tensor);
    return "MI_SYS_Mmap gave " + ErrorText(library_->generation(), mapped);
  }
  return "";
}

void Sys::Free(const MI_IPU_Tensor_t& tensor) {
  const MI_PHY address = tensor.phyTensorAddr[0];
  if (tensor.ptTensorData[0] != nullptr) {
    unmap_(tensor.ptTensorData[0], sizes_[address]);
  }
  sizes_.erase(address);
  if (with_soc_) {
    reinterpret_cast<FreeWithSoc>(free_)(0, address);
  } else {
    reinterpret_cast<FreeWithoutSoc>(free_)(address);
  }
}

}  // namespace mi
}  // namespace plumb
