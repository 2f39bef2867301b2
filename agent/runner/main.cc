// plumb-runner: calls the board's MI_IPU libraries for plumb-agent, in a process that may crash.
#include <cstdio>
#include <cstring>
#include <string>

#include "agent/runner/mi_engine.h"
#include "common/ring/child.h"

namespace {

const char* const kHelp =
    "plumb-runner: runs one offline model through the board's MI_IPU libraries.\n"
    "plumb-agent starts it (plumb-agent --runner 'ARGV'); by hand it has nothing to do.\n"
    "\n"
    "  --mi-library FILE  one library instead of the SDK's libmi_sys.so and libmi_ipu.so\n"
    "  --abi NAME         gen0, gen-b13, gen-b61 or gen-c; default: by the library's exports\n"
    "  --mi-sys 1|3       form of the MI_SYS calls; default 3 for gen-c, else 1\n"
    "  --firmware FILE    IPU firmware; default: the library's own\n"
    "  --sdk TEXT         what to report as the SDK's name\n"
    "  --help             this text\n"
    "\n"
    "Example: plumb-agent --server pc:7000 --name cam --runner 'plumb-runner --mi-sys 3'\n";

// Takes `--name value`; false when `argument` is another one.
bool Take(const char* name, int argc, char** argv, int* index, std::string* value) {
  if (std::strcmp(argv[*index], name) != 0 || *index + 1 >= argc) {
    return false;
  }
  *value = argv[++*index];
  return true;
}

bool Parse(int argc, char** argv, plumb::mi::EngineOptions* options) {
  for (int i = 1; i < argc; ++i) {
    std::string mi_sys;
    if (Take("--mi-library", argc, argv, &i, &options->library.mi_library) ||
        Take("--abi", argc, argv, &i, &options->library.abi) ||
        Take("--firmware", argc, argv, &i, &options->firmware) ||
        Take("--sdk", argc, argv, &i, &options->sdk)) {
      continue;
    }
    if (Take("--mi-sys", argc, argv, &i, &mi_sys) && (mi_sys == "1" || mi_sys == "3")) {
      options->library.mi_sys = mi_sys == "1" ? 1 : 3;
      continue;
    }
    std::fprintf(
        stderr, "plumb-runner: '%s' is not understood; see plumb-runner --help\n", argv[i]);
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  plumb::mi::EngineOptions options;
  if (!Parse(argc, argv, &options)) {
    return 2;
  }
  const auto engine = plumb::mi::MakeMiEngine(options);
  return plumb::ring::ServeChild(engine.get(), "plumb-runner");
}
