// Finished runs as their archives tell them, so that a restarted server still knows them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/analysis/report.h"
#include "common/base/status.h"
#include "server/core/run_types.h"

namespace plumb::server {

// "20261122-230912-1a2b3c": sorts by time (UTC), unique by chance.
std::string NewRunId();
// 1…64 characters of [A-Za-z0-9_-]: safe as the name of a folder.
bool IsRunId(const std::string& text);
int64_t UnixMsNow();

// Fills what a report says of a finished run.
void ApplyReport(const analysis::ComparisonReport& report, RunSummary* summary);

// At most kMaxRuns, the newest. On the strand only.
class RunHistory {
 public:
  static constexpr size_t kMaxRuns = 1000;

  // Reads the archives below `folder`; those that cannot be read are left out and logged.
  static RunHistory Load(const std::filesystem::path& folder);

  void Add(RunSummary summary);
  [[nodiscard]] std::optional<RunSummary> Find(const std::string& run_id) const;
  // Newest first.
  [[nodiscard]] std::vector<RunSummary> List(size_t max_count) const;

 private:
  std::map<std::string, RunSummary> runs_;  // by id, which is by time
};

}  // namespace plumb::server
