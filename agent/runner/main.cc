// plumb-runner: calls the board's MI_IPU libraries for plumb-agent, in a process that may crash.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "agent/runner/board_state.h"
#include "agent/runner/mi_engine.h"
#include "agent/runner/prog_dla/options.h"
#include "agent/runner/prog_dla/prog_dla.h"
#include "agent/runner/self_test/self_test.h"
#include "common/ring/child.h"

namespace {

const char* const kHelp =
    "plumb-runner: runs one offline model through the board's MI_IPU libraries.\n"
    "plumb-agent starts it (plumb-agent --runner 'ARGV'). By hand it can only try the libraries:\n"
    "\n"
    "  --mi-library FILE  one library instead of the SDK's libmi_sys.so and libmi_ipu.so\n"
    "  --abi NAME         gen0, gen-b13, gen-b61 or gen-c; default: by the library's exports\n"
    "  --mi-sys 1|3       form of the MI_SYS calls; default 3 for gen-c, else 1\n"
    "  --firmware FILE    IPU firmware; default: the library's own\n"
    "  --sdk TEXT         what to report as the SDK's name\n"
    "  --core 0|1         run on this core of the IPU; default: the library decides (gen-c)\n"
    "  --priority N       real time -10 to -1, normal 0 to 39; default 0 (gen-c)\n"
    "  --batch N          as many inputs in one Invoke; default: the largest number the model\n"
    "                     was compiled for (gen-c)\n"
    "  --model-in-memory  let CreateCHN read the model through a function, not from its path\n"
    "  --board-root DIR   where /proc and /sys are looked for when a run fails; default /\n"
    "  --describe-board   prints what /proc and /sys say of the IPU, on one line\n"
    "  --self-test        tries what Plumbline relies on, one line per fact; needs --model.\n"
    "                     Exit 0: all hold, 1: some do not, 3: nothing could be tried\n"
    "  --model FILE       an offline model of this chip, for --self-test\n"
    "  --help             this text\n"
    "  -i FILE -m FILE …  as prog_dla_simulator; plumb-runner -i - -h says more\n"
    "\n"
    "Examples: plumb-agent --server pc:7070 --name cam --runner 'plumb-runner --mi-sys 3'\n"
    "          plumb-runner --self-test --model /mnt/blazeface.img\n";

// Takes `--name value`; false when `argument` is another one.
bool Take(const char* name, int argc, char** argv, int* index, std::string* value) {
  if (std::strcmp(argv[*index], name) != 0 || *index + 1 >= argc) {
    return false;
  }
  *value = argv[++*index];
  return true;
}

// A whole number from `low` to `high`.
bool ParseNumber(const std::string& text, long low, long high, long* number) {
  char* end = nullptr;
  *number = std::strtol(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0' && *number >= low && *number <= high;
}

// False for another argument, and for a number that cannot be: the caller names the argument.
bool TakeCall(int argc, char** argv, int* index, plumb::mi::CallOptions* call) {
  std::string text;
  long number = 0;
  if (Take("--core", argc, argv, index, &text)) {
    call->core = ParseNumber(text, 0, 1, &number) ? static_cast<int>(number) : call->core;
    return call->core >= 0;
  }
  if (Take("--priority", argc, argv, index, &text)) {
    call->has_priority = ParseNumber(text, -10, 39, &number);
    call->priority = static_cast<int>(number);
    return call->has_priority;
  }
  if (Take("--batch", argc, argv, index, &text)) {
    call->batch = ParseNumber(text, 1, 256, &number) ? static_cast<uint32_t>(number) : 0;
    return call->batch != 0;
  }
  return false;
}

struct Options {
  plumb::mi::EngineOptions engine;
  bool self_test = false;
  bool describe_board = false;
  std::string model;
};

bool Parse(int argc, char** argv, Options* parsed) {
  plumb::mi::EngineOptions* options = &parsed->engine;
  for (int i = 1; i < argc; ++i) {
    std::string mi_sys;
    if (Take("--mi-library", argc, argv, &i, &options->library.mi_library) ||
        Take("--abi", argc, argv, &i, &options->library.abi) ||
        Take("--firmware", argc, argv, &i, &options->firmware) ||
        Take("--sdk", argc, argv, &i, &options->sdk) ||
        Take("--board-root", argc, argv, &i, &options->board_root) ||
        Take("--model", argc, argv, &i, &parsed->model)) {
      continue;
    }
    if (std::strcmp(argv[i], "--self-test") == 0) {
      parsed->self_test = true;
      continue;
    }
    if (std::strcmp(argv[i], "--describe-board") == 0) {
      parsed->describe_board = true;
      continue;
    }
    if (std::strcmp(argv[i], "--model-in-memory") == 0) {
      options->model_in_memory = true;
      continue;
    }
    if (TakeCall(argc, argv, &i, &options->call)) {
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
  if (plumb::mi::IsProgDlaCall(argc, argv)) {
    return plumb::mi::ProgDla(argc, argv, stdout);
  }
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  Options options;
  if (!Parse(argc, argv, &options)) {
    return 2;
  }
  if (options.describe_board) {
    std::puts(plumb::mi::DescribeBoard(options.engine.board_root).c_str());
    return 0;
  }
  if (options.self_test == options.model.empty()) {
    std::fputs("plumb-runner: --self-test and --model FILE come together\n", stderr);
    return 2;
  }
  if (options.self_test) {
    return plumb::mi::SelfTest(options.engine, options.model, stdout);
  }
  const auto engine = plumb::mi::MakeMiEngine(options.engine);
  return plumb::ring::ServeChild(engine.get(), "plumb-runner");
}
