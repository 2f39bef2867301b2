#include "tests/support/sgs_sdk.h"

#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/program.h"

namespace plumb::test {

std::string WhyNoStandInSdk() {
  if (ProgramArgv("x").size() > 1) {
    return "NOT TESTED: the stand-in SDK starts plumb-simulator without an emulator";
  }
  static const bool has_numpy = [] {
    const auto finished = RunProgram({kStandInPython, "-c", "import numpy"});
    return finished.ok() && finished->exit.clean();
  }();
  return has_numpy ? ""
                   : "NOT TESTED: /usr/bin/python3 has no numpy; apt-get install python3-numpy";
}

StandInSdk::StandInSdk() : folder_(TempFolder::Create("SGS_IPU_SDK_").value()) {
  const std::filesystem::path origin = PLUMB_STANDIN_SDK;
  std::filesystem::create_directory_symlink(origin / "Scripts", path() / "Scripts");
  std::filesystem::copy_file(origin / "cfg_env.sh", path() / "cfg_env.sh");
}

void StandInSdk::Export(const std::string& name, const std::string& value) {
  AddLine("export " + name + "='" + value + "'");
}

void StandInSdk::AddLine(const std::string& line) {
  const auto file = path() / "cfg_env.sh";
  const auto text = ReadFile(file);
  ASSERT_TRUE(text.ok());
  ASSERT_TRUE(WriteFileAtomically(file, std::string(text->view()) + "\n" + line + "\n").ok());
}

}  // namespace plumb::test
