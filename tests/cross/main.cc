// cross-proof MODEL.tflite OUT [PIXELS]: writes into the new folder OUT all that a network computes
// here; the bytes must be the same on every CPU. PIXELS: a byte for each element of the input.
#include <cstdio>

#include "common/base/file.h"
#include "tests/cross/network.h"

namespace plumb::cross {
namespace {

Status Prove(const std::filesystem::path& model,
             const std::filesystem::path& pixels,
             const std::filesystem::path& out) {
  PLUMB_RETURN_IF_ERROR(MakeFolders(out));
  PLUMB_ASSIGN_OR_RETURN(const Network network, LoadNetwork(model, pixels, out));
  std::vector<std::vector<float>> real;
  if (!network.quantized) {
    PLUMB_ASSIGN_OR_RETURN(real, RunFloat(network));
  }
  PLUMB_ASSIGN_OR_RETURN(Compiled compiled, Compile(network));
  compiled.real_outputs = std::move(real);
  PLUMB_RETURN_IF_ERROR(RunKernels(compiled, out));
  return RunBoard(network, compiled);
}

}  // namespace
}  // namespace plumb::cross

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: cross-proof MODEL.tflite OUT [PIXELS]\n");
    return 2;
  }
  const plumb::Status status = plumb::cross::Prove(argv[1], argc == 4 ? argv[3] : "", argv[2]);
  if (!status.ok()) {
    std::fprintf(stderr, "cross-proof: %s: %s\n", argv[1], status.ToString().c_str());
    return 1;
  }
  return 0;
}
