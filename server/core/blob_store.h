// Models and inputs on the server, each a file named by the SHA-256 of what it holds.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/runner/runner.h"

namespace plumb::server {

// Thread-safe: files appear whole and are never changed.
class BlobStore {
 public:
  // Makes the folder and removes what uploads that did not finish left in it. The folder must be
  // this process's alone.
  static Result<BlobStore> Open(const std::filesystem::path& folder, bool clear = true);

  // `artifact` with the path of its file. kNotFound when it is not here or has another size.
  [[nodiscard]] Result<Artifact> Find(const Artifact& artifact) const;

  // Reads the whole file. kDataLoss when it no longer holds what its name says; the file is then
  // removed, so that it is uploaded anew.
  Status Verify(const Artifact& artifact) const;

  // One file on its way in; without Commit it leaves nothing behind. Not thread-safe.
  class Upload {
   public:
    // kResourceExhausted for more bytes than announced.
    Status Append(std::span<const uint8_t> bytes);
    // kDataLoss unless size and SHA-256 are as announced.
    Status Commit();

   private:
    friend class BlobStore;

    Upload(Artifact artifact, AtomicFile file)
        : artifact_(std::move(artifact)),
          file_(std::move(file)) {}

    Artifact artifact_;
    AtomicFile file_;
    Sha256 hash_;
  };

  // kResourceExhausted when the disk has no room for it.
  [[nodiscard]] Result<Upload> BeginUpload(const Artifact& artifact) const;

 private:
  explicit BlobStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::filesystem::path PathOf(const std::string& sha256) const;

  std::filesystem::path folder_;
};

}  // namespace plumb::server
