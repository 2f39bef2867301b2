// How simulators that are other programs are run: configuration of whoever owns this machine, never
// of a remote client (SECURITY.md).
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace plumb::server {

constexpr std::chrono::milliseconds kExternalTimeLimit{600'000};

// The vendor's SDK.
struct SgsOptions {
  enum class Api { kAuto, kPython, kText };    // its Python classes, or simulator.py and its text
  enum class OptionSet { kAuto, kOld, kNew };  // of simulator.py: 1.x and Q, or S and later

  std::filesystem::path sdk;                 // empty: looked for
  std::string python;                        // the interpreter; empty: python3 of cfg_env.sh's PATH
  Api api = Api::kAuto;                      // kAuto: the classes where the SDK has them
  OptionSet option_set = OptionSet::kAuto;   // kAuto: asked of simulator.py --help
  std::vector<std::string> extra_arguments;  // for simulator.py
  std::vector<std::filesystem::path> images;      // for simulator.py: one per input
  std::vector<std::filesystem::path> preprocess;  // its -n: one, or one per image
};

// Any other program that follows docs/simulators.md.
struct CommandOptions {
  std::string command;  // empty: there is none
  bool shell = false;   // given to /bin/sh -c instead of being split into words
};

struct ExternalOptions {
  SgsOptions sgs;
  CommandOptions command;
  std::chrono::milliseconds time_limit = kExternalTimeLimit;  // for one run of the program
};

}  // namespace plumb::server
