// The one thread that owns the server's state: everything else posts to it.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace plumb::server {

// A Boost.Asio loop on a thread of its own. Tasks run one at a time in the order they were posted.
// Thread-safe except where said.
class Strand {
 public:
  Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;
  // Stops, as Stop().
  ~Strand();

  // Never blocks. A task posted after Stop() is dropped.
  void Post(std::function<void()> task);

  // Runs `function` on the strand and waits for what it returns. Never from the strand itself, and
  // never after Stop().
  template <class Function>
  auto Call(Function function) -> decltype(function()) {
    auto task = std::make_shared<std::packaged_task<decltype(function())()>>(std::move(function));
    auto result = task->get_future();
    Post([task] { (*task)(); });
    return result.get();
  }

  // A pending callback; destroying it (on the strand) guarantees that it will not run.
  class Timer {
   public:
    Timer() = default;
    Timer(Timer&&) = default;
    Timer& operator=(Timer&&) = default;

   private:
    friend class Strand;
    std::shared_ptr<boost::asio::steady_timer> timer_;
  };

  // Runs `callback` on the strand after `delay`. On the strand only.
  [[nodiscard]] Timer After(std::chrono::milliseconds delay, std::function<void()> callback);

  // Runs what was posted so far, then ends the thread. Never from the strand itself.
  void Stop();

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace plumb::server
