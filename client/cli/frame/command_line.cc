#include "client/cli/frame/command_line.h"

#include <algorithm>
#include <exception>
#include <new>
#include <optional>

#include "client/cli/frame/table.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "common/base/suggest.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

struct Selection {
  std::unique_ptr<Verb> verb;
  std::vector<std::string> arguments;  // those after the verb
};

// Two words before one, so that "input make" wins over a verb "input".
std::optional<Selection> SelectVerb(const std::vector<std::string>& arguments) {
  for (const size_t words : {size_t{2}, size_t{1}}) {
    if (arguments.size() < words) {
      continue;
    }
    const auto rest = arguments.begin() + static_cast<ptrdiff_t>(words);
    const std::string name = Join({arguments.begin(), rest}, " ");
    for (const VerbEntry& entry : AllVerbs()) {
      if (entry.name == name) {
        return Selection{entry.make(), {rest, arguments.end()}};
      }
    }
  }
  return std::nullopt;
}

void PrintOverview(Console& console) {
  console.Say("Proves that a network on a board computes what the simulator on the PC says.\n");
  console.Say("Usage: plumb VERB [FLAG…]      plumb VERB --help      plumb --version\n");
  Table table({{"Verb"}, {""}});
  for (const VerbEntry& entry : AllVerbs()) {
    table.AddRow({{std::string(entry.name), Style::kAccent}, {entry.make()->info().summary}});
  }
  table.PrintTo(console);
}

Status UnknownVerb(const std::vector<std::string>& arguments) {
  const std::string& typed = arguments.front();
  if (typed.starts_with("-")) {
    return UsageError("the flag " + typed + " stands before the verb",
                      "write the verb first: plumb VERB " + typed);
  }
  std::vector<std::string> names;
  std::vector<std::string> group;
  for (const VerbEntry& entry : AllVerbs()) {
    names.emplace_back(entry.name);
    if (entry.name.starts_with(typed + " ")) {
      group.emplace_back(entry.name);
    }
  }
  if (!group.empty()) {
    return UsageError("'plumb " + typed + "' needs a second word",
                      "write one of: plumb " + Join(group, ", plumb "));
  }
  const auto closest = ClosestOf(typed, names);
  return UsageError(
      "there is no verb '" + typed + "'",
      closest ? "write 'plumb " + *closest + "'" : "the verbs are " + Join(names, ", "));
}

bool IsFlagOfAnyVerb(std::string_view flag) {
  return std::any_of(AllVerbs().begin(), AllVerbs().end(), [flag](const VerbEntry& entry) {
    const std::unique_ptr<Verb> verb = entry.make();
    CommonOptions common;
    const std::unique_ptr<CLI::App> app = MakeApp(*verb, common);
    const std::vector<std::string> names = FlagNames(*app);
    return std::find(names.begin(), names.end(), flag) != names.end();
  });
}

bool IsVerb(std::string_view name) {
  return std::any_of(AllVerbs().begin(), AllVerbs().end(), [name](const VerbEntry& entry) {
    return entry.name == name;
  });
}

// Adds where a refused value came from, when it was not typed.
Status WithOrigin(const Status& status, const std::map<std::string, std::string>& origins) {
  for (const auto& [flag, origin] : origins) {
    if (status.message().find(flag) != std::string::npos) {
      return UsageError(status.message() + " (its value comes from " + origin + ")", status.hint());
    }
  }
  return status;
}

// OK: run the verb. nullopt: help was printed.
Result<bool> Parse(CLI::App& app,
                   const Selection& selection,
                   const EnvironmentMap& environment,
                   Console& console) {
  DefaultsRequest request;
  const std::string name = selection.verb->info().name;
  request.app = &app;
  request.verb = name;
  request.environment = &environment;
  request.is_verb = IsVerb;
  request.is_flag_of_any_verb = IsFlagOfAnyVerb;
  PLUMB_ASSIGN_OR_RETURN(Arguments arguments, AddDefaults(request, selection.arguments));
  try {
    std::reverse(arguments.values.begin(), arguments.values.end());
    app.parse(arguments.values);  // CLI11 takes them last first
    return true;
  } catch (const CLI::CallForHelp&) {
    console.Raw(app.help());
    return false;
  } catch (const CLI::ParseError& error) {
    return WithOrigin(UsageError(app, error), arguments.origins);
  }
}

Result<int> RunGuarded(Verb& verb, VerbContext& context) {
  try {
    return verb.Run(context);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kInternal, "this machine has no memory left for plumb");
  } catch (const std::exception& error) {
    return InternalError(std::string("an error nobody expected: ") + error.what());
  }
}

int Report(const Verb& verb, const Status& status, Console& console, JsonOutput& json) {
  console.Error(status);
  const int exit_code = analysis::ExitCodeOf(status);
  if (!json.wanted() || json.written()) {
    return exit_code;
  }
  const Status written = json.Write(verb.ErrorJson(status));
  if (!written.ok()) {
    console.Error(written);
  }
  return exit_code;
}

int RunVerb(const Selection& selection, const CommandLine& command_line) {
  CommonOptions common;
  const std::unique_ptr<CLI::App> app = MakeApp(*selection.verb, common);
  const auto no_color = command_line.environment.find("NO_COLOR");
  const bool color = no_color == command_line.environment.end() || no_color->second.empty();

  ConsoleOptions early;
  early.color = color;
  Console early_console(command_line.streams, early);
  const Result<bool> parsed = Parse(*app, selection, command_line.environment, early_console);
  if (!parsed.ok()) {
    JsonOutput json(early_console, ValueOf(selection.arguments, "--json"));
    return Report(*selection.verb, parsed.status(), early_console, json);
  }
  if (!*parsed) {
    return kExitMatch;
  }
  ConsoleOptions options;
  options.quiet = common.quiet;
  options.verbose = common.verbose;
  options.color = color && !common.no_color;
  options.text_to_stderr = common.json == "-";
  Console console(command_line.streams, options);
  JsonOutput json(console, common.json);
  VerbContext context{console, json, command_line.cancel};
  const Result<int> outcome = RunGuarded(*selection.verb, context);
  return outcome.ok() ? *outcome : Report(*selection.verb, outcome.status(), console, json);
}

int RunBuiltIn(const std::vector<std::string>& arguments, const CommandLine& command_line) {
  Console console(command_line.streams, ConsoleOptions{});
  if (arguments.empty()) {
    console.MoveTextToStderr();
    PrintOverview(console);
    return kExitUsage;
  }
  if (arguments[0] == "--version") {
    console.Say("plumb " + std::string(Version()));
    return kExitMatch;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    PrintOverview(console);
    return kExitMatch;
  }
  const Status status = UnknownVerb(arguments);
  console.Error(status);
  return analysis::ExitCodeOf(status);
}

}  // namespace

std::string_view Version() {
  return PLUMB_VERSION;
}

std::unique_ptr<CLI::App> MakeApp(Verb& verb, CommonOptions& common) {
  const VerbInfo info = verb.info();
  auto app = std::make_unique<CLI::App>(info.summary + ".\n\n" + info.details + "\n",
                                        "plumb " + info.name);
  app->set_help_flag("-h,--help", "Print this help and leave");
  verb.Declare(*app);
  app->add_option("--json", common.json, "Write the result as JSON to FILE, or to stdout for -")
      ->type_name("FILE")
      ->group("Common flags");
  app->add_flag("-q,--quiet", common.quiet, "Print only errors, warnings and the conclusion")
      ->group("Common flags");
  app->add_flag("-v,--verbose", common.verbose, "Print more of what happens")
      ->group("Common flags");
  app->add_flag("--no-color", common.no_color, "No colours (also: NO_COLOR in the environment)")
      ->group("Common flags");
  app->add_option("--config", common.config, "Take defaults from this INI file (also: PLUMB_*)")
      ->type_name("FILE")
      ->group("Common flags");
  app->footer("\nExample:\n  " + info.example + "\n");
  return app;
}

int RunCommandLine(const CommandLine& command_line) {
  try {
    std::vector<std::string> arguments = command_line.arguments;
    if (arguments.size() > 1 && arguments[0] == "help") {
      arguments.erase(arguments.begin());
      arguments.emplace_back("--help");
    }
    const auto selection = SelectVerb(arguments);
    return selection ? RunVerb(*selection, command_line) : RunBuiltIn(arguments, command_line);
  } catch (const std::exception& error) {
    Console(command_line.streams, ConsoleOptions{}).Error(InternalError(error.what()));
    return kExitInternal;
  }
}

}  // namespace plumb::client
