// Models and inputs on the board, by SHA-256, in a folder of bounded size.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/ports.h"
#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/unique_fd.h"
#include "common/runner/runner.h"

namespace plumb::agent {

// A file a run needs.
struct WantedFile {
  Artifact artifact;        // without a path
  std::string label;        // for messages: "model", "input 0"
  std::string_view reason;  // of an error: kReasonWrongModel, kReasonWrongInput
};

struct ArtifactCacheOptions {
  std::filesystem::path folder;
  uint64_t max_size = uint64_t{256} << 20;
  std::chrono::milliseconds resume_window;  // how long a read may stay broken
  std::chrono::milliseconds retry_pause{100};
};

// The folder holds one file per artifact, named by its digest; other files are left alone. The
// least recently used go first; the order survives a restart in the files' times. One process per
// folder. Not thread-safe.
class ArtifactCache {
 public:
  // Makes the folder, removes what an interrupted read left, evicts down to max_size.
  // kFailedPrecondition with a hint when another process uses the folder.
  static Result<ArtifactCache> Open(ArtifactCacheOptions options);

  // The files' paths, in order, all of them hashed during this call and found to be what was asked
  // for: what is missing or damaged is read from `source`. They stay until the next call.
  // Errors carry the file's reason: bytes that are not the announced ones, an artifact the server
  // does not have; kResourceExhausted without a reason when they do not fit into max_size or on the
  // disk; kUnavailable with kReasonAgentLost when the link stays broken.
  Result<std::vector<std::filesystem::path>> Provide(const std::vector<WantedFile>& wanted,
                                                     ArtifactSource& source,
                                                     const CancelToken& cancel);

  // Bytes of all artifacts held.
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  struct Entry {
    std::string sha256;
    uint64_t size;
  };

  ArtifactCache(ArtifactCacheOptions options, UniqueFd lock);

  Status Load();
  Status Use(const WantedFile& wanted);
  Status CheckFits(const std::vector<WantedFile>& wanted) const;
  bool HoldsIntact(const WantedFile& wanted);
  Status Fetch(const WantedFile& wanted,
               const std::vector<WantedFile>& keep,
               ArtifactSource& source,
               const CancelToken& cancel);
  Status ReadAll(const WantedFile& wanted,
                 ArtifactSource& source,
                 const CancelToken& cancel,
                 AtomicFile& file) const;
  void MakeRoom(uint64_t size, const std::vector<WantedFile>& keep);
  void Remove(std::list<Entry>::iterator entry);
  [[nodiscard]] std::list<Entry>::iterator Find(std::string_view sha256);
  [[nodiscard]] std::filesystem::path PathOf(std::string_view sha256) const;

  ArtifactCacheOptions options_;
  UniqueFd lock_;
  std::list<Entry> entries_;  // least recently used first
  uint64_t size_ = 0;
};

}  // namespace plumb::agent
