// Quantisation tables in the vendor's JSON.
#include <cmath>

#include "common/dump/quantization_table.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const auto table = dump::ParseQuantizationTable({data, size});
  if (!table.ok()) {
    return 0;
  }
  for (const dump::TableEntry& entry : *table) {
    FUZZ_REQUIRE(!entry.name.empty() && !entry.min.empty() && entry.min.size() == entry.max.size());
    for (size_t i = 0; i < entry.min.size(); ++i) {
      FUZZ_REQUIRE(std::isfinite(entry.min[i]) && std::isfinite(entry.max[i]));
      FUZZ_REQUIRE(entry.min[i] <= entry.max[i]);
    }
  }
  const std::string text = dump::WriteQuantizationTable(*table);
  const auto again =
      dump::ParseQuantizationTable({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  FUZZ_REQUIRE(again.ok() && *again == *table);
  return 0;
}
