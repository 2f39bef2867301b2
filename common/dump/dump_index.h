// DumpDebug files of any size: every layer's tensors as the vendor's tools write them
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
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/dump/dump_source.h"
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
  uint64_t offset = 0;         // of the payload in the file
  uint64_t size = 0;           // bytes of it there
  uint64_t stored_values = 0;  // padding of the last rows included
  bool as_text = false;        // written with dumpasstring, as "%.6f, "
  Buffer payload;              // little-endian float32 values; of ParseDump alone

  // Values without padding: what the shape says, all that are stored where there is none.
  // kInvalidArgument when fewer are stored.
  [[nodiscard]] Result<uint64_t> value_count() const;
};

// What a file holds and where; the payloads stay there.
struct DumpIndex {
  bool is_float = true;  // the first line; files without it count as float
  std::vector<DumpEntry> entries;
  DumpSource source;
};

constexpr uint64_t kMaxEntries = 200'000;
constexpr int kTextDumpDecimals = 6;  // of dumpasstring

// True when the text starts like a DumpDebug file.
bool LooksLikeDump(std::span<const uint8_t> bytes);

// Reads every variant of the vendor's writers: with and without shape, with and without a trailer,
// as bytes and as text (dumpasstring). Payloads are passed over by their size, only those that are
// text are looked through. Memory: the entries and a few KiB, whatever the file's size.
// kInvalidArgument names the offset and what is wrong there: a size beyond the end, a header
// without its size line, bytes that do not end where their size says.
Result<DumpIndex> IndexDump(const DumpSource& source);

// Values of one indexed entry in pieces of any size. Text is fastest read in ascending order. Not
// thread-safe; each thread makes its own.
class DumpValueReader {
 public:
  DumpValueReader(const DumpIndex& index, const DumpEntry& entry);

  // Values [first, first + out.size()) of the stored ones. kOutOfRange beyond them; kDataLoss when
  // the file was cut or rewritten meanwhile.
  Status Read(uint64_t first, std::span<float> out);

 private:
  Status ReadText(uint64_t first, std::span<float> out);

  DumpSource source_;
  LineScanner scanner_;
  uint64_t offset_;
  uint64_t stored_values_;
  bool as_text_;
  uint64_t next_ = 0;  // value at the scanner
};

}  // namespace plumb::dump
