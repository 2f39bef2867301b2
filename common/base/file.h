// The door to the file system: whole reads with a cap, mappings, and writes that are whole or not
// at all (temporary file, fsync, rename, fsync of the folder).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/base/unique_fd.h"

namespace plumb {

constexpr uint64_t kDefaultMaxFileSize = uint64_t{4} << 30;

// The whole file in memory. kResourceExhausted above `max_size` bytes; kInvalidArgument for a
// folder, a device or a pipe.
Result<Buffer> ReadFile(const std::filesystem::path& path, uint64_t max_size = kDefaultMaxFileSize);

// The whole file as a private read-only mapping; pages come in on demand. The file must not be
// truncated while the Buffer lives.
Result<Buffer> MapFile(const std::filesystem::path& path);

// Writes `bytes` to `path` whole or not at all; an existing file is replaced.
Status WriteFileAtomically(const std::filesystem::path& path, std::span<const uint8_t> bytes);
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view text);

// A regular file read piece by piece, for what is too large to hold or to map. Copies share the
// descriptor; reading is thread-safe.
class InputFile {
 public:
  // kInvalidArgument for a folder, a device or a pipe.
  static Result<InputFile> Open(const std::filesystem::path& path);

  [[nodiscard]] uint64_t size() const { return size_; }

  // Bytes [offset, offset + bytes.size()). kDataLoss beyond the end (the file was cut meanwhile).
  Status Read(uint64_t offset, std::span<uint8_t> bytes) const;

 private:
  InputFile(UniqueFd fd, std::filesystem::path path, uint64_t size);

  std::shared_ptr<const UniqueFd> fd_;
  std::filesystem::path path_;
  uint64_t size_ = 0;
};

Result<uint64_t> FileSize(const std::filesystem::path& path);
Status MakeFolders(const std::filesystem::path& path);
// fsync of a folder, so that a rename inside it survives a power cut.
Status SyncFolder(const std::filesystem::path& path);
// The path of the running program, links resolved.
Result<std::filesystem::path> ProgramPath();

// A file written piece by piece that appears under its name only on Commit(); otherwise it is
// removed. Not thread-safe.
class AtomicFile {
 public:
  static Result<AtomicFile> Create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  Status Append(std::span<const uint8_t> bytes);

  [[nodiscard]] uint64_t size() const { return size_; }

  Status Commit();

 private:
  AtomicFile(UniqueFd fd, std::filesystem::path path, std::filesystem::path temporary);

  UniqueFd fd_;
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  uint64_t size_ = 0;
};

// A fresh folder under $TMPDIR (or /tmp) that is removed with all it holds.
class TempFolder {
 public:
  static Result<TempFolder> Create(std::string_view prefix);
  TempFolder(TempFolder&& other) noexcept;
  TempFolder& operator=(TempFolder&&) = delete;
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit TempFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

// pread/pwrite until all bytes are done; a short read is kDataLoss.
Status ReadAt(int fd, uint64_t offset, std::span<uint8_t> bytes);
Status WriteAt(int fd, uint64_t offset, std::span<const uint8_t> bytes);

}  // namespace plumb
