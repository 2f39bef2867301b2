// Logging to stderr in one line each: time, level, program, message. spdlog stays behind this
// header (its own costs eleven seconds a file to compile header-only).
#pragma once

#include <string_view>

namespace plumb {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// Call once at the top of main. Until then nothing below kWarning is printed.
void InitLog(std::string_view program, LogLevel level);

// Strings that come from a peer go through EscapeForDisplay first; Log does that to the message.
void Log(LogLevel level, std::string_view message);

inline void LogDebug(std::string_view message) {
  Log(LogLevel::kDebug, message);
}

inline void LogInfo(std::string_view message) {
  Log(LogLevel::kInfo, message);
}

inline void LogWarning(std::string_view message) {
  Log(LogLevel::kWarning, message);
}

inline void LogError(std::string_view message) {
  Log(LogLevel::kError, message);
}

}  // namespace plumb
