// The border to C: nothing may be thrown across it.
#pragma once

#include <exception>
#include <new>

#include "agent/virtual_ipu/report.h"

namespace plumb::virtual_ipu {

// What `call` returns; 4 when memory runs out, 25 for anything else that is thrown.
template <class Call>
MI_S32 Guarded(Call call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return Refuse(E_IPU_ERR_NOMEM, "out of memory");
  } catch (const std::exception& error) {
    return Refuse(E_IPU_ERR_FAILED_B, error.what());
  }
}

}  // namespace plumb::virtual_ipu
