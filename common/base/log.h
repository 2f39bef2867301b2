// Logging in one line each: time, level, program, message. spdlog stays behind this
// header (its own costs eleven seconds a file to compile header-only).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plumb {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// The system's log gets the same lines without time and program, which it adds itself.
enum class LogTarget { kStderr, kSyslog };

// Call once at the top of main. Until then nothing below kWarning is printed.
void InitLog(std::string_view program, LogLevel level, LogTarget target = LogTarget::kStderr);

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

// A line that a peer can cause as often as it likes: beyond kPeerLogBurst lines at once and
// kPeerLogRate lines a second (of the whole process) it is counted and left out.
void LogPeer(LogLevel level, std::string_view message);

constexpr double kPeerLogRate = 10;
constexpr double kPeerLogBurst = 50;

// The counting behind LogPeer. Not thread-safe.
class LogBudget {
 public:
  using Clock = std::chrono::steady_clock;

  LogBudget(double lines_per_second, double burst)
      : rate_(lines_per_second),
        burst_(burst),
        left_(burst) {}

  // Empty: leave the line out. Otherwise how many were left out since the last one that was not.
  std::optional<uint64_t> Admit(Clock::time_point now);

 private:
  const double rate_;
  const double burst_;
  double left_;
  std::optional<Clock::time_point> last_;
  uint64_t left_out_ = 0;
};

}  // namespace plumb
