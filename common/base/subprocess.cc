#include "common/base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "common/base/text.h"

namespace plumb {
namespace {

// All that the child needs between fork and exec, made before the fork: allocation is not safe
// there when the parent has threads.
struct ChildPlan {
  std::vector<char*> argv;
  std::vector<std::string> environment_strings;
  std::vector<char*> environment;
  const char* working_folder = nullptr;
  std::vector<std::pair<int, int>> descriptors;  // child's number, parent's (moved high)
  int error_pipe = -1;
  pid_t parent = 0;
  bool kill_with_parent = true;
};

void FillEnvironment(const SubprocessOptions& options, ChildPlan& plan) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!options.extra_environment.contains(std::string(text.substr(0, text.find('='))))) {
      plan.environment_strings.emplace_back(text);
    }
  }
  for (const auto& [name, value] : options.extra_environment) {
    std::string text = name;
    text += '=';
    text += value;
    plan.environment_strings.push_back(std::move(text));
  }
  for (auto& text : plan.environment_strings) {
    plan.environment.push_back(text.data());
  }
  plan.environment.push_back(nullptr);
}

// Marks every descriptor above stderr as closed on exec; those passed on are marked anew by dup2.
void CloseOthersOnExec() {
  constexpr unsigned kCloseRangeCloexec = 4;  // of Linux 5.11; older kernels refuse the call
  constexpr int kLikelyDescriptors = 1024;
  if (::syscall(SYS_close_range, 3U, ~0U, kCloseRangeCloexec) == 0) {
    return;
  }
  for (int fd = 3; fd < kLikelyDescriptors; ++fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}

[[noreturn]] void FailChild(int error_pipe) {
  const int error = errno;
  [[maybe_unused]] const ssize_t put = ::write(error_pipe, &error, sizeof error);
  ::_exit(127);
}

// Runs in the child: async-signal-safe calls only.
[[noreturn]] void RunChild(const ChildPlan& plan) {
  ::setpgid(0, 0);
  if (plan.kill_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != plan.parent) {
      ::_exit(127);  // the parent died before the request took hold
    }
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);  // NOLINT(concurrency-mt-unsafe): one thread is left after fork
  if (plan.working_folder != nullptr && ::chdir(plan.working_folder) != 0) {
    FailChild(plan.error_pipe);
  }
  CloseOthersOnExec();
  for (const auto& [target, source] : plan.descriptors) {
    if (::dup2(source, target) < 0) {
      FailChild(plan.error_pipe);
    }
  }
  ::execvpe(plan.argv[0], plan.argv.data(), plan.environment.data());
  FailChild(plan.error_pipe);
}

// Copies of the descriptors above every number the child asked for, closed on exec.
Result<std::vector<UniqueFd>> MoveHigh(const SubprocessOptions& options, ChildPlan& plan) {
  int floor = 10;
  for (const auto& entry : options.descriptors) {
    floor = std::max(floor, entry.first + 1);
  }
  std::vector<UniqueFd> held;
  for (const auto& [target, source] : options.descriptors) {
    UniqueFd copy(::fcntl(source, F_DUPFD_CLOEXEC, floor));
    if (!copy.valid()) {
      return ErrnoError(errno, "cannot pass a descriptor to the child");
    }
    plan.descriptors.emplace_back(target, copy.get());
    held.push_back(std::move(copy));
  }
  return held;
}

}  // namespace

std::string ExitInfo::ToString() const {
  if (signal) {
    // Of the known signals glibc returns constant text.
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    return "signal " + std::to_string(*signal) + " (" + ::strsignal(*signal) + ")";
  }
  return "exit code " + std::to_string(code.value_or(-1));
}

Result<Subprocess> Subprocess::Start(const SubprocessOptions& options) {
  if (options.argv.empty() || options.argv[0].empty()) {
    return InvalidArgumentError("no program was named");
  }
  ChildPlan plan;
  for (const auto& argument : options.argv) {
    plan.argv.push_back(const_cast<char*>(argument.c_str()));
  }
  plan.argv.push_back(nullptr);
  FillEnvironment(options, plan);
  plan.working_folder = options.working_folder.empty() ? nullptr : options.working_folder.c_str();
  plan.kill_with_parent = options.kill_with_parent;
  plan.parent = ::getpid();
  PLUMB_ASSIGN_OR_RETURN(const auto held, MoveHigh(options, plan));

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return ErrnoError(errno, "cannot make a pipe");
  }
  const UniqueFd reader(ends[0]);
  UniqueFd writer(::fcntl(ends[1], F_DUPFD_CLOEXEC, 64));
  ::close(ends[1]);
  plan.error_pipe = writer.get();

  const pid_t pid = ::fork();
  if (pid < 0) {
    return ErrnoError(errno, "cannot fork");
  }
  if (pid == 0) {
    RunChild(plan);
  }
  ::setpgid(pid, pid);  // both sides set it, so that neither has to wait for the other
  writer.Reset();
  Subprocess child(pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))));
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(reader.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof error)) {
    child.Wait();
    return ErrnoError(error, "cannot start '" + EscapeForDisplay(options.argv[0]) + "'");
  }
  return child;
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      reaping_(std::move(other.reaping_)),
      exit_(std::exchange(other.exit_, std::nullopt)) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(reaping_, other.reaping_);
  std::swap(exit_, other.exit_);
  return *this;
}

Subprocess::~Subprocess() {
  if (pid_ > 0 && !exit_) {
    Kill(SIGKILL);
    Reap();
  }
}

void Subprocess::Kill(int signal) const {
  if (pid_ <= 0) {
    return;
  }
  const std::lock_guard lock(*reaping_);
  if (!exit_) {
    ::kill(-pid_, signal);
  }
}

std::optional<ExitInfo> Subprocess::WaitFor(std::chrono::milliseconds timeout) {
  if (exit_ || pid_ <= 0) {
    return exit_;
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd entry{pidfd_.get(), POLLIN, 0};
    // Kernels before 5.3 have no pidfd: poll then only sleeps, in short steps.
    const int step = pidfd_.valid() ? 60'000 : 5;
    const int wait = static_cast<int>(std::clamp<int64_t>(left.count(), 0, step));
    ::poll(&entry, pidfd_.valid() ? 1 : 0, wait);
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == pid_) {
      const std::lock_guard lock(*reaping_);
      ::kill(-pid_, SIGKILL);  // what the child left behind in its group, while the id is ours
      int status = 0;
      ::waitpid(pid_, &status, 0);
      exit_ = WIFSIGNALED(status) ? ExitInfo{std::nullopt, WTERMSIG(status)}
                                  : ExitInfo{WEXITSTATUS(status), std::nullopt};
      return exit_;
    }
    if (left.count() <= 0) {
      return std::nullopt;
    }
  }
}

ExitInfo Subprocess::Wait() {
  for (;;) {
    if (auto info = WaitFor(std::chrono::hours(1))) {
      return *info;
    }
  }
}

ExitInfo Subprocess::Reap() {
  return Wait();
}

void KillAndForget(Subprocess child, std::chrono::milliseconds patience) {
  child.Kill(SIGKILL);
  if (!child.WaitFor(patience)) {
    std::thread([abandoned = std::move(child)]() mutable { abandoned.Wait(); }).detach();
  }
}

}  // namespace plumb
