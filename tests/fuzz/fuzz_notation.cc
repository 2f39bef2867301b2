// The notations a person types: tensors, addresses, durations, digests, names. What is printed must
// read back to the same.
#include "common/base/text.h"
#include "common/tensor/notation.h"
#include "tests/fuzz/fuzz.h"

namespace plumb {
namespace {

void TryTensor(std::string_view text) {
  const auto tensor = ParseTensor("t", text);
  if (!tensor.ok()) {
    FUZZ_REQUIRE(!tensor.status().message().empty());
    return;
  }
  FUZZ_REQUIRE(tensor->bytes.size() == tensor->desc.aligned_size);
  FUZZ_REQUIRE(ValidRegionOf(tensor->desc).ok());
  constexpr size_t kAll = size_t{1} << 21;
  const auto printed = FormatTensor(*tensor, kAll);
  FUZZ_REQUIRE(printed.ok());
  const auto again = ParseTensor("t", *printed);
  FUZZ_REQUIRE(again.ok());
  const auto twice = FormatTensor(*again, kAll);
  FUZZ_REQUIRE(twice.ok() && *twice == *printed);
}

void TrySpec(std::string_view text) {
  const auto desc = ParseTensorSpec("t", text);
  if (desc.ok()) {
    const auto region = ValidRegionOf(*desc);
    FUZZ_REQUIRE(region.ok());
    FUZZ_REQUIRE(region->extent() <= desc->aligned_size);
    FUZZ_REQUIRE(!DescribeTensor(*desc).empty());
  }
}

void TryNumbers(std::string_view text) {
  if (const auto number = ParseInt(text)) {
    FUZZ_REQUIRE(ParseInt(std::to_string(*number)) == number);
  }
  if (const auto number = ParseUint(text)) {
    FUZZ_REQUIRE(ParseUint(std::to_string(*number)) == number);
  }
  if (const auto number = ParseDouble(text); number && *number == *number) {
    FUZZ_REQUIRE(ParseDouble(ShortestDouble(*number)) == number);
  }
  if (const auto ms = ParseDurationMs(text)) {
    FUZZ_REQUIRE(*ms >= 0);
  }
}

}  // namespace
}  // namespace plumb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const std::string_view text = fuzz::TextOf({data, size});
  TryTensor(text);
  TrySpec(text);
  TryNumbers(text);
  const std::string shown = EscapeForDisplay(text);
  FUZZ_REQUIRE(IsValidUtf8(shown));
  FUZZ_REQUIRE(!IsValidUtf8(text) || !IsSafeName(text) || shown.find("\\x") == std::string::npos ||
               text.find("\\x") != std::string_view::npos);
  return 0;
}
