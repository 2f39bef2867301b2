// Keeps a server's folder small and sound: old runs and files go by age and size, and files are
// read again to see that they still hold what their names say.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/base/status.h"
#include "server/core/data_folder.h"
#include "server/core/retention.h"
#include "server/store/records.h"

namespace plumb::server {

struct DataKeeperOptions {
  RetentionPolicy retention;
  std::optional<std::chrono::milliseconds> scrub;               // how often each file is read again
  std::chrono::milliseconds period = std::chrono::minutes(10);  // between two passes
  // Milliseconds since 1970; null: the clock of the folder's file system.
  std::function<int64_t()> now_ms;
  // Called on the keeper's thread after each pass.
  std::function<void()> on_pass;

  [[nodiscard]] bool wanted() const { return retention.age || retention.size || scrub; }
};

// Since the server began.
struct DataKeeperCounts {
  uint64_t removed_runs = 0;
  uint64_t removed_files = 0;
  uint64_t removed_bytes = 0;
  uint64_t scrubbed_files = 0;
  uint64_t damaged_files = 0;
};

// Several servers may share the folder: one keeps it at a time, and no run of any of them loses
// what it needs. A run names its files in the store only after it has marked them as used
// (use_guard.h), and a pass asks the store first: whatever was marked longer than the grace time
// before that is either in the answer or belongs to no run that waits or is under way.
class DataKeeper {
 public:
  // All runs of the store that are not finished. Called on the keeper's thread; may block.
  using Unfinished = std::function<Result<std::vector<store::RunRecord>>()>;

  // `data` outlives the keeper.
  DataKeeper(const DataFolder* data, Unfinished unfinished, DataKeeperOptions options);
  DataKeeper(const DataKeeper&) = delete;
  DataKeeper& operator=(const DataKeeper&) = delete;
  // Stops.
  ~DataKeeper();

  // One pass at once and one each period, on a thread of its own.
  void Start();
  // Returns within one bite: a file of the file system, or four megabytes read.
  void Stop();

  // One pass. Not while the thread runs. When the store does not answer, or names a run that this
  // version cannot read, nothing is removed.
  Status RunOnce();

  // Any thread.
  [[nodiscard]] DataKeeperCounts counts() const;

 private:
  // What unfinished runs need.
  struct Needed {
    std::set<std::string> runs;   // ids, without attempt
    std::set<std::string> files;  // SHA-256
  };

  // What is known of a run's folder, which never changes once it is there.
  struct Known {
    uint64_t size = 0;
    std::vector<std::string> files;
  };

  [[nodiscard]] Result<int64_t> Now() const;
  [[nodiscard]] Result<Needed> AskNeeded() const;
  Status RemoveWhatMayGo();
  Result<std::vector<StoredRun>> ListRuns(const Needed& needed);
  void Remove(const RetentionPlan& plan, int64_t unused_since_ms);
  Status Scrub();
  // False: it was told to stop.
  Result<bool> ScrubOne(const std::string& sha256);
  void Damaged(const std::string& sha256, const std::string& what);
  // Leaves the disk to others for as long as it was just used. False: told to stop.
  bool Rest(std::chrono::steady_clock::duration used);
  void Count(uint64_t DataKeeperCounts::*what, uint64_t more = 1);

  const DataFolder* data_;
  const Unfinished unfinished_;
  const DataKeeperOptions options_;
  std::map<std::string, Known> known_;  // by the name of the folder
  bool told_too_large_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  DataKeeperCounts counts_;
  std::thread thread_;
};

}  // namespace plumb::server
