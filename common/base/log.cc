#include "common/base/log.h"

#include <string>

#include <spdlog/sinks/stdout_color_sinks.h>
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

void InitLog(std::string_view program, LogLevel level) {
  Logger().set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%L%$ " + std::string(program) + ": %v");
  Logger().set_level(ToSpdlog(level));
}

void Log(LogLevel level, std::string_view message) {
  Logger().log(ToSpdlog(level), "{}", EscapeForDisplay(message));
}

}  // namespace plumb
