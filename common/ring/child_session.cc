#include "common/ring/child_session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/ring/hang_report.h"
#include "common/runner/failure.h"

namespace plumb {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxTail = 4096;
constexpr size_t kMaxLastLines = 5;
constexpr milliseconds kDeathTimeout{2000};
constexpr milliseconds kFinishTimeout{5000};
constexpr milliseconds kWordsInterval{100};
// After an error or cancellation: a chance to give the driver's memory back, not more.
constexpr milliseconds kGraceTimeout{300};

struct ErrorMeaning {
  ring::ErrorKind kind;
  StatusCode code;
  std::string_view reason;
};

constexpr std::array<ErrorMeaning, 9> kMeanings = {{
    {ring::ErrorKind::kInternal, StatusCode::kInternal, kReasonRunnerCrashed},
    {ring::ErrorKind::kProtocol, StatusCode::kInternal, kReasonProtocol},
    {ring::ErrorKind::kRuntimeUnavailable, StatusCode::kUnavailable, kReasonRuntimeUnavailable},
    {ring::ErrorKind::kModelRefused, StatusCode::kFailedPrecondition, kReasonModelRefused},
    {ring::ErrorKind::kInputRefused, StatusCode::kInvalidArgument, kReasonInputRefused},
    {ring::ErrorKind::kOutOfMemory, StatusCode::kResourceExhausted, kReasonOutOfMemory},
    {ring::ErrorKind::kInvokeFailed, StatusCode::kAborted, kReasonInvokeFailed},
    {ring::ErrorKind::kHung, StatusCode::kDeadlineExceeded, kReasonRunnerHung},
    {ring::ErrorKind::kUsage, StatusCode::kInvalidArgument, kReasonUsage},
}};

std::string AdviceOnDeath(const ExitInfo& end) {
  if (end.signal == SIGKILL) {
    return "nobody here sent SIGKILL: look for the kernel's out-of-memory killer in dmesg";
  }
  if (end.signal) {
    return "the runtime's library crashed: try the model alone, then another SDK version, and keep "
           "the model and input for the vendor";
  }
  return "run the program by hand with --help to see whether it starts at all";
}

}  // namespace

Result<std::unique_ptr<ChildSession>> ChildSession::Start(const ProcessRunnerOptions& options,
                                                          const CancelToken& cancel) {
  std::unique_ptr<ChildSession> session(new ChildSession(options, cancel));
  PLUMB_RETURN_IF_ERROR(session->Launch());
  PLUMB_RETURN_IF_ERROR(session->Greet());
  return session;
}

ChildSession::~ChildSession() {
  registration_ = {};
  if (ring_ != nullptr) {
    ::munmap(ring_, ring::kRingSize);
  }
  if (!child_) {
    return;
  }
  socket_.Reset();
  words_.Reset();
  if (child_->WaitFor(kGraceTimeout)) {
    return;
  }
  KillAndForget(std::move(*child_), kDeathTimeout);
}

void ChildSession::Finish() {
  socket_.Reset();
  // Its last words are read all the while: a full pipe would keep it from ending.
  for (milliseconds waited{0}; waited < kFinishTimeout; waited += kWordsInterval) {
    if (child_->WaitFor(kWordsInterval)) {
      return;
    }
    ReadWords();
  }
}

Status ChildSession::MakeRing(UniqueFd* memory) {
  *memory = UniqueFd(::memfd_create("plumb-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory->valid() || ::ftruncate(memory->get(), ring::kRingSize) != 0) {
    return ErrnoError(errno, "cannot make the shared ring");
  }
  // A child that shrank the ring would kill this process with SIGBUS.
  if (::fcntl(memory->get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return ErrnoError(errno, "cannot seal the shared ring");
  }
  void* base =
      ::mmap(nullptr, ring::kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED, memory->get(), 0);
  if (base == MAP_FAILED) {
    return ErrnoError(errno, "cannot map the shared ring");
  }
  ring_ = static_cast<uint8_t*>(base);
  return OkStatus();
}

Status ChildSession::Launch() {
  UniqueFd memory;
  PLUMB_RETURN_IF_ERROR(MakeRing(&memory));
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return ErrnoError(errno, "cannot make a socket pair");
  }
  socket_ = UniqueFd(sockets[0]);
  const UniqueFd child_socket(sockets[1]);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return ErrnoError(errno, "cannot make a pipe");
  }
  words_ = UniqueFd(pipe[0]);
  const UniqueFd child_words(pipe[1]);
  const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  wakeup_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!nothing.valid() || !wakeup_.valid() || ::fcntl(words_.get(), F_SETFL, O_NONBLOCK) != 0) {
    return ErrnoError(errno, "cannot prepare the runner's descriptors");
  }
  SubprocessOptions process;
  process.argv = options_.argv;
  process.extra_environment = options_.extra_environment;
  process.descriptors = {{0, nothing.get()},
                         {1, child_words.get()},
                         {2, child_words.get()},
                         {ring::kControlFd, child_socket.get()},
                         {ring::kRingFd, memory.get()}};
  auto child = Subprocess::Start(process);
  if (!child.ok()) {
    return Blame(child.status().WithHint("check that the program is installed and executable"),
                 kReasonRuntimeUnavailable);
  }
  child_ = std::move(child).value();
  registration_ = cancel_.OnCancel([fd = wakeup_.get()] {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t put = ::write(fd, &one, sizeof one);
  });
  return OkStatus();
}

Status ChildSession::Greet() {
  const Step step{"starting", options_.start_timeout};
  const ring::Hello hello{ring::kMagic, ring::kVersion, ring::kSlotSize, ring::kSlotCount};
  PLUMB_RETURN_IF_ERROR(Send(ring::MessageType::kHello, hello, step));
  PLUMB_ASSIGN_OR_RETURN(const auto reply,
                         Expect<ring::Hello>(ring::MessageType::kHelloReply, step));
  if (reply.magic != ring::kMagic || reply.version != ring::kVersion) {
    return Blame(FailedPreconditionError("'" + options_.argv[0] + "' answers with version " +
                                         std::to_string(reply.version) + " of the ring protocol")
                     .WithHint("install programs of the same release"),
                 kReasonProtocol);
  }
  greeted_ = true;
  return OkStatus();
}

std::span<uint8_t> ChildSession::slot(uint32_t index) const {
  return {ring_ + size_t{index} * ring::kSlotSize, ring::kSlotSize};
}

Status ChildSession::Send(ring::MessageType type,
                          const void* body,
                          size_t body_size,
                          const Step& step) {
  return ring::SendMessage(socket_.get(), type, body, body_size) ? OkStatus() : Died(step);
}

Result<const ring::Message*> ChildSession::Receive(const Step& step) {
  const auto deadline = steady_clock::now() + step.timeout;
  for (;;) {
    switch (message_.Receive(socket_.get(), true)) {
      case ring::ReceiveResult::kMessage:
        if (message_.type() == ring::MessageType::kError) {
          return Reported();
        }
        return &message_;
      case ring::ReceiveResult::kMalformed:
        return BrokenProtocol(step);
      case ring::ReceiveResult::kClosed:
        return Died(step);
      case ring::ReceiveResult::kNothing:
        break;
    }
    if (auto over = Wait(deadline, step)) {
      return *std::move(over);
    }
  }
}

// Until the socket has something (nullopt), or it is over.
std::optional<Status> ChildSession::Wait(steady_clock::time_point deadline, const Step& step) {
  if (cancel_.cancelled()) {
    return cancel_.status();
  }
  const auto left =
      std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
  if (left < 0) {
    return Hung(step);
  }
  std::array<pollfd, 3> entries = {
      {{socket_.get(), POLLIN, 0}, {wakeup_.get(), POLLIN, 0}, {words_.get(), POLLIN, 0}}};
  // A negative descriptor (words_ at its end) is passed over by poll.
  ::poll(entries.data(), entries.size(), static_cast<int>(std::min<int64_t>(left + 1, 60'000)));
  if (entries[2].revents != 0) {
    ReadWords();
  }
  return std::nullopt;
}

void ChildSession::ReadWords() {
  std::array<char, 1024> piece{};
  // Bounded, so that a child that never stops talking cannot keep us here.
  for (int round = 0; round < 64 && words_.valid(); ++round) {
    const ssize_t got = ::read(words_.get(), piece.data(), piece.size());
    if (got > 0) {
      tail_.append(piece.data(), static_cast<size_t>(got));
      tail_.erase(0, tail_.size() > kMaxTail ? tail_.size() - kMaxTail : 0);
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
      words_.Reset();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

std::string ChildSession::LastWords() {
  ReadWords();
  std::vector<std::string> lines;
  for (const auto& line : Split(tail_, '\n')) {
    if (!Trim(line).empty()) {
      lines.push_back(EscapeForDisplay(line));
    }
  }
  if (lines.size() > kMaxLastLines) {
    lines.erase(lines.begin(), lines.end() - kMaxLastLines);
  }
  return lines.empty() ? "" : "; its last words: " + Join(lines, " | ");
}

Status ChildSession::Blame(Status status, std::string_view reason) const {
  return std::move(status).WithReason(options_.failure_reason.empty() ? reason
                                                                      : options_.failure_reason);
}

Status ChildSession::BrokenProtocol(const Step& step) const {
  return Blame(InternalError("'" + options_.argv[0] + "' broke the ring protocol while " +
                             std::string(step.doing))
                   .WithHint("install programs of the same release"),
               kReasonProtocol);
}

Status ChildSession::Died(const Step& step) {
  if (cancel_.cancelled()) {
    return cancel_.status();
  }
  const auto end = child_->WaitFor(kDeathTimeout);
  if (!end) {
    return BrokenProtocol(step);
  }
  const bool never_ran = !greeted_ && end->code.has_value();
  const std::string who = "'" + options_.argv[0] + "'";
  return Blame(AbortedError(who + " ended with " + end->ToString() + " while " +
                            std::string(step.doing) + LastWords())
                   .WithHint(AdviceOnDeath(*end)),
               never_ran ? kReasonRuntimeUnavailable : kReasonRunnerCrashed);
}

Status ChildSession::Hung(const Step& step) {
  // Before the child's death, which lets the driver tidy up what would have told the reason.
  const std::string board = AskAboutHang(options_);
  child_->Kill(SIGKILL);
  const bool dead = child_->WaitFor(kDeathTimeout).has_value();
  std::string message = "'" + options_.argv[0] + "' was killed: no answer within " +
                        std::to_string(step.timeout.count()) + " ms (the time-out) while " +
                        std::string(step.doing) + LastWords();
  if (!dead) {
    message += "; it cannot be killed, so it is stuck in the driver: reset the board";
  }
  message += board.empty() ? "" : " [" + board + "]";
  return Blame(DeadlineExceededError(std::move(message))
                   .WithHint("raise --timeout when the network is that slow; otherwise the chip or "
                             "its library hangs"),
               kReasonRunnerHung);
}

Status ChildSession::Reported() const {
  ring::Error error{};
  if (!message_.Read(&error)) {
    return BrokenProtocol({"reporting an error", {}});
  }
  const std::string text = EscapeForDisplay(ring::ReadText(error.message, sizeof error.message));
  const std::string hint = EscapeForDisplay(ring::ReadText(error.hint, sizeof error.hint));
  const auto* const meaning =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](const auto& entry) {
        return entry.kind == error.kind;
      });
  const ErrorMeaning& found = meaning == kMeanings.end() ? kMeanings[1] : *meaning;
  Status status(found.code, text.empty() ? "the runner failed without a word" : text);
  return Blame(hint.empty() ? status : std::move(status).WithHint(hint), found.reason);
}

}  // namespace plumb
