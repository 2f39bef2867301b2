// DumpDebug files: every layer's tensors as the vendor's tools write them
// (sigma_outtensor_dump.bin, docs/formats/dump-debug.md). Text lines around raw bytes:
//
//   isFloat: 1
//   //out 0 s: 0.000000 z: 0 type: float name: conv_1 bConstant:0 shape:[1, 2, 2, 3] dims:4
//   op_out[0] CONV_2D = {
//   //buffer data size: 48
//   <48 bytes>
//   };
//   //buffer data size: 48
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/tensor/shape.h"

namespace plumb::dump {

enum class Direction : uint8_t { kInput, kOutput };

// One tensor of one operation.
struct DumpEntry {
  Direction direction = Direction::kOutput;
  uint32_t index = 0;  // which input or output of the operation
  double scale = 0;
  int64_t zero_point = 0;
  std::string type;  // the file's own word, e.g. "float", "UINT8", "INT16"
  std::string name;
  std::string op;              // e.g. "CONV_2D"; empty where the line is missing
  bool constant = false;       // bConstant:1
  std::optional<Shape> shape;  // absent in files of SDK 1.1.5
  Buffer payload;              // little-endian float32 values
};

struct DumpFile {
  bool is_float = true;  // the first line; files without it count as float
  std::vector<DumpEntry> entries;
};

constexpr uint64_t kMaxEntries = 200'000;

// True when the text starts like a DumpDebug file.
bool LooksLikeDump(std::span<const uint8_t> bytes);

// Reads every variant of the vendor's writers: with and without shape, with and without a trailer.
// Payloads are taken by their size and share `file`. kInvalidArgument names the offset and what is
// wrong there: a size beyond the end, a header without its size line, text instead of bytes
// (dumpasstring).
Result<DumpFile> ParseDump(const Buffer& file);

// The payload as floats, cut to the number of elements the shape gives (padding of the last rows
// is dropped as the vendor's readers do). kInvalidArgument when there are fewer.
Result<std::vector<float>> DumpValues(const DumpEntry& entry);

// Writes a file entry by entry; it appears under its name on Commit(). Not thread-safe.
class DumpWriter {
 public:
  static Result<DumpWriter> Create(const std::filesystem::path& path, bool is_float);

  // `entry.payload` is ignored; `values` are the dequantised elements, as many as the shape has.
  // kInvalidArgument for another count or a name, type or op with control characters.
  Status Add(const DumpEntry& entry, std::span<const float> values);
  Status Commit();

 private:
  explicit DumpWriter(AtomicFile file) : file_(std::move(file)) {}

  AtomicFile file_;
};

}  // namespace plumb::dump
