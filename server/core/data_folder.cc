#include "server/core/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cctype>
#include <cerrno>
#include <system_error>

#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "server/core/use_guard.h"

namespace plumb::server {
namespace {

Result<UniqueFd> OpenLock(const std::filesystem::path& path) {
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.valid()) {
    return ErrnoError(
        errno,
        "cannot write in the folder '" + EscapeForDisplay(path.parent_path().string()) + "'");
  }
  return lock;
}

Status Taken(const std::filesystem::path& path, const std::string& server) {
  return FailedPreconditionError(
             "the folder '" + EscapeForDisplay(path.string()) +
             "' belongs to another running server" +
             (server.empty() ? "" : " named '" + EscapeForDisplay(server) + "'"))
      .WithHint(server.empty()
                    ? "give this server another --data folder, or stop the other one"
                    : "give each server that shares the folder a --server-name of its own");
}

// As a file's name, whatever the name holds.
std::string LockName(const std::string& server) {
  std::string name = "server-";
  for (const char c : server) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
    name += plain ? std::string(1, c) : "_" + std::to_string(static_cast<unsigned char>(c)) + "_";
  }
  return name + ".lock";
}

}  // namespace

Result<DataFolder> DataFolder::Open(const std::filesystem::path& path, const std::string& server) {
  PLUMB_RETURN_IF_ERROR(MakeFolders(path / "runs"));
  PLUMB_ASSIGN_OR_RETURN(UniqueFd lock, OpenLock(path / "lock"));
  UniqueFd name_lock;
  if (!server.empty()) {
    PLUMB_ASSIGN_OR_RETURN(name_lock, OpenLock(path / LockName(server)));
    if (::flock(name_lock.get(), LOCK_EX | LOCK_NB) != 0) {
      return Taken(path, server);
    }
  }
  const bool first = ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
  if (!first && (server.empty() || ::flock(lock.get(), LOCK_SH) != 0)) {
    return Taken(path, "");
  }
  if (first) {
    PLUMB_RETURN_IF_ERROR(archive::RemoveUnfinishedRuns(path / "runs"));
  }
  PLUMB_ASSIGN_OR_RETURN(BlobStore blobs,
                         BlobStore::Open(path / "blobs", /*clear=*/first, path / "use.lock"));
  if (first && !server.empty() && ::flock(lock.get(), LOCK_SH) != 0) {
    return ErrnoError(errno, "sharing the folder");
  }
  return DataFolder(path, std::move(lock), std::move(name_lock), std::move(blobs));
}

Status DataFolder::UseRun(const std::filesystem::path& folder) const {
  PLUMB_ASSIGN_OR_RETURN(const UseGuard guard, UseGuard::Shared(use_lock()));
  return MarkUsed(folder);
}

bool DataFolder::IsPinned(const std::filesystem::path& run_folder) {
  std::error_code error;
  const auto type = std::filesystem::symlink_status(run_folder / "pinned", error).type();
  // What cannot be looked at may be pinned.
  return type != std::filesystem::file_type::not_found;
}

Result<bool> DataFolder::RemoveUnusedRun(const std::string& name, int64_t since_ms) const {
  const std::filesystem::path path = runs() / name;
  // A crash in between leaves what Open clears away.
  const std::filesystem::path going = runs() / (name + ".gone.part");
  {
    PLUMB_ASSIGN_OR_RETURN(const UseGuard guard, UseGuard::Exclusive(use_lock()));
    const auto used = LastUsedMs(path);
    if (!used.ok() || *used >= since_ms || IsPinned(path)) {
      return used.ok() || used.status().code() == StatusCode::kNotFound ? Result<bool>(false)
                                                                        : used.status();
    }
    std::error_code error;
    std::filesystem::rename(path, going, error);
    if (error) {
      return ErrnoError(error.value(), "removing '" + path.string() + "'");
    }
  }
  std::error_code error;
  std::filesystem::remove_all(going, error);
  return error ? Result<bool>(ErrnoError(error.value(), "removing '" + going.string() + "'"))
               : Result<bool>(true);
}

}  // namespace plumb::server
