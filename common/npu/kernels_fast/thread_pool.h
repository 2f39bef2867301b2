// A few threads that stay alive between layers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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
  void Announce();
  void Stop();

  Task task_;
  size_t count_ = 0;
  std::atomic<uint32_t> generation_{0};  // of tasks; what workers wait for
  std::atomic<uint32_t> running_{0};     // workers at the task; what the caller waits for
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

}  // namespace plumb::npu::fast
