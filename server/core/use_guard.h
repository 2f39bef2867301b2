// Keeps "it is there, I use it" and "nobody uses it, it goes" apart, between the servers that share
// a folder too. Whoever is about to name a file or a run marks it as used (the time of its last
// change is that mark: what is kept never changes) under a shared lock; whoever removes looks at
// the mark again under the exclusive one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "common/base/status.h"
#include "common/base/unique_fd.h"

namespace plumb::server {

// A lock on a file, made if missing, until the object ends. Blocks; it is held for a rename at
// most, never while something is read or deleted.
class UseGuard {
 public:
  static Result<UseGuard> Shared(const std::filesystem::path& file);
  static Result<UseGuard> Exclusive(const std::filesystem::path& file);
  // Empty when somebody else has it; does not block.
  static Result<std::optional<UseGuard>> TryExclusive(const std::filesystem::path& file);

 private:
  explicit UseGuard(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

// Marks a file or folder as used now, by the file system's clock. kNotFound when it is gone.
Status MarkUsed(const std::filesystem::path& path);
// When it was marked, milliseconds since 1970.
Result<int64_t> LastUsedMs(const std::filesystem::path& path);

}  // namespace plumb::server
