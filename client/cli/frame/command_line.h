// One command line from argv to exit code.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/frame/console.h"
#include "client/cli/frame/defaults.h"
#include "client/cli/frame/verb.h"
#include "common/base/cancel.h"

namespace CLI {
class App;
}

namespace plumb::client {

struct CommandLine {
  std::vector<std::string> arguments;  // without the program's name
  EnvironmentMap environment;
  Streams streams;
  CancelToken cancel;
};

// Finds the verb, parses, runs and reports. Returns the exit code; never throws.
int RunCommandLine(const CommandLine& command_line);

// What every verb takes besides its own options.
struct CommonOptions {
  std::string json;
  std::string config;
  bool quiet = false;
  bool verbose = false;
  bool no_color = false;
};

// The parser of one verb: its options, the common ones, and the help texts. `verb` and `common`
// must outlive it.
std::unique_ptr<CLI::App> MakeApp(Verb& verb, CommonOptions& common);

// "0.1.0".
std::string_view Version();

}  // namespace plumb::client
