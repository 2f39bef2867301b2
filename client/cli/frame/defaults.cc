#include "client/cli/frame/defaults.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "client/cli/frame/usage.h"
#include "common/base/file.h"
#include "common/base/suggest.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

constexpr uint64_t kMaxConfigSize = 1U << 20U;

bool Gives(const std::vector<std::string>& arguments, const CLI::Option& option) {
  return std::any_of(arguments.begin(), arguments.end(), [&option](const std::string& argument) {
    const std::string head = argument.substr(0, argument.find('='));
    for (const std::string& name : option.get_lnames()) {
      if (head == "--" + name) {
        return true;
      }
    }
    for (const std::string& name : option.get_snames()) {
      if (argument.size() > 1 && argument[0] == '-' && argument[1] == name[0]) {
        return true;
      }
    }
    return false;
  });
}

bool MayAdd(const std::vector<std::string>& arguments, const CLI::Option& option) {
  if (option.get_lnames().empty() || Gives(arguments, option)) {
    return false;
  }
  const auto& excludes = option.get_excludes();
  return std::none_of(excludes.begin(), excludes.end(), [&arguments](const CLI::Option* other) {
    return Gives(arguments, *other);
  });
}

// Before a "--", behind everything else.
void Insert(std::vector<std::string>& arguments, std::vector<std::string> added) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  arguments.insert(end, added.begin(), added.end());
}

const CLI::Option* FindFlag(const CLI::App& app, std::string_view flag) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (flag == "--" + name) {
        return option;
      }
    }
  }
  return nullptr;
}

Result<std::vector<CLI::ConfigItem>> ReadConfig(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(path, kMaxConfigSize));
  std::istringstream stream{std::string(text.view())};
  try {
    return CLI::ConfigINI().from_config(stream);
  } catch (const CLI::Error& error) {
    return InvalidArgumentError(path + ": " + error.what());
  }
}

class ConfigApplier {
 public:
  ConfigApplier(const DefaultsRequest& request, std::string path)
      : request_(request),
        path_(std::move(path)) {}

  Status Apply(Arguments& arguments) {
    auto items = ReadConfig(path_);
    if (!items.ok()) {
      return UsageError("--config: " + items.status().message(),
                        "name a readable file of lines like 'server = 127.0.0.1:7400'");
    }
    const std::vector<std::string> given = arguments.values;
    for (const CLI::ConfigItem& item : *items) {
      PLUMB_RETURN_IF_ERROR(ApplyItem(item, given, arguments));
    }
    return OkStatus();
  }

 private:
  Status ApplyItem(const CLI::ConfigItem& item,
                   const std::vector<std::string>& given,
                   Arguments& arguments) {
    if (item.name == "++" || item.name == "--") {
      return OkStatus();  // CLI11's marks for the start and the end of a section
    }
    const std::string section = Join(item.parents, " ");
    if (!section.empty() && !request_.is_verb(section)) {
      return UsageError("--config: " + path_ + " has a section [" + section + "]",
                        "sections are verbs, such as [run] or [input.make]");
    }
    if (!section.empty() && section != request_.verb) {
      return OkStatus();
    }
    const std::string flag = "--" + item.name;
    const CLI::Option* option = FindFlag(*request_.app, flag);
    if (option == nullptr) {
      return UnknownKey(item.name, section);
    }
    if (!MayAdd(given, *option)) {
      return OkStatus();
    }
    std::vector<std::string> added;
    for (const std::string& input : item.inputs) {
      added.push_back(flag + "=" + input);
    }
    Insert(arguments.values, std::move(added));
    arguments.origins[flag] = path_;
    return OkStatus();
  }

  [[nodiscard]] Status UnknownKey(const std::string& key, const std::string& section) const {
    if (section.empty() && request_.is_flag_of_any_verb("--" + key)) {
      return OkStatus();
    }
    const auto closest = ClosestOf("--" + key, FlagNames(*request_.app));
    return UsageError(
        "--config: " + path_ + " sets '" + key + "', which is no flag of plumb " +
            std::string(request_.verb),
        closest ? "write " + closest->substr(2) : "keys are long flag names without the dashes");
  }

  const DefaultsRequest& request_;
  std::string path_;
};

}  // namespace

std::string EnvironmentName(std::string_view flag) {
  std::string name = "PLUMB_";
  for (const char c : flag.substr(2)) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::string ValueOf(const std::vector<std::string>& arguments, std::string_view flag) {
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& argument = arguments[i];
    if (argument == flag && i + 1 < arguments.size()) {
      return arguments[i + 1];
    }
    if (argument.starts_with(std::string(flag) + "=")) {
      return argument.substr(flag.size() + 1);
    }
  }
  return "";
}

Result<Arguments> AddDefaults(const DefaultsRequest& request, std::vector<std::string> arguments) {
  Arguments result{std::move(arguments), {}};
  for (const CLI::Option* option : request.app->get_options()) {
    if (!MayAdd(result.values, *option)) {
      continue;
    }
    const std::string flag = "--" + option->get_lnames().front();
    const auto set = request.environment->find(EnvironmentName(flag));
    if (flag != "--help" && set != request.environment->end() && !set->second.empty()) {
      Insert(result.values, {flag + "=" + set->second});
      result.origins[flag] = set->first;
    }
  }
  const std::string config = ValueOf(result.values, "--config");
  if (!config.empty()) {
    PLUMB_RETURN_IF_ERROR(ConfigApplier(request, config).Apply(result));
  }
  return result;
}

}  // namespace plumb::client
