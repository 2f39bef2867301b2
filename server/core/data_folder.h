// The folder that a server owns, or that several share: blobs/ and runs/, and the locks that keep a
// second server out.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/base/unique_fd.h"
#include "server/core/blob_store.h"

namespace plumb::server {

// The lock ends with the object, or with the process however that ends.
class DataFolder {
 public:
  // Makes what is missing and clears away unfinished uploads and runs. kFailedPrecondition when
  // another process holds the folder. With the name of a `server` other servers may hold it too, of
  // other names; what is unfinished is cleared away by the first.
  static Result<DataFolder> Open(const std::filesystem::path& path, const std::string& server = "");

  [[nodiscard]] const BlobStore& blobs() const { return blobs_; }

  [[nodiscard]] std::filesystem::path runs() const { return path_ / "runs"; }

  // `run_id` must be 1…64 characters of [A-Za-z0-9_-].
  [[nodiscard]] std::filesystem::path RunPath(const std::string& run_id) const {
    return runs() / run_id;
  }

  // A later attempt has a folder of its own: the one before may still be writing.
  [[nodiscard]] std::filesystem::path RunPath(const std::string& run_id, uint32_t attempt) const {
    return attempt <= 1 ? RunPath(run_id) : RunPath(run_id + "-attempt" + std::to_string(attempt));
  }

  // Marks a run that has ended as used now (use_guard.h), since another is to be compared with it.
  // kNotFound when it is gone.
  [[nodiscard]] Status UseRun(const std::filesystem::path& folder) const;
  // `name`: of a folder in runs(). False: it was used since, is pinned, or gone already.
  [[nodiscard]] Result<bool> RemoveUnusedRun(const std::string& name, int64_t since_ms) const;
  // A person put a file of this name into the run's folder: it is not removed.
  static bool IsPinned(const std::filesystem::path& run_folder);

  // Files that no longer held what their names say.
  [[nodiscard]] std::filesystem::path damaged() const { return path_ / "damaged"; }

  // When which file was read again last (data_keeper.cc).
  [[nodiscard]] std::filesystem::path scrubbed() const { return path_ / "scrubbed"; }

  // Whoever holds it keeps the folder; the other servers need not.
  [[nodiscard]] std::filesystem::path keeper_lock() const { return path_ / "keeper.lock"; }

 private:
  DataFolder(std::filesystem::path path, UniqueFd lock, UniqueFd name_lock, BlobStore blobs)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        name_lock_(std::move(name_lock)),
        blobs_(std::move(blobs)) {}

  [[nodiscard]] std::filesystem::path use_lock() const { return path_ / "use.lock"; }

  std::filesystem::path path_;
  UniqueFd lock_;
  UniqueFd name_lock_;
  BlobStore blobs_;
};

}  // namespace plumb::server
