// A file that is written piece by piece and may be gone on with later, should the writing break off.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>

#include "common/base/status.h"
#include "common/base/unique_fd.h"

namespace plumb::server {

// What was written is kept under the file's own name when the object ends without Commit() or
// Discard(), unless it is too little to be worth it. One writer at a time, by a lock on the file, so
// that processes may share the folder. Not thread-safe.
class PartialFile {
 public:
  static constexpr uint64_t kWorthKeeping = uint64_t{1} << 20;

  // Empty when somebody else writes it. `path` is made if missing.
  static Result<std::optional<PartialFile>> Open(const std::filesystem::path& path);
  // Bytes there to go on with; 0 when there are none, or somebody is at it.
  static uint64_t SizeOf(const std::filesystem::path& path);

  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  [[nodiscard]] uint64_t size() const { return size_; }

  // Keeps the first `size` bytes alone, and gives them to `take` in blocks.
  Status KeepFirst(uint64_t size, const std::function<void(std::span<const uint8_t>)>& take);
  Status Append(std::span<const uint8_t> bytes);
  // Synced, and under its final name.
  Status Commit(const std::filesystem::path& path);
  // What is in it is of no use.
  void Discard();

  // Nothing is kept unless it is committed.
  void KeepNothing() { keep_ = false; }

 private:
  PartialFile(UniqueFd fd, std::filesystem::path path, uint64_t size);

  UniqueFd fd_;
  std::filesystem::path path_;  // empty: no longer ours
  uint64_t size_ = 0;
  bool keep_ = true;
};

}  // namespace plumb::server
