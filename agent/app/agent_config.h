// The agent's configuration file: what its flags say, one `key = value` a line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::agent {

// A flag that the file may set, without its dashes.
struct ConfigKey {
  std::string name;
  bool takes_value = true;  // else "true" or "false"
  bool repeats = false;
};

// One setting and the line it stands on, counted from 1.
struct ConfigSetting {
  std::string key;
  std::string value;
  size_t line = 0;
};

constexpr uint64_t kMaxConfigSize = uint64_t{64} << 10;

// Empty lines and lines that begin with '#' or ';' are passed over. kInvalidArgument with the
// line's number: no '=', an unknown key (with the nearest known one), a key given twice, a flag
// that is neither true nor false, bytes that are no text. `name` of the file appears in errors.
Result<std::vector<ConfigSetting>> ParseAgentConfig(std::string_view text,
                                                    std::string_view name,
                                                    const std::vector<ConfigKey>& keys);

// The settings as arguments, but for those that `arguments` give themselves.
std::vector<std::string> AddSettings(const std::vector<ConfigSetting>& settings,
                                     const std::vector<ConfigKey>& keys,
                                     std::vector<std::string> arguments);

// The file of --config; without it etc/plumbline/agent.conf beside the program's folder (where
// --install puts it), then /etc/plumbline/agent.conf, if there. Empty: none.
std::filesystem::path FindAgentConfig(const std::vector<std::string>& arguments);

}  // namespace plumb::agent
