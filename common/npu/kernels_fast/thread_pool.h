// A few threads that stay alive between layers.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace plumb::npu::fast {

// One caller at a time. Work is cut into one contiguous part per thread, so that what a part
// computes does not depend on timing.
class ThreadPool {
 public:
  // `threads` ≥ 1 includes the caller's. Throws std::system_error when one cannot be started.
  explicit ThreadPool(size_t threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  [[nodiscard]] size_t threads() const { return workers_.size() + 1; }

  // Calls body(thread, begin, end) for parts that together cover [0, count), each on its own thread
  // (index below threads()), and returns when all have. `body` must not throw.
  template <class Body>
  void ParallelFor(size_t count, const Body& body) {
    Dispatch(count, {&body, [](const void* context, size_t thread, size_t begin, size_t end) {
                       (*static_cast<const Body*>(context))(thread, begin, end);
                     }});
  }

 private:
  struct Task {
    const void* context = nullptr;
    void (*run)(const void* context, size_t thread, size_t begin, size_t end) = nullptr;
  };

  void Dispatch(size_t count, const Task& task);
  void RunPart(size_t thread) const;
  void WorkerLoop(size_t thread);
  void Stop();

  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable work_done_;
  Task task_;
  size_t count_ = 0;
  uint64_t generation_ = 0;
  size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace plumb::npu::fast
