// What the lab wants done around its boards: a JSON file on the server (docs/hooks.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
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
  std::vector<std::string> argv;          // never empty
  std::chrono::milliseconds timeout{30'000};  // then its process group is killed: it has failed
  bool quarantine = true;  // the board, when it fails; false: the failure is logged and forgotten
};

// Immutable.
class HookConfig {
 public:
  // kInvalidArgument with reason usage names the key, and the nearest known one for a wrong one.
  static Result<HookConfig> Parse(std::string_view json);
  // Also kPermissionDenied for a file that everybody may write: what is in it is run.
  static Result<HookConfig> Read(const std::filesystem::path& file);

  // Null: nothing is to be done. The first pattern of the file that fits the board's name decides
  // for all hooks.
  [[nodiscard]] const HookCommand* Find(const std::string& board, Hook hook) const;

 private:
  struct Boards {
    std::string pattern;  // fnmatch(3)
    std::map<Hook, HookCommand> hooks;
  };

  std::vector<Boards> boards_;  // in the file's order
};

}  // namespace plumb::server
