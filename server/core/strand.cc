#include "server/core/strand.h"

#include <boost/asio/post.hpp>

namespace plumb::server {

Strand::Strand()
    : context_(1),
      work_(context_.get_executor()),
      thread_([this] { context_.run(); }) {}

Strand::~Strand() {
  Stop();
}

void Strand::Post(std::function<void()> task) {
  boost::asio::post(context_, std::move(task));
}

Strand::Timer Strand::After(std::chrono::milliseconds delay, std::function<void()> callback) {
  Timer handle;
  handle.timer_ = std::make_shared<boost::asio::steady_timer>(context_, delay);
  // An expiry already queued cannot be cancelled; the weak pointer tells whether it is still
  // wanted.
  handle.timer_->async_wait([alive = std::weak_ptr(handle.timer_), callback = std::move(callback)](
                                const boost::system::error_code& error) {
    if (!error && !alive.expired()) {
      callback();
    }
  });
  return handle;
}

void Strand::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  // Through the queue, so that what was posted before still runs.
  Post([this] { context_.stop(); });
  thread_.join();
}

}  // namespace plumb::server
