#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "common/base/file.h"

namespace plumb::test {

struct Program::State {
  Subprocess child;
  UniqueFd out;
  UniqueFd err;
  std::thread reader;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::string out_text;
  std::string err_text;
  bool closed = false;

  void ReadAll();
  std::optional<std::string> FindLine(const std::string& text) const;
};

namespace {

// Appends what is there; false once the stream has ended.
bool ReadSome(int fd, std::string& text) {
  std::array<char, 4096> block{};
  const ssize_t got = ::read(fd, block.data(), block.size());
  if (got > 0) {
    text.append(block.data(), static_cast<size_t>(got));
  }
  return got > 0;
}

std::optional<std::string> LineWith(const std::string& text, const std::string& wanted) {
  const size_t at = text.find(wanted);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const size_t end = text.find('\n', at);
  if (end == std::string::npos) {
    return std::nullopt;
  }
  const size_t before = text.rfind('\n', at);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  return text.substr(begin, end - begin);
}

}  // namespace

void Program::State::ReadAll() {
  std::array<pollfd, 2> ends = {{{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    ::poll(ends.data(), ends.size(), -1);
    const std::lock_guard lock(mutex);
    for (size_t i = 0; i < ends.size(); ++i) {
      auto& end = ends.at(i);
      if (end.fd >= 0 && end.revents != 0 && !ReadSome(end.fd, i == 0 ? out_text : err_text)) {
        end.fd = -1;
      }
    }
    changed.notify_all();
  }
  const std::lock_guard lock(mutex);
  closed = true;
  changed.notify_all();
}

std::optional<std::string> Program::State::FindLine(const std::string& text) const {
  auto line = LineWith(out_text, text);
  return line ? line : LineWith(err_text, text);
}

Program::Program(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Program>> Program::Start(const std::vector<std::string>& argv,
                                                const std::map<std::string, std::string>& env) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) {
    return InternalError("no pipes");
  }
  const UniqueFd out_writer(out[1]);
  const UniqueFd err_writer(err[1]);
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SubprocessOptions options;
  options.argv = argv;
  options.extra_environment = env;
  options.descriptors = {{0, null.get()}, {1, out_writer.get()}, {2, err_writer.get()}};
  options.kill_with_parent = false;  // tests start programs on threads that end before them
  PLUMB_ASSIGN_OR_RETURN(Subprocess child, Subprocess::Start(options));
  auto state = std::unique_ptr<State>(
      new State{std::move(child), UniqueFd(out[0]), UniqueFd(err[0]), {}, {}, {}, {}, {}, false});
  state->reader = std::thread([raw = state.get()] { raw->ReadAll(); });
  return std::unique_ptr<Program>(new Program(std::move(state)));
}

Program::~Program() {
  state_->child.Kill(SIGKILL);
  state_->child.Wait();
  state_->reader.join();
}

std::optional<std::string> Program::WaitForLine(const std::string& text,
                                                std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  std::optional<std::string> line;
  state_->changed.wait_for(lock, timeout, [&] {
    line = state_->FindLine(text);
    return line.has_value() || state_->closed;
  });
  return line;
}

std::optional<Finished> Program::WaitForExit(std::chrono::milliseconds timeout) {
  const auto exit = state_->child.WaitFor(timeout);
  if (!exit) {
    return std::nullopt;
  }
  std::unique_lock lock(state_->mutex);
  // What the program left running may hold the pipes open; its own words are in by then.
  state_->changed.wait_for(lock, std::chrono::seconds(2), [&] { return state_->closed; });
  return Finished{*exit, state_->out_text, state_->err_text};
}

void Program::Signal(int signal) {
  ::kill(state_->child.pid(), signal);
}

pid_t Program::pid() const {
  return state_->child.pid();
}

std::string Program::Output() const {
  const std::lock_guard lock(state_->mutex);
  return state_->out_text + state_->err_text;
}

Result<Finished> RunProgram(const std::vector<std::string>& argv,
                            std::chrono::milliseconds timeout,
                            const std::map<std::string, std::string>& env) {
  PLUMB_ASSIGN_OR_RETURN(const auto program, Program::Start(argv, env));
  auto finished = program->WaitForExit(timeout);
  if (!finished) {
    return DeadlineExceededError("'" + argv[0] + "' did not end in " +
                                 std::to_string(timeout.count()) + " ms; it printed:\n" +
                                 program->Output());
  }
  return std::move(*finished);
}

std::string BinaryPath(const std::string& name) {
  const auto program = ProgramPath();
  return (program->parent_path().parent_path() / "bin" / name).string();
}

}  // namespace plumb::test
