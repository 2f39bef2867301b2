#include "server/core/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "common/base/file.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = size_t{1} << 20;
constexpr int kTries = 8;

// The lock is of the very file that lies there: whoever had it before may have renamed or removed it.
bool IsAt(int fd, const fs::path& path) {
  struct stat open = {};
  struct stat there = {};
  return ::fstat(fd, &open) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         open.st_ino == there.st_ino && open.st_dev == there.st_dev;
}

}  // namespace

PartialFile::PartialFile(UniqueFd fd, fs::path path, uint64_t size)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      size_(size) {}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::exchange(other.path_, {})),
      size_(other.size_),
      keep_(other.keep_) {}

PartialFile::~PartialFile() {
  if (!keep_ || size_ < kWorthKeeping) {
    Discard();
  }
}

Result<std::optional<PartialFile>> PartialFile::Open(const fs::path& path) {
  for (int i = 0; i < kTries; ++i) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd.valid()) {
      return ErrnoError(errno, "cannot write '" + path.string() + "'");
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      return std::optional<PartialFile>();
    }
    const auto size = ::lseek(fd.get(), 0, SEEK_END);
    if (size >= 0 && IsAt(fd.get(), path)) {
      return std::optional(PartialFile(std::move(fd), path, static_cast<uint64_t>(size)));
    }
  }
  return std::optional<PartialFile>();
}

uint64_t PartialFile::SizeOf(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid() || ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) {
    return 0;
  }
  struct stat info = {};
  return ::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode) && IsAt(fd.get(), path)
             ? static_cast<uint64_t>(info.st_size)
             : 0;
}

Status PartialFile::KeepFirst(uint64_t size,
                              const std::function<void(std::span<const uint8_t>)>& take) {
  if (size > size_) {
    return OutOfRangeError("only " + std::to_string(size_) + " bytes are there");
  }
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return ErrnoError(errno, "cutting '" + path_.string() + "'");
  }
  size_ = size;
  std::vector<uint8_t> block(static_cast<size_t>(std::min<uint64_t>(size, kBlock)));
  for (uint64_t at = 0; at < size; at += block.size()) {
    const std::span<uint8_t> piece(
        block.data(), static_cast<size_t>(std::min<uint64_t>(block.size(), size - at)));
    PLUMB_RETURN_IF_ERROR(ReadAt(fd_.get(), at, piece));
    take(piece);
  }
  return OkStatus();
}

Status PartialFile::Append(std::span<const uint8_t> bytes) {
  Status status = WriteAt(fd_.get(), size_, bytes);
  if (!status.ok()) {
    return std::move(status).Annotate("writing '" + path_.string() + "'");
  }
  size_ += bytes.size();
  return OkStatus();
}

Status PartialFile::Commit(const fs::path& path) {
  if (::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), path.c_str()) != 0) {
    return ErrnoError(errno, "cannot finish '" + path.string() + "'");
  }
  path_.clear();
  fd_.Reset();
  return SyncFolder(path.parent_path());
}

void PartialFile::Discard() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
    path_.clear();
  }
}

}  // namespace plumb::server
