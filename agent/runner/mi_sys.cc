#include "agent/runner/mi_sys.h"

#include <string>

namespace plumb {
namespace mi {
namespace {

using WithSoc = MI_S32 (*)(MI_U16);
using WithoutSoc = MI_S32 (*)();

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

}  // namespace mi
}  // namespace plumb
