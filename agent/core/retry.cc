#include "agent/core/retry.h"

#include <algorithm>

namespace plumb::agent {

std::chrono::milliseconds Backoff::Next() {
  const std::chrono::milliseconds nominal = nominal_;
  nominal_ = std::min(nominal_ * 2, longest_);
  std::uniform_int_distribution<int64_t> jitter(nominal.count() / 2, nominal.count());
  return std::chrono::milliseconds(jitter(random_));
}

std::chrono::milliseconds ResumeWindow::left() const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace plumb::agent
