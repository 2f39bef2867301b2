#include "common/npu/kernels_fast/thread_pool.h"

#include <chrono>

namespace plumb::npu::fast {
namespace {

// A layer's parts end within microseconds of each other and the next layer follows at once, while
// waking a thread that sleeps takes as long as a small layer. Longer gaps are slept through.
constexpr std::chrono::microseconds kSpin{50};
constexpr int kPausesPerLook = 16;

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield" ::: "memory");
#endif
}

// Returns the first value that is not `old`.
uint32_t AwaitChange(const std::atomic<uint32_t>& value, uint32_t old) {
  const auto until = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (const uint32_t now = value.load(std::memory_order_acquire); now != old) {
        return now;
      }
      Pause();
    }
  } while (std::chrono::steady_clock::now() < until);
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(size_t threads) {
  workers_.reserve(threads - 1);
  try {
    for (size_t i = 1; i < threads; ++i) {
      workers_.emplace_back([this, i] { WorkerLoop(i); });
    }
  } catch (...) {
    Stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  Stop();
}

void ThreadPool::Stop() {
  stopping_.store(true, std::memory_order_relaxed);
  Announce();
  for (std::thread& worker : workers_) {
    worker.join();
  }
}

void ThreadPool::Announce() {
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
}

void ThreadPool::Dispatch(size_t count, const Task& task) {
  if (workers_.empty() || count < 2) {
    task.run(task.context, 0, 0, count);
    return;
  }
  task_ = task;
  count_ = count;
  running_.store(static_cast<uint32_t>(workers_.size()), std::memory_order_relaxed);
  Announce();
  RunPart(0);
  for (uint32_t running = running_.load(std::memory_order_acquire); running != 0;) {
    running = AwaitChange(running_, running);
  }
}

// task_ and count_ do not change while any part runs.
void ThreadPool::RunPart(size_t thread) const {
  const size_t begin = count_ * thread / threads();
  const size_t end = count_ * (thread + 1) / threads();
  if (begin < end) {
    task_.run(task_.context, thread, begin, end);
  }
}

void ThreadPool::WorkerLoop(size_t thread) {
  uint32_t seen = 0;
  while (true) {
    seen = AwaitChange(generation_, seen);
    if (stopping_.load(std::memory_order_relaxed)) {
      return;
    }
    RunPart(thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      running_.notify_one();
    }
  }
}

}  // namespace plumb::npu::fast
