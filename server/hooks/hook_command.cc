#include "server/hooks/hook_command.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "common/base/log.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace plumb::server {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr size_t kMaxWords = 8192;
constexpr size_t kMaxLine = 300;
constexpr milliseconds kStep{20};
constexpr milliseconds kDeathTimeout{2000};

// What a hook says: its end, bounded.
class Words {
 public:
  explicit Words(UniqueFd pipe) : pipe_(std::move(pipe)) {}

  // Waits for more a moment, and takes what is there, not more than a child that never stops
  // talking says meanwhile. False: nothing more will come.
  bool Take(milliseconds patience) {
    if (!pipe_.valid()) {
      return false;
    }
    pollfd entry{pipe_.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(patience.count()));
    std::array<char, 4096> piece{};
    for (int round = 0; round < 64; ++round) {
      const ssize_t got = ::read(pipe_.get(), piece.data(), piece.size());
      if (got > 0) {
        text_.append(piece.data(), static_cast<size_t>(got));
        text_.erase(0, text_.size() > kMaxWords ? text_.size() - kMaxWords : 0);
      } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        pipe_.Reset();
        return false;
      } else if (errno == EAGAIN) {
        return true;
      }
    }
    return true;
  }

  [[nodiscard]] const std::string& text() const { return text_; }

  [[nodiscard]] std::string LastLine() const {
    std::string last;
    for (const std::string& line : Split(text_, '\n')) {
      if (!Trim(line).empty()) {
        last = EscapeForDisplay(Trim(line));
      }
    }
    return last.substr(0, kMaxLine);
  }

 private:
  UniqueFd pipe_;
  std::string text_;
};

std::string NameOf(const HookCall& call) {
  return "hook " + std::string(HookName(call.hook)) + " of board '" + call.board + "'";
}

Result<Subprocess> Start(const HookCommand& command, const HookCall& call, UniqueFd* reader) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return ErrnoError(errno, "making a pipe");
  }
  *reader = UniqueFd(pipe[0]);
  const UniqueFd writer(pipe[1]);
  const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid() || ::fcntl(reader->get(), F_SETFL, O_NONBLOCK) != 0) {
    return ErrnoError(errno, "preparing descriptors");
  }
  SubprocessOptions options;
  options.argv = command.argv;
  options.extra_environment = {{"PLUMB_HOOK", std::string(HookName(call.hook))},
                               {"PLUMB_BOARD", call.board},
                               {"PLUMB_RUN", call.run},
                               {"PLUMB_REASON", EscapeForDisplay(call.reason)}};
  options.descriptors = {{0, nothing.get()}, {1, writer.get()}, {2, writer.get()}};
  return Subprocess::Start(options);
}

void LogWords(const HookCall& call, const Words& words) {
  for (const std::string& line : Split(words.text(), '\n')) {
    if (!Trim(line).empty()) {
      LogInfo(NameOf(call) + ": " + line.substr(0, kMaxLine));
    }
  }
}

Status Failed(const HookCall& call, const std::string& how, const Words& words) {
  const std::string last = words.LastLine();
  return UnavailableError(NameOf(call) + " " + how + (last.empty() ? "" : ": " + last))
      .WithReason("hook_failed")
      .WithHint("run it by hand as the server's user; docs/hooks.md says what it is given");
}

// Its end; empty when it was killed.
std::optional<ExitInfo> AwaitEnd(Subprocess* child,
                                 const std::function<Clock::time_point()>& deadline,
                                 Words* words) {
  for (;;) {
    const bool talks = words->Take(kStep);
    // A grandchild that keeps the pipe open is not waited for.
    if (const auto exit = child->WaitFor(talks ? milliseconds(0) : kStep)) {
      words->Take(milliseconds(0));
      return exit;
    }
    if (Clock::now() >= deadline()) {
      child->Kill(SIGKILL);
      child->WaitFor(kDeathTimeout);
      words->Take(milliseconds(0));
      return std::nullopt;
    }
  }
}

}  // namespace

Status RunHookCommand(const HookCommand& command,
                      const HookCall& call,
                      const std::function<Clock::time_point()>& deadline) {
  const auto begin = Clock::now();
  LogInfo(NameOf(call) + " for run " + call.run + ": " + Join(command.argv, " "));
  UniqueFd reader;
  auto child = Start(command, call, &reader);
  Words words(std::move(reader));
  if (!child.ok()) {
    return Failed(call, "could not be started: " + child.status().ToString(), words);
  }
  const auto exit = AwaitEnd(
      &*child, [&] { return std::min(begin + command.timeout, deadline()); }, &words);
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  LogWords(call, words);
  if (!exit) {
    KillAndForget(std::move(*child), kDeathTimeout);
    return Failed(call, "was killed after " + std::to_string(took.count()) + " ms", words);
  }
  return exit->clean() ? OkStatus() : Failed(call, "ended with " + exit->ToString(), words);
}

}  // namespace plumb::server
