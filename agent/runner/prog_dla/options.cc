#include "agent/runner/prog_dla/options.h"

#include <cctype>
#include <cstdlib>
#include <cstring>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

const char* const kProgDlaHelp =
    "prog_dla_simulator (plumb-runner): runs one offline model on the board's IPU.\n"
    "\n"
    "  -i, --images FILE|DIR         raw input; a comma between the files of several inputs;\n"
    "                                of a folder every file is run\n"
    "  -m, --model FILE              the offline model (.img)\n"
    "  -c, --category NAME           Unknown (default), Classification or Detection: part of the\n"
    "                                output's name\n"
    "  -f, --training_formats, --format NAME\n"
    "                                DUMP_RAWDATA: the bytes of the input buffer\n"
    "                                RAWDATA_NHWC, RAWDATA_S16_NHWC: float32 values\n"
    "  -n, --number N                Invokes per input (default 1)\n"
    "      --ipu_firmware FILE       IPU firmware; default: the library's own\n"
    "      --mi-library, --abi, --mi-sys, --sdk   as plumb-runner --help says\n"
    "\n"
    "Empties ./output and writes there, for each input, CATEGORY_MODEL_INPUT.txt and the folder\n"
    "CATEGORY_MODEL_INPUT.tensors with the raw outputs, which `plumb compare` reads.\n"
    "Exit codes: 0, 2 usage, 3 files, 4 the board.\n"
    "\n"
    "Example: prog_dla_simulator -i x.bin -m m.img -c Unknown --format DUMP_RAWDATA\n";

namespace {

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// An option under any of its names, with where its value goes.
struct Text {
  const char* name;
  const char* other;
  std::string* value;
};

bool IsNamed(const char* argument, const char* name, const char* other) {
  return std::strcmp(argument, name) == 0 || std::strcmp(argument, other) == 0;
}

bool TakeMiSys(const std::string& text, ProgDlaOptions* options, std::string* complaint) {
  if (text != "1" && text != "3") {
    *complaint = "--mi-sys is 1 or 3, not '" + text + "'";
    return false;
  }
  options->engine.library.mi_sys = text == "1" ? 1 : 3;
  return true;
}

bool TakeNumber(const std::string& text, ProgDlaOptions* options, std::string* complaint) {
  char* end = nullptr;
  const long number = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || number < 1 || number > 100000) {
    *complaint = "-n is a number from 1 to 100000, not '" + text + "'";
    return false;
  }
  options->number = static_cast<int>(number);
  return true;
}

bool TakeCategory(const std::string& text, ProgDlaOptions* options, std::string* complaint) {
  std::string lower;
  for (const char c : text) {
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (lower != "unknown" && lower != "classification" && lower != "detection") {
    *complaint = "-c is Unknown, Classification or Detection, not '" + text + "'";
    return false;
  }
  options->category = lower;
  return true;
}

// Texts as they were given, before they are understood.
struct Given {
  std::string images;
  std::string formats = "BGR";
  std::string category = "unknown";
  std::string number = "1";
  std::string mi_sys;
};

bool Take(int argc, char** argv, Given* given, ProgDlaOptions* options, std::string* complaint) {
  const Text texts[] = {{"-i", "--images", &given->images},
                        {"-m", "--model", &options->model},
                        {"-c", "--category", &given->category},
                        {"-f", "--training_formats", &given->formats},
                        {"--format", "--formats", &given->formats},
                        {"-n", "--number", &given->number},
                        {"--ipu_firmware", "--firmware", &options->engine.firmware},
                        {"--mi-library", "", &options->engine.library.mi_library},
                        {"--abi", "", &options->engine.library.abi},
                        {"--mi-sys", "", &given->mi_sys},
                        {"--sdk", "", &options->engine.sdk}};
  for (int i = 1; i < argc; ++i) {
    if (IsNamed(argv[i], "-h", "--help")) {
      options->help = true;
      return true;
    }
    std::string* value = nullptr;
    for (const Text& text : texts) {
      value = IsNamed(argv[i], text.name, text.other) ? text.value : value;
    }
    if (value == nullptr || i + 1 >= argc) {
      *complaint = std::string("'") + argv[i] +
                   (value == nullptr ? "' is not understood" : "' needs a value");
      return false;
    }
    *value = argv[++i];
  }
  return true;
}

}  // namespace

bool IsProgDlaCall(int argc, char** argv) {
  const char* const slash = argc > 0 ? std::strrchr(argv[0], '/') : nullptr;
  const char* const name = slash != nullptr ? slash + 1 : (argc > 0 ? argv[0] : "");
  bool called = std::strncmp(name, "prog_dla_simulator", 18) == 0;
  for (int i = 1; i < argc; ++i) {
    called = called || IsNamed(argv[i], "-i", "--images");
  }
  return called;
}

bool ParseProgDla(int argc, char** argv, ProgDlaOptions* options, std::string* complaint) {
  Given given;
  if (!Take(argc, argv, &given, options, complaint) || options->help) {
    return options->help;
  }
  if (given.images.empty() || options->model.empty()) {
    *complaint = "-i FILE and -m FILE must both be given";
    return false;
  }
  options->images = SplitAtCommas(given.images);
  options->formats = SplitAtCommas(given.formats);
  return TakeCategory(given.category, options, complaint) &&
         TakeNumber(given.number, options, complaint) &&
         (given.mi_sys.empty() || TakeMiSys(given.mi_sys, options, complaint));
}

}  // namespace mi
}  // namespace plumb
