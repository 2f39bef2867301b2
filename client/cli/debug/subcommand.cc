#include "client/cli/debug/subcommand.h"

#include <sstream>

#include "client/cli/frame/command_line.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

constexpr std::string_view kPlainInAShell =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";

std::string ShellWord(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kPlainInAShell) == std::string::npos) {
    return word;
  }
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
  }
  return quoted + "'";
}

}  // namespace

Finished RunSubcommand(const std::vector<std::string>& arguments, const CancelToken& cancel) {
  std::ostringstream out;
  std::ostringstream error;
  CommandLine command_line;
  command_line.arguments = arguments;
  command_line.streams = {&out, &error, false, false, 80};
  command_line.cancel = cancel;
  Finished finished;
  finished.exit_code = RunCommandLine(command_line);
  finished.out = out.str();
  finished.error = error.str();
  return finished;
}

nlohmann::ordered_json DocumentOf(const Finished& finished) {
  auto document = nlohmann::ordered_json::parse(finished.out, nullptr, false);
  return document.is_discarded() ? nlohmann::ordered_json() : document;
}

std::string ShellLine(std::span<const std::string> arguments) {
  std::string line = "plumb";
  for (const std::string& argument : arguments) {
    line += " " + ShellWord(argument);
  }
  return line;
}

}  // namespace plumb::client
