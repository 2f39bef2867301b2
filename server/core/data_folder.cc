#include "server/core/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/text.h"

namespace plumb::server {

Result<DataFolder> DataFolder::Open(const std::filesystem::path& path) {
  PLUMB_RETURN_IF_ERROR(MakeFolders(path / "runs"));
  UniqueFd lock(::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.valid()) {
    return ErrnoError(errno,
                      "cannot write in the folder '" + EscapeForDisplay(path.string()) + "'");
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return FailedPreconditionError("the folder '" + EscapeForDisplay(path.string()) +
                                   "' belongs to another running server")
        .WithHint("give this server another --data folder, or stop the other one");
  }
  PLUMB_RETURN_IF_ERROR(archive::RemoveUnfinishedRuns(path / "runs"));
  PLUMB_ASSIGN_OR_RETURN(BlobStore blobs, BlobStore::Open(path / "blobs"));
  return DataFolder(path, std::move(lock), std::move(blobs));
}

}  // namespace plumb::server
