#include "common/ring/hang_report.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace plumb {
namespace {

constexpr std::chrono::milliseconds kPatience{1'000};
constexpr std::chrono::milliseconds kDeathTimeout{500};
constexpr size_t kMaxReport = 400;

// What lies in the pipe now; whoever still holds its other end is not waited for.
std::string Drained(const UniqueFd& pipe) {
  std::array<char, kMaxReport> bytes{};
  const ssize_t got = ::read(pipe.get(), bytes.data(), bytes.size());
  return got > 0 ? std::string(bytes.data(), static_cast<size_t>(got)) : "";
}

}  // namespace

std::string AskAboutHang(const ProcessRunnerOptions& options) {
  std::array<int, 2> ends{};
  if (options.hang_report_flag.empty() || ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return "";
  }
  const UniqueFd words(ends[0]);
  const UniqueFd child_words(ends[1]);
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  SubprocessOptions process;
  process.argv = options.argv;
  process.argv.push_back(options.hang_report_flag);
  process.extra_environment = options.extra_environment;
  process.descriptors = {{0, nothing.get()}, {1, child_words.get()}, {2, nothing.get()}};
  auto child = Subprocess::Start(process);
  if (!child.ok()) {
    return "";
  }
  const auto end = child->WaitFor(kPatience);
  if (!end) {
    KillAndForget(std::move(child).value(), kDeathTimeout);
    return "";
  }
  return end->clean() ? EscapeForDisplay(Trim(Drained(words))) : "";
}

}  // namespace plumb
