#include "client/cli/frame/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

#include "client/cli/frame/exit_code.h"

namespace plumb::client {
namespace {

// The handler may only touch lock-free atomics and write().
std::atomic<int> signal_pipe{-1};
std::atomic<bool> signalled{false};
constexpr char kStop = 0;
constexpr char kSignal = 1;

void OnSignal(int /*signal_number*/) {
  if (signalled.exchange(true)) {
    ::_exit(kExitInfrastructure);
  }
  const int saved_errno = errno;
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe.load(), &kSignal, 1);
  errno = saved_errno;
}

void SetHandler(int signal_number, void (*handler)(int)) {
  struct sigaction action {};

  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal_number, &action, nullptr);
}

}  // namespace

InterruptWatcher::InterruptWatcher(CancelToken token) : token_(std::move(token)) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return;  // Ctrl-C then ends the process the ordinary way.
  }
  read_end_ = UniqueFd(ends[0]);
  signal_pipe = ends[1];
  thread_ = std::thread([this] {
    char what = kStop;
    if (::read(read_end_.get(), &what, 1) == 1 && what == kSignal) {
      token_.Cancel(CancelledError("stopped by Ctrl-C or SIGTERM"));
    }
  });
  SetHandler(SIGINT, OnSignal);
  SetHandler(SIGTERM, OnSignal);
}

InterruptWatcher::~InterruptWatcher() {
  if (!thread_.joinable()) {
    return;
  }
  SetHandler(SIGINT, SIG_DFL);
  SetHandler(SIGTERM, SIG_DFL);
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe.load(), &kStop, 1);
  thread_.join();
  ::close(signal_pipe.exchange(-1));
}

}  // namespace plumb::client
