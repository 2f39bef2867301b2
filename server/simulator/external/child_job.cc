#include "server/simulator/external/child_job.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "common/base/text.h"
#include "common/base/unique_fd.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxWords = 8192;
constexpr size_t kMaxLines = 6;
constexpr milliseconds kStep{50};
constexpr milliseconds kDeathTimeout{2000};

struct Talk {
  UniqueFd pipe;
  std::string words;

  // Takes what is there, not more than a child that never stops talking can say in a moment.
  void Read() {
    std::array<char, 4096> piece{};
    for (int round = 0; round < 64 && pipe.valid(); ++round) {
      const ssize_t got = ::read(pipe.get(), piece.data(), piece.size());
      if (got > 0) {
        words.append(piece.data(), static_cast<size_t>(got));
        words.erase(0, words.size() > kMaxWords ? words.size() - kMaxWords : 0);
      } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        pipe.Reset();
      } else if (errno == EAGAIN) {
        return;
      }
    }
  }

  void Await(milliseconds timeout) const {
    pollfd entry{pipe.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(timeout.count()));
  }
};

Result<Subprocess> Start(const ChildJob& job, Talk* talk) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return ErrnoError(errno, "cannot make a pipe");
  }
  talk->pipe = UniqueFd(pipe[0]);
  const UniqueFd writer(pipe[1]);
  const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid() || ::fcntl(talk->pipe.get(), F_SETFL, O_NONBLOCK) != 0) {
    return ErrnoError(errno, "cannot prepare the descriptors of " + job.name);
  }
  SubprocessOptions options;
  options.argv = job.argv;
  options.extra_environment = job.environment;
  options.working_folder = job.working_folder.string();
  options.descriptors = {{0, nothing.get()}, {1, writer.get()}, {2, writer.get()}};
  auto child = Subprocess::Start(options);
  if (!child.ok()) {
    return child.status()
        .Annotate(job.name)
        .WithReason(kReasonSimulatorMissing)
        .WithHint("install the program, or correct its path; plumb doctor says what is missing");
  }
  return child;
}

Status Hung(const ChildJob& job, const Talk& talk) {
  return DeadlineExceededError(job.name + " was killed: it had not ended after " +
                               std::to_string(job.time_limit.count()) + " ms" +
                               LastWords(talk.words))
      .WithReason(kReasonSimulatorHung)
      .WithHint(
          "give it more time with --simulator-timeout, or run it by hand to see where it "
          "waits");
}

bool SpeaksOfPython(const std::string& words) {
  constexpr std::array<std::string_view, 5> kSigns = {"ModuleNotFoundError",
                                                      "ImportError",
                                                      "SyntaxError",
                                                      "No module named",
                                                      "undefined symbol: _Py"};
  return std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
    return words.find(sign) != std::string::npos;
  });
}

}  // namespace

Result<ChildEnd> RunChild(const ChildJob& job, const CancelToken& cancel) {
  PLUMB_RETURN_IF_ERROR(cancel.status());
  Talk talk;
  PLUMB_ASSIGN_OR_RETURN(Subprocess child, Start(job, &talk));
  const auto deadline = steady_clock::now() + job.time_limit;
  for (;;) {
    // At the end of its words it is about to end, or has closed them: then only its end is awaited.
    talk.Await(talk.pipe.valid() ? kStep : milliseconds{0});
    talk.Read();
    if (const auto exit = child.WaitFor(talk.pipe.valid() ? milliseconds{0} : kStep)) {
      talk.Read();
      return ChildEnd{*exit, talk.words};
    }
    const bool over = steady_clock::now() >= deadline;
    if (over || cancel.cancelled()) {
      child.Kill(SIGKILL);
      child.WaitFor(kDeathTimeout);
      talk.Read();
      return over && !cancel.cancelled() ? Hung(job, talk) : cancel.status();
    }
  }
}

std::string LastWords(const std::string& words) {
  std::vector<std::string> lines;
  for (const std::string& line : Split(words, '\n')) {
    if (!Trim(line).empty()) {
      lines.push_back(EscapeForDisplay(Trim(line)));
    }
  }
  if (lines.size() > kMaxLines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kMaxLines));
  }
  return lines.empty() ? "" : "; its last words: " + Join(lines, " | ");
}

Status ChildFailure(const ChildJob& job, const ChildEnd& end) {
  const std::string what = job.name + " ended with " + end.exit.ToString() + LastWords(end.words);
  if (end.exit.code && SpeaksOfPython(end.words)) {
    return FailedPreconditionError("the Python '" + EscapeForDisplay(job.argv.front()) +
                                   "' does not fit the SDK: " + what)
        .WithReason(kReasonSimulatorPython)
        .WithHint(
            "name an interpreter the SDK was built for, mostly Python 3.7 with numpy: "
            "--sdk-python");
  }
  return AbortedError(what)
      .WithReason(kReasonSimulatorCrashed)
      .WithHint("run it by hand with the same model and input; its words say more");
}

}  // namespace plumb::server
