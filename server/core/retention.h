// What of a server's data goes, by age and size: the decision alone, without a file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plumb::server {

struct RetentionPolicy {
  std::optional<std::chrono::milliseconds> age;  // what was not used for so long goes
  std::optional<uint64_t> size;                  // bytes; above it the oldest go
  // Whatever was used within this stays: somebody may be about to name it in a request.
  std::chrono::milliseconds grace = std::chrono::hours(1);
};

// Times are milliseconds since 1970, by the clock of the folder's file system.
struct StoredRun {
  std::string name;  // of its folder
  uint64_t size = 0;
  int64_t used_ms = 0;             // when it ended, or last served as another run's reference
  bool pinned = false;             // by a person
  bool needed = false;             // by a run that is queued or under way, or it is one
  std::vector<std::string> files;  // SHA-256 of its model and inputs
};

struct StoredFile {
  std::string sha256;
  uint64_t size = 0;
  int64_t used_ms = 0;  // when it came, or was last asked for
  bool needed = false;  // by a run that is queued or under way
};

enum class Removal : uint8_t { kAge, kSize };

struct RetentionPlan {
  struct Item {
    std::string name;
    uint64_t size = 0;
    int64_t used_ms = 0;
    Removal why = Removal::kAge;
  };

  std::vector<Item> runs;   // in the order in which they go
  std::vector<Item> files;  // likewise
  uint64_t size_before = 0;
  uint64_t size_after = 0;
  bool too_large = false;  // nothing more may go, and it is still more than wanted
};

// Oldest first. Never goes: what is pinned, what is needed, what was used within the grace time,
// and a file that a run which stays was made of. For size, files that no run was made of go before
// any run does, since they can be uploaded again.
RetentionPlan Retain(const RetentionPolicy& policy,
                     std::vector<StoredRun> runs,
                     std::vector<StoredFile> files,
                     int64_t now_ms);

}  // namespace plumb::server
