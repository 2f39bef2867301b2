// DumpDebug files, as the vendor's tools and anybody else may write them.
#include "common/dump/dump_file.h"
#include "tests/fuzz/fuzz.h"

namespace {

// Pieces, in descending order too, are what the whole is.
void ReadInPieces(const plumb::dump::DumpIndex& index, const plumb::dump::DumpEntry& entry) {
  using namespace plumb;
  const auto stored = static_cast<size_t>(entry.stored_values);
  std::vector<float> whole(stored);
  dump::DumpValueReader reader(index, entry);
  FUZZ_REQUIRE(reader.Read(0, whole).ok());
  for (const size_t first : {stored / 2, size_t{0}}) {
    std::vector<float> piece((stored + 1) / 2 - (first == 0 ? 0 : stored % 2));
    FUZZ_REQUIRE(reader.Read(first, piece).ok());
    FUZZ_REQUIRE(piece.empty() ||
                 std::memcmp(piece.data(), whole.data() + first, piece.size() * 4) == 0);
  }
  std::vector<float> beyond(stored + 1);
  FUZZ_REQUIRE(!reader.Read(0, beyond).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const Buffer file = Buffer::Copy({data, size});
  const auto dump = dump::ParseDump(file);
  if (!dump.ok()) {
    FUZZ_REQUIRE(!dump.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(dump->entries.size() <= dump::kMaxEntries);
  const auto index = dump::IndexDump(dump::DumpSource::Of(file));
  FUZZ_REQUIRE(index.ok() && index->entries.size() == dump->entries.size());
  for (const dump::DumpEntry& entry : index->entries) {
    ReadInPieces(*index, entry);
  }
  for (const dump::DumpEntry& entry : dump->entries) {
    FUZZ_REQUIRE(entry.as_text || entry.payload.empty() ||
                 (entry.payload.data() >= file.data() &&
                  entry.payload.data() + entry.payload.size() <= file.data() + file.size()));
    FUZZ_REQUIRE(entry.offset + entry.size <= size);
    FUZZ_REQUIRE(entry.payload.size() / sizeof(float) == entry.stored_values);
    FUZZ_REQUIRE(entry.stored_values <= size);
    const auto values = dump::DumpValues(entry);
    if (values.ok() && entry.shape) {
      FUZZ_REQUIRE(values->size() == entry.shape->element_count());
    }
  }
  return 0;
}
