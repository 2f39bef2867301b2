#include "common/framework/node_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::framework {
namespace {

constexpr size_t kMaxLine = size_t{1} << 20U;
constexpr size_t kMaxWords = 4096;
constexpr int kPollStep = 50;  // milliseconds until a cancellation is seen

struct Pipe {
  UniqueFd ours;
  UniqueFd theirs;
};

// A socket pair, so that sending to a child that died is an error and no signal.
Result<Pipe> MakePair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoError(errno, "cannot make a socket pair");
  }
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  ::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

// A pipe: node writes to one without blocking tricks.
Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return ErrnoError(errno, "cannot make a pipe");
  }
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  ::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

Status NoNode(const Status& status) {
  return NotFoundError("TFLite runs in node, which cannot be started: " + status.message())
      .WithReason(kReasonRuntimeUnavailable)
      .WithHint("install node: apt-get install nodejs");
}

bool WouldBlock() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

NodeChild::NodeChild(Subprocess process, RunControl control)
    : process_(std::move(process)),
      control_(std::move(control)),
      until_(std::chrono::steady_clock::now() + control_.timeout) {}

Result<NodeChild> NodeChild::Start(const std::filesystem::path& script,
                                   const std::vector<std::string>& arguments,
                                   std::vector<uint8_t> request,
                                   const RunControl& control) {
  PLUMB_ASSIGN_OR_RETURN(Pipe input, MakePair());
  PLUMB_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  PLUMB_ASSIGN_OR_RETURN(Pipe errors, MakePipe());
  SubprocessOptions options;
  options.argv = {"node", script.string()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.descriptors = {
      {0, input.theirs.get()}, {1, output.theirs.get()}, {2, errors.theirs.get()}};
  auto started = Subprocess::Start(options);
  if (!started.ok()) {
    return NoNode(started.status());
  }
  NodeChild child(std::move(started).value(), control);
  child.to_ = std::move(input.ours);
  child.from_ = std::move(output.ours);
  child.errors_ = std::move(errors.ours);
  child.request_ = std::move(request);
  return child;
}

Status NodeChild::Send() {
  const ssize_t count =
      ::send(to_.get(), request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
  if (count < 0) {
    return WouldBlock() ? OkStatus() : Ended();
  }
  sent_ += static_cast<size_t>(count);
  if (sent_ == request_.size()) {
    to_.Reset();  // the script reads to the end
  }
  return OkStatus();
}

Status NodeChild::Receive() {
  constexpr size_t kPiece = size_t{64} << 10U;
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  const size_t have = received_.size();
  received_.resize(have + kPiece);
  const ssize_t count = ::read(from_.get(), received_.data() + have, kPiece);
  received_.resize(have + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count > 0 || (count < 0 && WouldBlock())) {
    return OkStatus();
  }
  return Ended();
}

void NodeChild::ReadWords() {
  std::array<char, kMaxWords> piece{};
  const ssize_t count = ::read(errors_.get(), piece.data(), piece.size());
  if (count == 0) {
    errors_.Reset();
  }
  if (count > 0) {
    words_.append(piece.data(), static_cast<size_t>(count));
    words_.erase(0, words_.size() - std::min(words_.size(), kMaxWords));
  }
}

std::string NodeChild::Words() const {
  std::string lines;
  for (const std::string& line : Split(Trim(words_), '\n')) {
    lines += line.empty() ? "" : "\n  " + EscapeForDisplay(line);
  }
  return lines;
}

Status NodeChild::Ended() {
  const auto exit = process_.WaitFor(std::chrono::seconds(1));
  for (int i = 0; i < 4 && errors_.valid(); ++i) {
    ReadWords();
  }
  return UnavailableError("TFLite's node ended" +
                          (exit ? " with " + exit->ToString() : std::string()) +
                          " before its answer was whole" + Words())
      .WithReason(kReasonRunnerCrashed);
}

Status NodeChild::Step() {
  std::array<pollfd, 3> waits = {pollfd{from_.get(), POLLIN, 0},
                                 pollfd{errors_.valid() ? errors_.get() : -1, POLLIN, 0},
                                 pollfd{to_.valid() ? to_.get() : -1, POLLOUT, 0}};
  ::poll(waits.data(), waits.size(), kPollStep);
  PLUMB_RETURN_IF_ERROR(control_.cancel.status());
  if (std::chrono::steady_clock::now() > until_) {
    process_.Kill(SIGKILL);
    return DeadlineExceededError("TFLite took longer than " +
                                 std::to_string(control_.timeout.count()) + " ms and was killed" +
                                 Words())
        .WithReason(kReasonRunnerHung);
  }
  if (waits[1].revents != 0) {
    ReadWords();
  }
  if (waits[2].revents != 0) {
    PLUMB_RETURN_IF_ERROR(Send());
  }
  return waits[0].revents != 0 ? Receive() : OkStatus();
}

Result<std::string> NodeChild::Line() {
  for (size_t looked = 0;;) {
    const auto begin = received_.begin() + static_cast<std::ptrdiff_t>(taken_);
    const auto end =
        std::find(begin + static_cast<std::ptrdiff_t>(looked), received_.end(), uint8_t{'\n'});
    if (end != received_.end()) {
      std::string line(begin, end);
      taken_ += line.size() + 1;
      return line;
    }
    looked = received_.size() - taken_;
    if (looked > kMaxLine) {
      return DataLossError("TFLite's node wrote a line of more than 1 MiB" + Words())
          .WithReason(kReasonRunnerCrashed);
    }
    PLUMB_RETURN_IF_ERROR(Step());
  }
}

Result<std::vector<uint8_t>> NodeChild::Bytes(uint64_t size) {
  std::vector<uint8_t> bytes;
  bytes.reserve(size);
  while (bytes.size() < size) {
    const size_t count = std::min<uint64_t>(size - bytes.size(), received_.size() - taken_);
    const auto begin = received_.begin() + static_cast<std::ptrdiff_t>(taken_);
    bytes.insert(bytes.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    taken_ += count;
    if (bytes.size() < size) {
      PLUMB_RETURN_IF_ERROR(Step());
    }
  }
  return bytes;
}

Result<std::string> NodeVersion() {
  PLUMB_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  SubprocessOptions options;
  options.argv = {"node", "--version"};
  options.descriptors = {{1, output.theirs.get()}};
  auto started = Subprocess::Start(options);
  if (!started.ok()) {
    return NoNode(started.status());
  }
  const auto exit = started->WaitFor(std::chrono::seconds(10));
  std::array<char, 64> text{};
  const ssize_t count = ::read(output.ours.get(), text.data(), text.size());
  if (!exit || !exit->clean() || count <= 0) {
    return NoNode(UnavailableError("node --version does not answer"));
  }
  return EscapeForDisplay(Trim(std::string_view(text.data(), static_cast<size_t>(count))));
}

}  // namespace plumb::framework
