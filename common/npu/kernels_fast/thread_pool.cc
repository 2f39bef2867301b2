#include "common/npu/kernels_fast/thread_pool.h"

namespace plumb::npu::fast {

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
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_ready_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
}

void ThreadPool::Dispatch(size_t count, const Task& task) {
  if (workers_.empty() || count < 2) {
    task.run(task.context, 0, 0, count);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    task_ = task;
    count_ = count;
    running_ = workers_.size();
    ++generation_;
  }
  work_ready_.notify_all();
  RunPart(0);
  std::unique_lock lock(mutex_);
  work_done_.wait(lock, [this] { return running_ == 0; });
}

// task_ and count_ do not change while any part runs, so reading them needs no lock.
void ThreadPool::RunPart(size_t thread) const {
  const size_t begin = count_ * thread / threads();
  const size_t end = count_ * (thread + 1) / threads();
  if (begin < end) {
    task_.run(task_.context, thread, begin, end);
  }
}

void ThreadPool::WorkerLoop(size_t thread) {
  uint64_t seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      work_ready_.wait(lock, [this, seen] { return stopping_ || generation_ != seen; });
      if (stopping_) {
        return;
      }
      seen = generation_;
    }
    RunPart(thread);
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) {
      work_done_.notify_one();
    }
  }
}

}  // namespace plumb::npu::fast
