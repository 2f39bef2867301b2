#include "common/base/log.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>

#include "common/base/text.h"

namespace plumb {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>(
        "plumb", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *logger;
}

}  // namespace

void InitLog(std::string_view program, LogLevel level, LogTarget target) {
  Logger().set_level(ToSpdlog(level));
  if (target == LogTarget::kSyslog) {
    auto sink = std::make_shared<spdlog::sinks::syslog_sink_mt>(
        std::string(program), LOG_PID, LOG_DAEMON, true);
    sink->set_pattern("%v");
    Logger().sinks() = {std::move(sink)};
    return;
  }
  Logger().set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%L%$ " + std::string(program) + ": %v");
}

void Log(LogLevel level, std::string_view message) {
  Logger().log(ToSpdlog(level), "{}", EscapeForDisplay(message));
}

void LogPeer(LogLevel level, std::string_view message) {
  static std::mutex mutex;
  static LogBudget budget(kPeerLogRate, kPeerLogBurst);
  std::optional<uint64_t> left_out;
  {
    const std::lock_guard lock(mutex);
    left_out = budget.Admit(LogBudget::Clock::now());
  }
  if (!left_out) {
    return;
  }
  if (*left_out > 0) {
    LogWarning(std::to_string(*left_out) + " lines about peers were left out: too many at once");
  }
  Log(level, message);
}

std::optional<uint64_t> LogBudget::Admit(Clock::time_point now) {
  if (last_) {
    left_ += rate_ * std::chrono::duration<double>(now - *last_).count();
  }
  last_ = now;
  left_ = std::min(left_, burst_);
  if (left_ < 1) {
    ++left_out_;
    return std::nullopt;
  }
  left_ -= 1;
  return std::exchange(left_out_, 0);
}

}  // namespace plumb
