#include "server/core/retention.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace plumb::server {
namespace {

class Planner {
 public:
  Planner(const RetentionPolicy& policy,
          std::vector<StoredRun> runs,
          std::vector<StoredFile> files,
          int64_t now_ms)
      : policy_(policy),
        runs_(std::move(runs)),
        files_(std::move(files)),
        now_ms_(now_ms) {
    std::sort(runs_.begin(), runs_.end(), [](const StoredRun& a, const StoredRun& b) {
      return std::tie(a.used_ms, a.name) < std::tie(b.used_ms, b.name);
    });
    std::sort(files_.begin(), files_.end(), [](const StoredFile& a, const StoredFile& b) {
      return std::tie(a.used_ms, a.sha256) < std::tie(b.used_ms, b.sha256);
    });
    for (const StoredRun& run : runs_) {
      plan_.size_before += run.size;
      for (const std::string& file : run.files) {
        ++users_[file];
      }
    }
    for (const StoredFile& file : files_) {
      plan_.size_before += file.size;
    }
    plan_.size_after = plan_.size_before;
  }

  RetentionPlan Make() {
    RemoveOld();
    RemoveUntilSmall();
    plan_.too_large = policy_.size && plan_.size_after > *policy_.size;
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool UsedWithin(int64_t used_ms, std::chrono::milliseconds span) const {
    return used_ms >= now_ms_ - span.count();
  }

  [[nodiscard]] bool MayGo(const StoredRun& run) const {
    return !run.pinned && !run.needed && !UsedWithin(run.used_ms, policy_.grace);
  }

  [[nodiscard]] bool MayGo(const StoredFile& file) const {
    const auto users = users_.find(file.sha256);
    return !file.needed && (users == users_.end() || users->second == 0) &&
           !UsedWithin(file.used_ms, policy_.grace);
  }

  void Take(const StoredRun& run, Removal why) {
    plan_.runs.push_back({run.name, run.size, run.used_ms, why});
    plan_.size_after -= run.size;
    for (const std::string& file : run.files) {
      --users_[file];
    }
  }

  void Take(const StoredFile& file, Removal why) {
    plan_.files.push_back({file.sha256, file.size, file.used_ms, why});
    plan_.size_after -= file.size;
  }

  // Takes those of `items` that may go and that `wanted` says yes to.
  template <class Item, class Wanted>
  void TakeAll(std::vector<Item>& items, Removal why, Wanted wanted) {
    std::erase_if(items, [&](const Item& item) {
      const bool goes = MayGo(item) && wanted(item);
      if (goes) {
        Take(item, why);
      }
      return goes;
    });
  }

  void RemoveOld() {
    if (!policy_.age) {
      return;
    }
    const auto old = [this](const auto& item) { return !UsedWithin(item.used_ms, *policy_.age); };
    TakeAll(runs_, Removal::kAge, old);
    TakeAll(files_, Removal::kAge, old);
  }

  void RemoveUntilSmall() {
    if (!policy_.size) {
      return;
    }
    const auto too_large = [this](const auto&) { return plan_.size_after > *policy_.size; };
    TakeAll(files_, Removal::kSize, too_large);
    for (const StoredRun& run : runs_) {
      if (!too_large(run)) {
        return;
      }
      if (MayGo(run)) {
        Take(run, Removal::kSize);
        TakeAll(files_, Removal::kSize, too_large);  // what only this run was made of
      }
    }
  }

  const RetentionPolicy& policy_;
  std::vector<StoredRun> runs_;    // that stay so far, oldest first
  std::vector<StoredFile> files_;  // likewise
  const int64_t now_ms_;
  std::map<std::string, uint64_t> users_;  // by file: runs that stay and were made of it
  RetentionPlan plan_;
};

}  // namespace

RetentionPlan Retain(const RetentionPolicy& policy,
                     std::vector<StoredRun> runs,
                     std::vector<StoredFile> files,
                     int64_t now_ms) {
  return Planner(policy, std::move(runs), std::move(files), now_ms).Make();
}

}  // namespace plumb::server
