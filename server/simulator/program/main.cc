// plumb-simulator: the built-in simulator as a child process.
#include <cstdio>
#include <cstring>

#include "common/ring/child.h"
#include "server/simulator/program/reference_engine.h"

namespace {

constexpr const char* kHelp =
    "plumb-simulator: runs an offline model on the reference kernels.\n"
    "plumb-server and plumb run start it; by hand it has nothing to do.\n"
    "\n"
    "  --help  this text\n";

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    const bool help = argc == 2 && std::strcmp(argv[1], "--help") == 0;
    std::fputs(kHelp, help ? stdout : stderr);
    return help ? 0 : 2;
  }
  plumb::server::ReferenceEngine engine;
  return plumb::ring::ServeChild(&engine, "plumb-simulator");
}
