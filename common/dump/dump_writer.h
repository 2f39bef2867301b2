// Writes DumpDebug files (dump_index.h) piece by piece, in any of the vendor's variants.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/dump/dump_index.h"

namespace plumb::dump {

enum class DumpVariant : uint8_t {
  kSdk,        // shape in the header, size again after the payload
  kSdk115,     // no shape
  kFramework,  // shape, but nothing after the payload's closing brace
};

struct DumpOptions {
  bool is_float = true;
  DumpVariant variant = DumpVariant::kSdk;
  bool as_text = false;  // dumpasstring: "%.6f, ", 16 a line
};

// Writes a file entry by entry; it appears under its name on Commit(). Memory: one piece of values,
// where they are text or the CPU is big-endian. Not thread-safe.
class DumpWriter {
 public:
  static Result<DumpWriter> Create(const std::filesystem::path& path, const DumpOptions& options);

  static Result<DumpWriter> Create(const std::filesystem::path& path, bool is_float) {
    return Create(path, DumpOptions{is_float, DumpVariant::kSdk, false});
  }

  // `entry`'s offset, sizes and payload are ignored; `values` are the dequantised elements, as many
  // as the shape has. kInvalidArgument for another count or a name, type or op with control
  // characters.
  Status Add(const DumpEntry& entry, std::span<const float> values);

  // The same in pieces: Begin with the number of values, Append until they are all there, End.
  // kFailedPrecondition for another order, kInvalidArgument for another number.
  Status Begin(const DumpEntry& entry, uint64_t count);
  Status Append(std::span<const float> values);
  Status End();

  // kFailedPrecondition between Begin and End.
  Status Commit();

 private:
  DumpWriter(AtomicFile file, const DumpOptions& options)
      : file_(std::move(file)),
        options_(options) {}

  Status AppendText(std::span<const float> values);

  AtomicFile file_;
  DumpOptions options_;
  bool open_ = false;
  uint64_t count_ = 0;  // of the open entry
  uint64_t written_ = 0;
};

}  // namespace plumb::dump
