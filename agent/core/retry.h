// How long and how often to try again.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace plumb::agent {

// Growing pauses between attempts, each between half and all of its nominal length so that a farm
// of boards does not dial in step. Not thread-safe.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, uint64_t seed)
      : first_(first),
        longest_(longest),
        nominal_(first),
        random_(seed) {}

  // The pause before the next attempt; the one after that is nominally twice as long.
  std::chrono::milliseconds Next();

  void Reset() { nominal_ = first_; }

  // The pauses no longer grow.
  [[nodiscard]] bool at_longest() const { return nominal_ >= longest_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds nominal_;
  std::mt19937_64 random_;
};

// The time a broken link has to come back, counted from the first failure since it last worked.
class ResumeWindow {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ResumeWindow(std::chrono::milliseconds length)
      : length_(length),
        end_(Clock::now() + length) {}

  // It works again: the window begins anew.
  void Restart() { end_ = Clock::now() + length_; }

  // Zero once it is over.
  [[nodiscard]] std::chrono::milliseconds left() const;

  [[nodiscard]] std::chrono::milliseconds length() const { return length_; }

 private:
  std::chrono::milliseconds length_;
  Clock::time_point end_;
};

}  // namespace plumb::agent
