#include "server/core/use_guard.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "common/base/text.h"

namespace plumb::server {
namespace {

std::string Quoted(const std::filesystem::path& path) {
  return "'" + EscapeForDisplay(path.string()) + "'";
}

Result<UniqueFd> OpenGuard(const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  return fd.valid() ? Result<UniqueFd>(std::move(fd))
                    : ErrnoError(errno, "opening " + Quoted(file));
}

Status Lock(const UniqueFd& fd, int how, const std::filesystem::path& file) {
  int result = 0;
  do {
    result = ::flock(fd.get(), how);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? OkStatus() : ErrnoError(errno, "locking " + Quoted(file));
}

Status Failed(const char* what, const std::filesystem::path& path) {
  return errno == ENOENT ? NotFoundError(Quoted(path) + " is not there")
                         : ErrnoError(errno, what + Quoted(path));
}

}  // namespace

Result<UseGuard> UseGuard::Shared(const std::filesystem::path& file) {
  PLUMB_ASSIGN_OR_RETURN(UniqueFd fd, OpenGuard(file));
  PLUMB_RETURN_IF_ERROR(Lock(fd, LOCK_SH, file));
  return UseGuard(std::move(fd));
}

Result<UseGuard> UseGuard::Exclusive(const std::filesystem::path& file) {
  PLUMB_ASSIGN_OR_RETURN(UniqueFd fd, OpenGuard(file));
  PLUMB_RETURN_IF_ERROR(Lock(fd, LOCK_EX, file));
  return UseGuard(std::move(fd));
}

Result<std::optional<UseGuard>> UseGuard::TryExclusive(const std::filesystem::path& file) {
  PLUMB_ASSIGN_OR_RETURN(UniqueFd fd, OpenGuard(file));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::optional<UseGuard>();
  }
  return std::optional<UseGuard>(UseGuard(std::move(fd)));
}

Status MarkUsed(const std::filesystem::path& path) {
  // No times: the file system takes its own clock, which servers on several machines share.
  return ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0
             ? OkStatus()
             : Failed("marking ", path);
}

Result<int64_t> LastUsedMs(const std::filesystem::path& path) {
  struct stat info {};

  if (::lstat(path.c_str(), &info) != 0) {
    return Failed("looking at ", path);
  }
  return int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

}  // namespace plumb::server
