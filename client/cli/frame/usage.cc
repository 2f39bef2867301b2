#include "client/cli/frame/usage.h"

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

// The option whose name occurs first in CLI11's message, as a whole word.
const CLI::Option* OptionIn(const CLI::App& app, const std::string& message) {
  const CLI::Option* found = nullptr;
  size_t position = std::string::npos;
  const std::string text = " " + message + " ";
  for (const CLI::Option* option : app.get_options()) {
    for (const char* end : {" ", ":"}) {
      const size_t at = text.find(" " + option->get_name() + end);
      if (at < position) {
        position = at;
        found = option;
      }
    }
  }
  return found;
}

std::string HowToWrite(const CLI::Option& option) {
  std::string text = option.get_name();
  if (option.get_items_expected_max() > 0) {
    text = option.get_positional() ? text : text + " " + option.get_type_name();
  }
  return text + " (" + option.get_description() + ")";
}

std::string SeeHelp(const CLI::App& app) {
  return "'" + app.get_name() + " --help' lists what it takes";
}

Status UnexpectedArgument(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining();
  const std::string extra = extras.empty() ? "" : extras.front();
  if (extra.empty() || extra.front() != '-') {
    return UsageError(app.get_name() + " has no use for the argument '" + extra + "'",
                      SeeHelp(app) + "; quote a value that holds spaces");
  }
  const std::string flag = extra.substr(0, extra.find('='));
  const auto closest = ClosestOf(flag, FlagNames(app));
  return UsageError(app.get_name() + " has no flag " + flag,
                    closest ? "write " + *closest + "; " + SeeHelp(app) : SeeHelp(app));
}

}  // namespace

std::vector<std::string> FlagNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

Status UsageError(std::string message, std::string_view hint) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

Status UsageError(const CLI::App& app, const CLI::ParseError& error) {
  // A misspelt flag is the likelier cause of a missing one.
  const std::vector<std::string> extras = app.remaining();
  const bool misspelt = !extras.empty() && extras.front().starts_with("-");
  if (misspelt || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return UnexpectedArgument(app);
  }
  const std::string message = error.what();
  const CLI::Option* option = OptionIn(app, message);
  if (option == nullptr) {
    return UsageError(app.get_name() + ": " + message, SeeHelp(app));
  }
  const std::string name = option->get_name();
  const std::string write = "write " + HowToWrite(*option);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return UsageError(app.get_name() + " needs " + name, write);
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return option->count() == 0 || option->get_items_expected_max() > 0
               ? UsageError(name + " needs a value, given once", write)
               : UsageError(name + " takes no value", write);
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) {
    return UsageError("these cannot be given together: " + message, "leave one of the two out");
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    const std::string value = option->results().empty() ? "" : option->results().back();
    return UsageError(name + " cannot take '" + value + "'", write);
  }
  return UsageError(message, write);
}

}  // namespace plumb::client
