// Text as simulator.py, prog_dla_simulator and anybody else may write it.
#include "common/dump/simulator_text.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const Buffer file = Buffer::Copy({data, size});
  (void)dump::LooksLikeSimulatorText(file.view());
  const auto tensors = dump::ParseSimulatorText(file.view());
  if (!tensors.ok()) {
    FUZZ_REQUIRE(!tensors.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(!tensors->empty());
  for (const Tensor& tensor : *tensors) {
    const auto region = ValidRegionOf(tensor.desc);
    FUZZ_REQUIRE(region.ok());
    // Never more values than characters: a shape alone allocates nothing.
    FUZZ_REQUIRE(region->valid_size() == tensor.bytes.size());
    FUZZ_REQUIRE(tensor.bytes.size() <= size * sizeof(double));
    FUZZ_REQUIRE(RealValues(tensor).ok());
  }
  return 0;
}
