#include "agent/virtual_ipu/cores.h"

namespace plumb::virtual_ipu {
namespace {

constexpr uint32_t kAutomatic = 3;

}  // namespace

uint32_t Cores::CountOf(Family family) {
  return family == Family::kS3 ? 2 : 1;
}

bool Cores::Allows(uint32_t affinity, size_t core) {
  return affinity == 0 || affinity == kAutomatic || affinity == core + 1;
}

std::optional<uint32_t> Cores::Claim(uint32_t affinity) {
  std::unique_lock lock(mutex_);
  for (;;) {
    bool any = false;
    for (size_t core = 0; core < busy_.size(); ++core) {
      const bool allowed = Allows(affinity, core);
      any = any || allowed;
      if (allowed && !busy_[core]) {
        busy_[core] = true;
        return static_cast<uint32_t>(core);
      }
    }
    if (!any) {
      return std::nullopt;
    }
    released_.wait(lock);
  }
}

void Cores::Release(uint32_t core) {
  {
    const std::lock_guard lock(mutex_);
    busy_[core] = false;
  }
  released_.notify_all();
}

}  // namespace plumb::virtual_ipu
