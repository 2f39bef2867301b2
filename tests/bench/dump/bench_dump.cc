// Writing and reading a DumpDebug file of 64 layers of 1 MiB, against the same bytes written by
// AtomicFile and read by InputFile. Files lie in the page cache; both writers end with fsync.
//   bench_dump [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "common/base/file.h"
#include "common/dump/dump_index.h"
#include "common/dump/dump_writer.h"
#include "tests/bench/comparison/rounds.h"

namespace plumb::bench {
namespace {

constexpr size_t kLayers = 64;
constexpr size_t kValues = size_t{1} << 18;
constexpr double kBytes = static_cast<double>(kLayers * kValues * sizeof(float));

void Require(bool good, const char* what) {
  if (!good) {
    std::fprintf(stderr, "bench_dump: %s\n", what);
    std::exit(1);
  }
}

std::vector<float> Values() {
  std::vector<float> values(kValues);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 1009) / 7;
  }
  return values;
}

void WritePlain(const std::filesystem::path& path, const std::vector<float>& values) {
  auto file = AtomicFile::Create(path);
  Require(file.ok(), "a file cannot be made");
  const auto bytes = std::as_bytes(std::span(values));
  for (size_t i = 0; i < kLayers; ++i) {
    Require(file->Append({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}).ok(),
            "a file cannot be written");
  }
  Require(file->Commit().ok(), "a file cannot be finished");
}

void WriteDump(const std::filesystem::path& path, const std::vector<float>& values, bool as_text) {
  auto writer =
      dump::DumpWriter::Create(path, dump::DumpOptions{true, dump::DumpVariant::kSdk, as_text});
  Require(writer.ok(), "a dump cannot be made");
  dump::DumpEntry entry;
  entry.type = "float";
  entry.op = "CONV_2D";
  entry.shape = Shape{1, 64, 64, 64};
  for (size_t i = 0; i < kLayers; ++i) {
    entry.name = "layer_" + std::to_string(i);
    Require(writer->Add(entry, values).ok(), "a dump cannot be written");
  }
  Require(writer->Commit().ok(), "a dump cannot be finished");
}

void ReadPlain(const std::filesystem::path& path) {
  const auto file = InputFile::Open(path);
  Require(file.ok(), "a file cannot be opened");
  std::vector<uint8_t> piece(size_t{1} << 16);
  for (uint64_t offset = 0; offset < file->size(); offset += piece.size()) {
    const auto size = static_cast<size_t>(std::min<uint64_t>(piece.size(), file->size() - offset));
    Require(file->Read(offset, std::span(piece).first(size)).ok(), "a file cannot be read");
  }
}

void ReadDump(const std::filesystem::path& path) {
  const auto source = dump::DumpSource::Open(path);
  Require(source.ok(), "a dump cannot be opened");
  const auto index = dump::IndexDump(*source);
  Require(index.ok() && index->entries.size() == kLayers, "a dump cannot be indexed");
  std::vector<float> piece(size_t{1} << 14);
  for (const dump::DumpEntry& entry : index->entries) {
    dump::DumpValueReader reader(*index, entry);
    for (uint64_t first = 0; first < entry.stored_values; first += piece.size()) {
      Require(reader.Read(first, piece).ok(), "a dump cannot be read");
    }
  }
}

int Main(int rounds) {
  auto folder = TempFolder::Create("plumb-bench-");
  Require(folder.ok(), "there is no temporary folder");
  const auto plain = folder->path() / "plain.bin";
  const auto dump = folder->path() / "dump.bin";
  const auto text = folder->path() / "text.bin";
  const std::vector<float> values = Values();
  WriteDump(text, values, true);
  WritePlain(plain, values);
  WriteDump(dump, values, false);
  const auto timed = [](auto work) { return [work] { return Timed(work); }; };
  std::vector<Case> cases = {
      {"write, plain", kBytes, timed([&] { WritePlain(plain, values); }), {}, {}},
      {"write, dump", kBytes, timed([&] { WriteDump(dump, values, false); }), {0}, {}},
      {"read, plain", kBytes, timed([&] { ReadPlain(plain); }), {}, {}},
      {"read, dump", kBytes, timed([&] { ReadDump(dump); }), {2}, {}},
      {"read, text", kBytes, timed([&] { ReadDump(text); }), {2}, {}},
  };
  RunRounds(cases, rounds);
  PrintTable(cases);
  return 0;
}

}  // namespace
}  // namespace plumb::bench

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  return rounds < 1 ? 2 : plumb::bench::Main(rounds);
}
