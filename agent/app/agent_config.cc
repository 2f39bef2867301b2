#include "agent/app/agent_config.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/file.h"
#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

namespace fs = std::filesystem;

Status BadLine(std::string_view name, size_t line, std::string_view what, std::string_view hint) {
  return InvalidArgumentError(std::string(name) + ":" + std::to_string(line) + ": " +
                              std::string(what))
      .WithReason(kReasonUsage)
      .WithHint(hint);
}

std::string KnownKeys(const std::vector<ConfigKey>& keys) {
  std::vector<std::string> names;
  for (const ConfigKey& key : keys) {
    names.push_back(key.name);
  }
  return Join(names, " ");
}

std::string UnknownKeyHint(std::string_view key, const std::vector<ConfigKey>& keys) {
  std::vector<std::string> names;
  for (const ConfigKey& known : keys) {
    names.push_back(known.name);
  }
  const auto nearest = ClosestOf(key, names);
  return nearest ? "did you mean '" + *nearest + "'?" : "known keys: " + KnownKeys(keys);
}

const ConfigKey* Find(const std::vector<ConfigKey>& keys, std::string_view name) {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

Result<ConfigSetting> ParseLine(std::string_view line,
                                size_t number,
                                std::string_view name,
                                const std::vector<ConfigKey>& keys) {
  const size_t equals = line.find('=');
  if (!IsValidUtf8(line) || equals == std::string_view::npos) {
    return BadLine(name, number, "this is no setting", "write KEY = VALUE");
  }
  ConfigSetting setting{std::string(Trim(line.substr(0, equals))),
                        std::string(Trim(line.substr(equals + 1))),
                        number};
  const ConfigKey* key = Find(keys, setting.key);
  if (key == nullptr) {
    return BadLine(name,
                   number,
                   "unknown key '" + EscapeForDisplay(setting.key) + "'",
                   UnknownKeyHint(setting.key, keys));
  }
  if (!key->takes_value && setting.value != "true" && setting.value != "false") {
    return BadLine(name, number, setting.key + " is neither true nor false", "write true or false");
  }
  return setting;
}

bool Gives(const std::vector<std::string>& arguments, const std::string& flag) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    return argument == flag || argument.rfind(flag + "=", 0) == 0;
  });
}

}  // namespace

Result<std::vector<ConfigSetting>> ParseAgentConfig(std::string_view text,
                                                    std::string_view name,
                                                    const std::vector<ConfigKey>& keys) {
  std::vector<ConfigSetting> settings;
  std::set<std::string> seen;
  size_t number = 0;
  for (const std::string& whole : Split(text, '\n')) {
    ++number;
    const std::string_view line = Trim(whole);
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(ConfigSetting setting, ParseLine(line, number, name, keys));
    if (!seen.insert(setting.key).second && !Find(keys, setting.key)->repeats) {
      return BadLine(name, number, setting.key + " was set before", "keep one of the two lines");
    }
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::vector<std::string> AddSettings(const std::vector<ConfigSetting>& settings,
                                     const std::vector<ConfigKey>& keys,
                                     std::vector<std::string> arguments) {
  const std::vector<std::string> given = arguments;
  for (const ConfigSetting& setting : settings) {
    const std::string flag = "--" + setting.key;
    const ConfigKey* key = Find(keys, setting.key);
    if (key == nullptr || Gives(given, flag)) {
      continue;
    }
    if (key->takes_value) {
      arguments.push_back(flag + "=" + setting.value);
    } else if (setting.value == "true") {
      arguments.push_back(flag);
    }
  }
  return arguments;
}

fs::path FindAgentConfig(const std::vector<std::string>& arguments) {
  constexpr std::string_view kFlag = "--config=";
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--config" && i + 1 < arguments.size()) {
      return arguments[i + 1];
    }
    if (arguments[i].rfind(kFlag, 0) == 0) {
      return arguments[i].substr(kFlag.size());
    }
  }
  std::vector<fs::path> places;
  if (const auto program = ProgramPath(); program.ok()) {
    places.push_back(program->parent_path().parent_path() / "etc/plumbline/agent.conf");
  }
  places.emplace_back("/etc/plumbline/agent.conf");
  std::error_code ignored;
  const auto found = std::find_if(places.begin(), places.end(), [&](const fs::path& place) {
    return fs::is_regular_file(place, ignored);
  });
  return found == places.end() ? fs::path() : *found;
}

}  // namespace plumb::agent
