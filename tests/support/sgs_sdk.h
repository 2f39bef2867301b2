// The stand-in for the vendor's SDK (tests/support/sgs_sdk/README.md), a folder for each test.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/file.h"

namespace plumb::test {

// Why the stand-in cannot run here: its Python has no numpy, or the programs of this build need an
// emulator. Empty when it can.
std::string WhyNoStandInSdk();

constexpr const char* kStandInPython = "/usr/bin/python3";

class StandInSdk {
 public:
  StandInSdk();

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

  // `export NAME=VALUE` at the end of cfg_env.sh: PLUMB_STANDIN_FAULT, PLUMB_STANDIN_OPTIONS.
  void Export(const std::string& name, const std::string& value);
  // Any further line of cfg_env.sh.
  void AddLine(const std::string& line);

 private:
  TempFolder folder_;
};

}  // namespace plumb::test
