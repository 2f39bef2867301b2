// The folder that a server owns: blobs/ and runs/, and the lock that keeps a second server out.
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
  // another process holds the folder.
  static Result<DataFolder> Open(const std::filesystem::path& path);

  [[nodiscard]] const BlobStore& blobs() const { return blobs_; }

  [[nodiscard]] std::filesystem::path runs() const { return path_ / "runs"; }

  // `run_id` must be 1…64 characters of [A-Za-z0-9_-].
  [[nodiscard]] std::filesystem::path RunPath(const std::string& run_id) const {
    return runs() / run_id;
  }

 private:
  DataFolder(std::filesystem::path path, UniqueFd lock, BlobStore blobs)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        blobs_(std::move(blobs)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
  BlobStore blobs_;
};

}  // namespace plumb::server
