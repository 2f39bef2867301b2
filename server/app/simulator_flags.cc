#include "server/app/simulator_flags.h"

#include <filesystem>

#include "common/base/text.h"
#include "common/runner/failure.h"
#include "server/simulator/external/command_line.h"

#include <CLI/CLI.hpp>

namespace plumb::server {
namespace {

Status Usage(std::string message, std::string_view hint) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

std::vector<std::filesystem::path> Absolute(const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> paths;
  paths.reserve(names.size());
  for (const std::string& name : names) {
    paths.push_back(std::filesystem::absolute(name));
  }
  return paths;
}

Status CheckFiles(const std::string& flag, const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
      return Usage(flag + ": '" + EscapeForDisplay(file.string()) + "' is no file",
                   "correct the path");
    }
  }
  return OkStatus();
}

}  // namespace

bool SimulatorFlags::given() const {
  const SimulatorFlags defaults;
  return !sdk.empty() || !python.empty() || api != defaults.api ||
         option_set != defaults.option_set || !extra.empty() || !images.empty() ||
         !preprocess.empty() || !command.empty() || shell || time_limit != defaults.time_limit;
}

void AddSdkFlags(CLI::App& app, SimulatorFlags& flags) {
  app.add_option("--sdk",
                 flags.sdk,
                 "The vendor's SDK folder; default: PLUMB_SGS_SDK, SGS_IPU_DIR, usual places")
      ->type_name("DIR");
  app.add_option("--sdk-python", flags.python, "The Python the SDK was built for; default: python3")
      ->type_name("PROGRAM");
}

void AddSimulatorFlags(CLI::App& app, SimulatorFlags& flags) {
  AddSdkFlags(app, flags);
  app.add_option("--sdk-api", flags.api, "The SDK's Python classes (raw) or simulator.py (text)")
      ->check(CLI::IsMember({"auto", "python", "text"}))
      ->capture_default_str();
  app.add_option(
         "--sdk-options", flags.option_set, "Options of simulator.py: of 1.x and Q, or newer")
      ->check(CLI::IsMember({"auto", "old", "new"}))
      ->capture_default_str();
  app.add_option(
         "--sdk-extra", flags.extra, "More options for simulator.py, e.g. '--soc_version X'")
      ->type_name("TEXT");
  app.add_option("--simulator-command",
                 flags.command,
                 "Another vendor's simulator: an argument list with {model} {inputs} {result}")
      ->type_name("CMD");
  app.add_flag("--simulator-shell", flags.shell, "Give the command to /bin/sh instead");
  app.add_option("--simulator-timeout", flags.time_limit, "For one run of sgs or command; exit 3")
      ->capture_default_str()
      ->type_name("TIME");
}

void AddSdkImageFlags(CLI::App& app, SimulatorFlags& flags) {
  app.add_option("--sdk-image",
                 flags.images,
                 "With --simulator sgs: what simulator.py is given; without --input its dump goes "
                 "to the board. Repeat for several inputs")
      ->type_name("FILE");
  app.add_option(
         "--sdk-preprocess", flags.preprocess, "simulator.py's -n; repeat for several inputs")
      ->type_name("FILE");
}

Result<ExternalOptions> OptionsFrom(const SimulatorFlags& flags) {
  ExternalOptions options;
  const auto time = ParseDurationMs(flags.time_limit);
  if (!time || *time <= 0) {
    return Usage("--simulator-timeout: '" + EscapeForDisplay(flags.time_limit) + "' is no duration",
                 "write e.g. 30s or 10m");
  }
  options.time_limit = std::chrono::milliseconds(*time);
  SgsOptions& sgs = options.sgs;
  sgs.sdk = flags.sdk;
  sgs.python = flags.python;
  sgs.api = flags.api == "python" ? SgsOptions::Api::kPython
            : flags.api == "text" ? SgsOptions::Api::kText
                                  : SgsOptions::Api::kAuto;
  sgs.option_set = flags.option_set == "old"   ? SgsOptions::OptionSet::kOld
                   : flags.option_set == "new" ? SgsOptions::OptionSet::kNew
                                               : SgsOptions::OptionSet::kAuto;
  if (!flags.extra.empty()) {
    PLUMB_ASSIGN_OR_RETURN(sgs.extra_arguments, SplitCommand(flags.extra));
  }
  sgs.images = Absolute(flags.images);
  sgs.preprocess = Absolute(flags.preprocess);
  PLUMB_RETURN_IF_ERROR(CheckFiles("--sdk-image", sgs.images));
  PLUMB_RETURN_IF_ERROR(CheckFiles("--sdk-preprocess", sgs.preprocess));
  options.command = {flags.command, flags.shell};
  return options;
}

}  // namespace plumb::server
