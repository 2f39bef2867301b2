#include "agent/virtual_ipu/report.h"

#include <cstdio>

#include "agent/virtual_ipu/interface.h"

namespace plumb::virtual_ipu {

MI_S32 Refuse(MI_S32 number, const std::string& why) {
  number = OwnNumber(number);
  std::fprintf(stderr, "virtual IPU: %s (error %d)\n", why.c_str(), number);
  return number;
}

}  // namespace plumb::virtual_ipu
