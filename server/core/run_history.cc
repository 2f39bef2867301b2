#include "server/core/run_history.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <system_error>
#include <utility>

#include "common/archive/run_folder.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> NewestRunIds(const fs::path& folder) {
  std::vector<std::string> ids;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (IsRunId(name)) {
      ids.push_back(std::move(name));
    }
  }
  std::sort(ids.rbegin(), ids.rend());
  ids.resize(std::min(ids.size(), RunHistory::kMaxRuns));
  return ids;
}

}  // namespace

int64_t UnixMsNow() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string NewRunId() {
  const std::time_t now = std::time(nullptr);
  std::tm time{};
  ::gmtime_r(&now, &time);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S-", &time);
  return text.data() + RandomId().substr(0, 6);
}

bool IsRunId(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

void ApplyReport(const analysis::ComparisonReport& report, RunSummary* summary) {
  summary->state = RunState::kFinished;
  summary->verdict = report.verdict;
  summary->exit_code = report.exit_code;
  summary->failure = report.error;
}

RunHistory RunHistory::Load(const fs::path& folder) {
  RunHistory history;
  for (const std::string& run_id : NewestRunIds(folder)) {
    const auto run = archive::ReadRunFolder(folder / run_id);
    if (!run.ok()) {
      LogWarning("run " + run_id + " is left out: " + run.status().ToString());
      continue;
    }
    RunSummary summary;
    summary.run_id = run_id;
    summary.board = run->report.identity.board;
    summary.model.sha256 = run->report.identity.model_sha256;
    summary.model_name = run->label.model_name;
    summary.created_unix_ms = run->label.created_unix_ms;
    summary.finished_unix_ms = run->label.finished_unix_ms;
    ApplyReport(run->report, &summary);
    history.Add(std::move(summary));
  }
  return history;
}

void RunHistory::Add(RunSummary summary) {
  std::string run_id = summary.run_id;
  runs_.insert_or_assign(std::move(run_id), std::move(summary));
  if (runs_.size() > kMaxRuns) {
    runs_.erase(runs_.begin());
  }
}

std::optional<RunSummary> RunHistory::Find(const std::string& run_id) const {
  const auto found = runs_.find(run_id);
  return found == runs_.end() ? std::nullopt : std::optional<RunSummary>(found->second);
}

std::vector<RunSummary> RunHistory::List(size_t max_count) const {
  std::vector<RunSummary> list;
  for (auto run = runs_.rbegin(); run != runs_.rend() && list.size() < max_count; ++run) {
    list.push_back(run->second);
  }
  return list;
}

}  // namespace plumb::server
