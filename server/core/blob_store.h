// Models and inputs on the server, each a file named by the SHA-256 of what it holds.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/runner/runner.h"
#include "server/core/partial_file.h"

namespace plumb::server {

// Thread-safe: files appear whole and are never changed.
class BlobStore {
 public:
  // Makes the folder and removes what uploads that did not finish left in it. The folder must be
  // this process's alone, unless it is told not to `clear`. `guard`: see use_guard.h; empty: a file
  // in the folder.
  static Result<BlobStore> Open(const std::filesystem::path& folder,
                                bool clear = true,
                                const std::filesystem::path& guard = {});

  // `artifact` with the path of its file. kNotFound when it is not here or has another size.
  [[nodiscard]] Result<Artifact> Find(const Artifact& artifact) const;

  // As Find, and keeps the file from being removed for the grace time from now on: for whoever is
  // about to name it in a request.
  [[nodiscard]] Result<Artifact> Use(const Artifact& artifact) const;

  // A file as it lies here; for whoever keeps the folder small and sound.
  struct Entry {
    std::string sha256;
    uint64_t size = 0;
    int64_t used_ms = 0;  // use_guard.h
  };

  // In any order. What goes meanwhile may be missing.
  [[nodiscard]] Result<std::vector<Entry>> List() const;
  // False: it was used since, or is gone already.
  [[nodiscard]] Result<bool> RemoveUnused(const std::string& sha256, int64_t since_ms) const;
  // Moves a file that does not hold what its name says into `folder`, which is made.
  Status SetAside(const std::string& sha256, const std::filesystem::path& folder) const;
  [[nodiscard]] std::filesystem::path PathOf(const std::string& sha256) const;

  // Reads the whole file. kDataLoss when it no longer holds what its name says; the file is then
  // removed, so that it is uploaded anew.
  Status Verify(const Artifact& artifact) const;

  // One file on its way in; what broke off is kept for a day to go on with. Not thread-safe.
  class Upload {
   public:
    // kResourceExhausted for more bytes than announced.
    Status Append(std::span<const uint8_t> bytes);
    // kDataLoss unless size and SHA-256 are as announced; nothing is kept then.
    Status Commit();

   private:
    friend class BlobStore;

    Upload(Artifact artifact, std::filesystem::path path, PartialFile file)
        : artifact_(std::move(artifact)),
          path_(std::move(path)),
          file_(std::move(file)) {}

    Artifact artifact_;
    std::filesystem::path path_;
    PartialFile file_;
    Sha256 hash_;
  };

  // Bytes of it that an upload which broke off has left; 0: none.
  [[nodiscard]] uint64_t Committed(const Artifact& artifact) const;

  // Goes on at `offset`, which may be up to Committed(): kFailedPrecondition with reason
  // offset_lost beyond that. kResourceExhausted when the disk has no room for it. Reads what is
  // there already.
  [[nodiscard]] Result<Upload> BeginUpload(const Artifact& artifact, uint64_t offset = 0) const;

 private:
  BlobStore(std::filesystem::path folder, std::filesystem::path guard)
      : folder_(std::move(folder)),
        guard_(std::move(guard)) {}

  [[nodiscard]] std::filesystem::path PartOf(const Artifact& artifact) const;
  void RemoveOldParts() const;

  std::filesystem::path folder_;
  std::filesystem::path guard_;
};

}  // namespace plumb::server
