// Fusion maps and logs of the vendor's lines, as anybody may write them; the first byte says which.
#include "common/layers/fusion_map.h"
#include "common/layers/layer_set.h"
#include "common/layers/vendor_line.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace plumb;

void ReadMap(std::string_view text) {
  const auto map = layers::ParseFusionMap(text);
  if (!map.ok()) {
    FUZZ_REQUIRE(map.status().message().find("line ") != std::string::npos);
    return;
  }
  const auto written = layers::FormatFusionMap(*map);
  FUZZ_REQUIRE(written.ok());
  const auto again = layers::ParseFusionMap(*written);
  FUZZ_REQUIRE(again.ok() && again->groups == map->groups);
}

void ReadLog(std::string_view text) {
  const auto lines = layers::ParseVendorLog(text);
  if (!lines.ok()) {
    FUZZ_REQUIRE(!lines.status().message().empty());
    return;
  }
  FUZZ_REQUIRE(!lines->empty());
  for (const layers::VendorLine& line : *lines) {
    (void)layers::ParseVendorDirectory(line.directory);
    // Printed once, a line stays as it is.
    const std::string once = layers::FormatVendorLine(line);
    const auto again = layers::ParseVendorLog(once);
    FUZZ_REQUIRE(again.ok() && layers::FormatVendorLine(again->front()) == once);
    FUZZ_REQUIRE(!layers::NaturalLess(line.directory, line.directory));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text = fuzz::TextOf({data + 1, size - 1});
  if (data[0] % 2 == 0) {
    ReadMap(text);
  } else {
    ReadLog(text);
  }
  return 0;
}
