// Where the bytes of a dump are: a file of any size, or memory; and its lines of text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/file.h"
#include "common/base/status.h"

namespace plumb::dump {

// Copies share file and memory; reading is thread-safe.
class DumpSource {
 public:
  static Result<DumpSource> Open(const std::filesystem::path& path);
  static DumpSource Of(const Buffer& memory);

  [[nodiscard]] uint64_t size() const { return file_ ? file_->size() : memory_.size(); }

  // Bytes [offset, offset + bytes.size()); kDataLoss beyond the end.
  Status Read(uint64_t offset, std::span<uint8_t> bytes) const;

 private:
  std::optional<InputFile> file_;
  Buffer memory_;
};

// Lines of a source through a window of a few KiB. After an error there are no more lines.
class LineScanner {
 public:
  // Longer lines are cut for the caller and passed over whole.
  static constexpr size_t kMaxLine = 4096;

  explicit LineScanner(DumpSource source) : source_(std::move(source)) {}

  // The next line without its end ("\n" or "\r\n"), valid until the next call; empty at the end.
  std::optional<std::string_view> Next();

  // The next byte, or -1 at the end.
  int NextByte();

  // Of the byte after the last line or byte.
  [[nodiscard]] uint64_t offset() const { return offset_; }

  void Seek(uint64_t offset) { offset_ = offset; }

  [[nodiscard]] const Status& status() const { return status_; }

 private:
  // What of the source is in memory from offset_ on; empty at the end.
  std::string_view Window();

  DumpSource source_;
  uint64_t offset_ = 0;
  uint64_t window_start_ = 0;
  std::vector<uint8_t> window_;
  std::string line_;
  Status status_;
};

}  // namespace plumb::dump
