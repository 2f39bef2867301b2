// How a test starts a program of the build it belongs to.
#pragma once

#include <string>
#include <vector>

namespace plumb::test {

// `path` behind the emulator that the build was configured with (CMAKE_CROSSCOMPILING_EMULATOR):
// nothing on this machine recognises a foreign program by itself. Native builds: `path` alone.
std::vector<std::string> ProgramArgv(const std::string& path);

}  // namespace plumb::test
