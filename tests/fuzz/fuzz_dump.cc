// DumpDebug files, as the vendor's tools and anybody else may write them.
#include "common/dump/dump_file.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const Buffer file = Buffer::Copy({data, size});
  const auto dump = dump::ParseDump(file);
  if (!dump.ok()) {
    FUZZ_REQUIRE(!dump.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(dump->entries.size() <= dump::kMaxEntries);
  for (const dump::DumpEntry& entry : dump->entries) {
    FUZZ_REQUIRE(entry.payload.empty() ||
                 (entry.payload.data() >= file.data() &&
                  entry.payload.data() + entry.payload.size() <= file.data() + file.size()));
    const auto values = dump::DumpValues(entry);
    if (values.ok() && entry.shape) {
      FUZZ_REQUIRE(values->size() == entry.shape->element_count());
    }
  }
  return 0;
}
