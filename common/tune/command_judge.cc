#include "common/tune/command_judge.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "common/base/file.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"

namespace plumb::tune {
namespace {

constexpr std::string_view kPlace = "{ini}";
constexpr int kSkip = 125;
constexpr int kFirstFatal = 128;
constexpr uint64_t kMaxShown = 2000;

// For a POSIX shell.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

std::string Filled(std::string command, const std::string& path) {
  const std::string quoted = Quoted(path);
  for (size_t at = command.find(kPlace); at != std::string::npos;
       at = command.find(kPlace, at + quoted.size())) {
    command.replace(at, kPlace.size(), quoted);
  }
  return command;
}

// The last lines of what the command printed, on one line each.
std::string EndOf(const std::filesystem::path& log) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(log, error);
  const UniqueFd file(::open(log.c_str(), O_RDONLY | O_CLOEXEC));
  if (error || !file.valid() || size == 0) {
    return "it printed nothing";
  }
  const uint64_t shown = std::min(size, kMaxShown);
  std::string text(shown, '\0');
  const ssize_t got =
      ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(size - shown));
  text.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  std::string escaped;
  for (const std::string& line : Split(Trim(text), '\n')) {
    escaped += (escaped.empty() ? "" : "\n  ") + EscapeForDisplay(line);
  }
  return "it printed:\n  " + escaped;
}

class CommandJudge {
 public:
  CommandJudge(CommandJudgeOptions options, CancelToken cancel)
      : options_(std::move(options)),
        cancel_(std::move(cancel)) {}

  Result<Judgement> operator()(std::span<const size_t> on) const {
    PLUMB_RETURN_IF_ERROR(cancel_.status());
    const std::filesystem::path ini = options_.folder / "input_config.ini";
    const std::filesystem::path log = options_.folder / "command.log";
    PLUMB_RETURN_IF_ERROR(options_.write(on, ini));
    PLUMB_ASSIGN_OR_RETURN(const ExitInfo exit, Run(ini, log));
    if (exit.code && *exit.code < kFirstFatal) {
      if (*exit.code == kSkip) {
        return Judgement::kUnknown;
      }
      return *exit.code == 0 ? Judgement::kMeets : Judgement::kMisses;
    }
    return UnavailableError("the command ended with " + exit.ToString() + "; " + EndOf(log))
        .WithHint(
            "the command must exit with 0 (meets the tolerance), 1 to 127 (does not) or 125 "
            "(cannot be judged)");
  }

 private:
  [[nodiscard]] Result<ExitInfo> Run(const std::filesystem::path& ini,
                                     const std::filesystem::path& log) const {
    const UniqueFd output(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!output.valid()) {
      return ErrnoError(errno, "cannot write '" + EscapeForDisplay(log.string()) + "'");
    }
    SubprocessOptions child;
    child.argv = {"/bin/sh", "-c", Filled(options_.command, ini.string())};
    child.descriptors = {{STDOUT_FILENO, output.get()}, {STDERR_FILENO, output.get()}};
    PLUMB_ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(child));
    const auto killing = cancel_.OnCancel([&process] { process.Kill(SIGKILL); });
    const std::optional<ExitInfo> exit = process.WaitFor(options_.timeout);
    PLUMB_RETURN_IF_ERROR(cancel_.status());
    if (!exit) {
      process.Kill(SIGKILL);
      process.Wait();
      return DeadlineExceededError("the command did not end within " +
                                   std::to_string(options_.timeout.count() / 1000) + " s; " +
                                   EndOf(log))
          .WithHint("give it a longer --timeout");
    }
    return *exit;
  }

  CommandJudgeOptions options_;
  CancelToken cancel_;
};

}  // namespace

Result<Judge> MakeCommandJudge(CommandJudgeOptions options, const CancelToken& cancel) {
  if (options.command.find(kPlace) == std::string::npos) {
    return InvalidArgumentError("the command has no {ini} in it")
        .WithHint(
            "write where the configuration goes: --command 'make_fixed.sh {ini} && plumb "
            "compare …'");
  }
  return Judge(CommandJudge(std::move(options), cancel));
}

}  // namespace plumb::tune
