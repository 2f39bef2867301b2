#include "client/cli/legs/tap_reader.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace plumb::client {
namespace {

constexpr int kStepMs = 50;  // between looks at the clock and at Ctrl-C

}  // namespace

Status TapReader::Read(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    PLUMB_RETURN_IF_ERROR(cancel_.status());
    if (std::chrono::steady_clock::now() >= deadline_) {
      return DeadlineExceededError("it took too long");
    }
    pollfd ready{pipe_.get(), POLLIN, 0};
    if (::poll(&ready, 1, kStepMs) <= 0) {
      continue;
    }
    const ssize_t count = ::read(pipe_.get(), bytes.data(), bytes.size());
    if (count == 0) {
      return UnavailableError("the stream of layers ended");
    }
    if (count > 0) {
      bytes = bytes.subspan(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return ErrnoError(errno, "the stream of layers cannot be read");
    }
  }
  return OkStatus();
}

}  // namespace plumb::client
