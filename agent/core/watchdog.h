// Calls back what does not finish in time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace plumb::agent {

// One thread for any number of deadlines. Thread-safe.
class Watchdog {
 public:
  Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  // Every Guard must be gone.
  ~Watchdog();

  // Disarms on destruction and then guarantees that the callback is not running (unless it is
  // destroyed by the callback itself).
  class [[nodiscard]] Guard {
   public:
    Guard() = default;
    Guard(Guard&& other) noexcept;
    Guard& operator=(Guard&& other) noexcept;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();

   private:
    friend class Watchdog;

    Guard(Watchdog* watchdog, uint64_t id) : watchdog_(watchdog), id_(id) {}

    Watchdog* watchdog_ = nullptr;
    uint64_t id_ = 0;
  };

  // `late` runs once on the watchdog's thread unless the guard goes within `timeout`. It must be
  // short: other deadlines wait for it.
  Guard Arm(std::chrono::milliseconds timeout, std::function<void()> late);

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    Clock::time_point deadline;
    std::function<void()> late;
  };

  void Work();
  void Disarm(uint64_t id);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, Entry> entries_;
  uint64_t next_id_ = 1;
  uint64_t running_id_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace plumb::agent
