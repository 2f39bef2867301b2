// CLI11's complaints, retold: which flag, and what to write instead.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"

namespace CLI {
class App;
class Option;
class ParseError;
}  // namespace CLI

namespace plumb::client {

// kInvalidArgument with reason "usage". The message names the flag or argument at fault; the hint
// says what to write instead.
Status UsageError(const CLI::App& app, const CLI::ParseError& error);

// For a verb's own checks: kInvalidArgument, reason "usage".
Status UsageError(std::string message, std::string_view hint);

// The long names of all options, with "--".
std::vector<std::string> FlagNames(const CLI::App& app);

}  // namespace plumb::client
