#include "tests/support/cut_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/unique_fd.h"

namespace plumb::test {
namespace {

struct Link {
  UniqueFd front;
  UniqueFd back;
};

std::optional<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return std::nullopt;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

UniqueFd ConnectTo(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = AddressOf(path);
  if (!address ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    fd.Reset();
  }
  return fd;
}

// One read passed on whole; the number of bytes, 0 when the link is over.
size_t Forward(int from, int to) {
  std::array<char, 16384> block{};
  const ssize_t got = ::recv(from, block.data(), block.size(), 0);
  ssize_t done = 0;
  while (done < got) {
    const ssize_t put =
        ::send(to, block.data() + done, static_cast<size_t>(got - done), MSG_NOSIGNAL);
    if (put <= 0) {
      return 0;
    }
    done += put;
  }
  return got > 0 ? static_cast<size_t>(got) : 0;
}

}  // namespace

struct CutProxy::State {
  std::string back_path;
  UniqueFd listener;
  UniqueFd wake_reader;
  UniqueFd wake_writer;
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t forwarded = 0;
  bool cut = false;
  bool stop = false;
  bool tripped = false;
  uint64_t trip_at = 0;
  std::function<void()> trip_action;
  std::thread worker;

  void Wake() const { [[maybe_unused]] const ssize_t put = ::write(wake_writer.get(), "w", 1); }

  void Loop();
  void Accept(std::list<Link>& links);
  void Count(uint64_t bytes);
  // False when the link has ended.
  bool Serve(const Link& link, const pollfd& front, const pollfd& back);
};

void CutProxy::State::Accept(std::list<Link>& links) {
  UniqueFd front(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::lock_guard lock(mutex);
  if (!front.valid() || cut) {
    return;
  }
  UniqueFd back = ConnectTo(back_path);
  if (back.valid()) {
    links.push_back({std::move(front), std::move(back)});
  }
}

void CutProxy::State::Count(uint64_t bytes) {
  std::unique_lock lock(mutex);
  forwarded += bytes;
  if (!trip_action || forwarded < trip_at) {
    return;
  }
  const auto action = std::exchange(trip_action, {});
  lock.unlock();
  action();
  lock.lock();
  tripped = true;
  changed.notify_all();
}

bool CutProxy::State::Serve(const Link& link, const pollfd& front, const pollfd& back) {
  if (front.revents != 0) {
    const size_t bytes = Forward(link.front.get(), link.back.get());
    if (bytes == 0) {
      return false;
    }
    Count(bytes);
  }
  return back.revents == 0 || Forward(link.back.get(), link.front.get()) > 0;
}

void CutProxy::State::Loop() {
  std::list<Link> links;
  for (;;) {
    std::vector<pollfd> ends = {{listener.get(), POLLIN, 0}, {wake_reader.get(), POLLIN, 0}};
    for (const auto& link : links) {
      ends.push_back({link.front.get(), POLLIN, 0});
      ends.push_back({link.back.get(), POLLIN, 0});
    }
    ::poll(ends.data(), ends.size(), -1);
    if (ends[1].revents != 0) {
      char byte = 0;
      [[maybe_unused]] const ssize_t got = ::read(wake_reader.get(), &byte, 1);
    }
    {
      const std::lock_guard lock(mutex);
      if (stop) {
        return;
      }
      if (cut) {
        links.clear();
        changed.notify_all();
      }
    }
    size_t at = 2;
    for (auto link = links.begin(); link != links.end(); at += 2) {
      link = Serve(*link, ends[at], ends[at + 1]) ? std::next(link) : links.erase(link);
    }
    if (ends[0].revents != 0) {
      Accept(links);
    }
  }
}

CutProxy::CutProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<CutProxy>> CutProxy::Start(const std::string& front,
                                                  const std::string& back) {
  auto state = std::make_unique<State>();
  state->back_path = back;
  state->listener = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = AddressOf(front);
  std::array<int, 2> wake{};
  if (!address ||
      ::bind(state->listener.get(),
             reinterpret_cast<const sockaddr*>(&*address),
             sizeof *address) != 0 ||
      ::listen(state->listener.get(), 16) != 0 || ::pipe(wake.data()) != 0) {
    return ErrnoError(errno, "the proxy cannot listen on '" + front + "'");
  }
  state->wake_reader = UniqueFd(wake[0]);
  state->wake_writer = UniqueFd(wake[1]);
  state->worker = std::thread([raw = state.get()] { raw->Loop(); });
  return std::unique_ptr<CutProxy>(new CutProxy(std::move(state)));
}

CutProxy::~CutProxy() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->Wake();
  state_->worker.join();
}

void CutProxy::TripAt(uint64_t bytes, std::function<void()> action) {
  const std::lock_guard lock(state_->mutex);
  state_->trip_at = bytes;
  state_->trip_action = std::move(action);
  state_->tripped = false;
}

bool CutProxy::WaitForTrip(std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return state_->tripped; });
}

void CutProxy::Cut() {
  const std::lock_guard lock(state_->mutex);
  state_->cut = true;
  state_->Wake();
}

void CutProxy::Mend() {
  const std::lock_guard lock(state_->mutex);
  state_->cut = false;
}

}  // namespace plumb::test
