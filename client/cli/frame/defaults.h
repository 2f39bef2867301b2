// Defaults from the environment (PLUMB_*) and from a configuration file.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace CLI {
class App;
}

namespace plumb::client {

using EnvironmentMap = std::map<std::string, std::string>;

// "--invoke-timeout" → "PLUMB_INVOKE_TIMEOUT".
std::string EnvironmentName(std::string_view flag);

struct DefaultsRequest {
  const CLI::App* app = nullptr;  // with the verb's options declared
  std::string_view verb;          // "run", "input make"
  const EnvironmentMap* environment = nullptr;
  // Whether some verb of this name exists, and whether some verb has this flag ("--server"): what
  // separates another verb's setting from a typing error.
  std::function<bool(std::string_view)> is_verb;
  std::function<bool(std::string_view)> is_flag_of_any_verb;
};

struct Arguments {
  std::vector<std::string> values;
  std::map<std::string, std::string> origins;  // flag → "PLUMB_SERVER" or "plumb.ini"
};

// `arguments` (those after the verb) plus "--flag=value" for every option that they do not give, do
// not exclude, and that the environment or else the configuration file sets. The file is that of
// --config, else of PLUMB_CONFIG: INI, keys are long flag names without dashes, at the top for all
// verbs that have the flag, under [run] or [input.make] for one verb.
// kInvalidArgument for an unreadable file, an unknown section or an unknown key.
Result<Arguments> AddDefaults(const DefaultsRequest& request, std::vector<std::string> arguments);

// The value of `flag` in `arguments` ("--json x" or "--json=x"), or "".
std::string ValueOf(const std::vector<std::string>& arguments, std::string_view flag);

}  // namespace plumb::client
