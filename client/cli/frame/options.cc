#include "client/cli/frame/options.h"

#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {

CLI::Option* AddDuration(CLI::App& app,
                         const std::string& flag,
                         int64_t& milliseconds,
                         const std::string& description) {
  const auto parse = [flag, &milliseconds](const std::string& text) {
    const auto parsed = ParseDurationMs(text);
    if (!parsed || *parsed <= 0) {
      throw CLI::ValidationError(flag, "'" + text + "' is no duration such as 250ms, 30s or 10m");
    }
    milliseconds = *parsed;
  };
  return app.add_option_function<std::string>(flag, parse, description)->type_name("DURATION");
}

CLI::Option* AddFamily(CLI::App& app,
                       const std::string& flag,
                       std::optional<Family>& family,
                       const std::string& description) {
  const auto parse = [flag, &family](const std::string& text) {
    family = ParseFamily(text);
    if (!family) {
      throw CLI::ValidationError(flag, "'" + text + "' is none of " + KnownFamilies());
    }
  };
  return app.add_option_function<std::string>(flag, parse, description)->type_name("FAMILY");
}

}  // namespace plumb::client
