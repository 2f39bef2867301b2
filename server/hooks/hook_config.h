// What the lab wants done around its boards: a JSON file on the server (docs/hooks.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::server {

enum class Hook : uint8_t {
  kBeforeLease,  // a run was given the board and has not begun
  kAfterLease,   // the run has ended and the board is not free yet
  kOnHang,       // the board hung
  kFlash,        // it hung again after it was power-cycled
  kPowerCycle,
};

// "before_lease", "after_lease", "on_hang", "flash", "power_cycle".
std::string_view HookName(Hook hook);

// A program and its arguments; no shell looks at them.
struct HookCommand {
  std::vector<std::string> argv;              // never empty
  std::chrono::milliseconds timeout{30'000};  // then its process group is killed: it has failed
  bool quarantine = true;  // the board, when it fails; false: the failure is logged and forgotten
};

// A run of a known network whose result is known: whether a board still computes.
struct HealthCheck {
  std::filesystem::path model;
  std::vector<std::filesystem::path> inputs;
  std::string digest;  // SHA-256 of the outputs' valid bytes; empty: the simulator decides
  std::chrono::milliseconds every{0};  // 0: not by the clock
  uint32_t after_failures = 3;         // of the board's, in a row; 0: not for failures
};

// Immutable.
class HookConfig {
 public:
  // kInvalidArgument with reason usage names the key, and the nearest known one for a wrong one.
  static Result<HookConfig> Parse(std::string_view json);
  // Also kPermissionDenied for a file that everybody may write: what is in it is run. Paths of
  // health checks are relative to the file's folder; kNotFound for one that is not there.
  static Result<HookConfig> Read(const std::filesystem::path& file);

  // Null: nothing is to be done. The first pattern of the file that fits the board's name decides
  // for all hooks.
  [[nodiscard]] const HookCommand* Find(const std::string& board, Hook hook) const;
  [[nodiscard]] const HealthCheck* FindHealth(const std::string& board) const;

 private:
  struct Boards {
    std::string pattern;  // fnmatch(3)
    std::map<Hook, HookCommand> hooks;
    std::optional<HealthCheck> health;
  };

  [[nodiscard]] const Boards* Fitting(const std::string& board) const;

  std::vector<Boards> boards_;  // in the file's order
};

}  // namespace plumb::server
