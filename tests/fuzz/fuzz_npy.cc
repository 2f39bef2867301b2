// .npy files: whatever is accepted is written and read back to the same tensor.
#include "common/tensor/npy.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const auto tensor = ParseNpy("input", Buffer::Copy({data, size}));
  if (!tensor.ok()) {
    return 0;
  }
  const auto bytes = SerializeNpy(*tensor);
  FUZZ_REQUIRE(bytes.ok());
  const auto again = ParseNpy("input", Buffer::Copy(*bytes));
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(again->desc.element_type == tensor->desc.element_type);
  FUZZ_REQUIRE(again->desc.shape == tensor->desc.shape);
  FUZZ_REQUIRE(again->bytes.view() == tensor->bytes.view());
  return 0;
}
