// A child process in a process group of its own that never outlives its parent.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/base/unique_fd.h"

namespace plumb {

struct SubprocessOptions {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it holds a '/'
  std::map<std::string, std::string> extra_environment;
  std::string working_folder;      // empty: the parent's
  std::map<int, int> descriptors;  // child's number → parent's descriptor; others are closed
  // PR_SET_PDEATHSIG SIGKILL. The kernel ties it to the *thread* that starts the child: that thread
  // must live as long as the child does.
  bool kill_with_parent = true;
};

// How a child ended. Exactly one of the two is set.
struct ExitInfo {
  std::optional<int> code;
  std::optional<int> signal;
  // "exit code 3", "signal 11 (Segmentation fault)".
  [[nodiscard]] std::string ToString() const;

  [[nodiscard]] bool clean() const { return code == 0; }
};

// Owns the child: the destructor kills its whole group and reaps it. Not thread-safe, but Kill()
// may be called from another thread while one waits.
class Subprocess {
 public:
  // kNotFound or kPermissionDenied with the program's name when it cannot be started.
  static Result<Subprocess> Start(const SubprocessOptions& options);
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;
  ~Subprocess();

  [[nodiscard]] pid_t pid() const { return pid_; }

  // Signals the child's process group; does nothing once it is reaped.
  void Kill(int signal) const;
  // Waits for the end; nullopt when `timeout` is over first.
  std::optional<ExitInfo> WaitFor(std::chrono::milliseconds timeout);
  ExitInfo Wait();

 private:
  Subprocess(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  ExitInfo Reap();

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  // Held while the child is reaped or signalled: a signal must never meet an id given to another.
  std::unique_ptr<std::mutex> reaping_ = std::make_unique<std::mutex>();
  std::optional<ExitInfo> exit_;
};

// Kills `child` and waits `patience` for its death. One that is stuck in a driver call, which no
// signal ends, is left to a thread of its own, so that the caller never hangs with it.
void KillAndForget(Subprocess child, std::chrono::milliseconds patience);

}  // namespace plumb
