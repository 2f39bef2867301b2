// Why the virtual IPU refuses a call, on stderr: a bare error number tells a newcomer nothing.
#pragma once

#include <string>

#include "agent/runner/abi/mi_base.h"

namespace plumb::virtual_ipu {

// Writes "virtual IPU: WHY (error NUMBER)" and gives the number back, as this generation says it.
MI_S32 Refuse(MI_S32 number, const std::string& why);

}  // namespace plumb::virtual_ipu
