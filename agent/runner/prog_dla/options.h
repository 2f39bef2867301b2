// The command line of the vendor's prog_dla_simulator, both of its syntaxes. C++14.
#pragma once

#include <string>
#include <vector>

#include "agent/runner/mi_engine.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct ProgDlaOptions {
  EngineOptions engine;              // --mi-library, --abi, --mi-sys, --sdk, --ipu_firmware
  std::vector<std::string> images;   // -i, split at commas: a file for each input, or a folder
  std::vector<std::string> formats;  // -f or --format: one for all inputs, or one each
  std::string model;
  std::string category = "unknown";  // lower case, as it is in the names of the output files
  int number = 1;                    // Invokes per input
  bool help = false;
};

// True when the program is called prog_dla_simulator, or has an option (-i, --images) that
// plumb-runner itself has not.
bool IsProgDlaCall(int argc, char** argv);

// False when an argument is wrong; `complaint` says which and what to write.
bool ParseProgDla(int argc, char** argv, ProgDlaOptions* options, std::string* complaint);

extern const char* const kProgDlaHelp;

}  // namespace mi
}  // namespace plumb
