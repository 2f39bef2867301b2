// MI_SYS in both of its forms: 1.x without and 3.x with a SoC number. C++14.
#pragma once

#include <cstdint>

#include "agent/runner/abi/mi_base.h"
#include "agent/runner/mi_library.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Initialised by Open, left by the destructor.
class Sys {
 public:
  Sys() = default;
  Sys(const Sys&) = delete;
  Sys& operator=(const Sys&) = delete;
  ~Sys();

  ring::Outcome Open(const Library& library);
  // Writes back and invalidates the CPU's cache over the buffer.
  bool Flush(void* data, uint64_t size) const;

 private:
  bool with_soc_ = true;
  bool open_ = false;
  void* exit_ = nullptr;
  MI_S32 (*flush_)(void*, MI_U32) = nullptr;
};

}  // namespace mi
}  // namespace plumb
