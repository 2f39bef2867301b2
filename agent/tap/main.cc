// plumb-virtual-tap: shows every layer of the virtual IPU to `plumb layers --live`, in a process
// that may crash.
#include <fcntl.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>

#include "agent/core/virtual_library.h"
#include "agent/tap/tap.h"
#include "common/base/file.h"
#include "common/ring/layer_record.h"

namespace {

const char* const kHelp =
    "plumb-virtual-tap FAMILY MODEL.img INPUT.bin [INPUT.bin ...]\n"
    "Runs an offline model on the virtual IPU of the family and writes what every layer computed "
    "to\n"
    "file descriptor 3 (common/ring/layer_record.h). 'plumb layers --live' starts it; a chip "
    "shows\n"
    "no layers, so there is no such program for one.\n"
    "Example: plumb layers --live --model face.tflite --quantised face_fixed.plm --input a.png\n";

plumb::Result<plumb::tap::TapRequest> RequestFrom(int argc, char** argv) {
  PLUMB_ASSIGN_OR_RETURN(const auto chip, plumb::agent::VirtualLibraryFor(argv[1], ""));
  PLUMB_ASSIGN_OR_RETURN(const std::filesystem::path program, plumb::ProgramPath());
  plumb::tap::TapRequest request;
  request.library.mi_library = (program.parent_path().parent_path() / "lib" / chip.file).string();
  request.library.abi = chip.abi;
  request.model = argv[2];
  request.inputs.assign(argv + 3, argv + argc);
  request.out = plumb::ring::kTapFd;
  return request;
}

int Run(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (argc < 4 || ::fcntl(plumb::ring::kTapFd, F_GETFD) < 0) {
    std::fputs(kHelp, stderr);
    return 2;
  }
  // A reader that goes away is an error of write(), not the end.
  std::signal(SIGPIPE, SIG_IGN);
  const auto request = RequestFrom(argc, argv);
  if (!request.ok()) {
    std::fprintf(stderr, "plumb-virtual-tap: %s\n", request.status().message().c_str());
    return 2;
  }
  return plumb::tap::Run(*request) ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "plumb-virtual-tap: %s\n", error.what());
    return 3;
  }
}
