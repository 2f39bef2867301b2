#include "common/base/ids.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "common/base/text.h"

namespace plumb {

std::string RandomId() {
  std::array<uint8_t, 16> bytes{};
  // Up to 256 bytes getrandom gives all or, before the pool is ready, waits.
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
  return ToHex(bytes.data(), bytes.size());
}

}  // namespace plumb
