#include "server/core/data_keeper.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <system_error>
#include <utility>

#include "common/archive/recording_json.h"
#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "server/core/request_json.h"
#include "server/core/run_history.h"
#include "server/core/scrub_record.h"
#include "server/core/use_guard.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

constexpr uint64_t kBite = uint64_t{4} << 20;
constexpr uint64_t kMaxRecordingText = uint64_t{16} << 20;
constexpr std::chrono::seconds kLongestRest{1};
constexpr std::chrono::seconds kSaveEach{30};
constexpr std::string_view kAttempt = "-attempt";

// Of a folder that DataFolder::RunPath named.
std::string RunIdOf(const std::string& folder) {
  return folder.substr(0, folder.rfind(kAttempt));
}

uint64_t SizeOf(const fs::path& folder) {
  uint64_t size = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->symlink_status(ignored).type() == fs::file_type::regular) {
      const auto bytes = at->file_size(ignored);
      size += ignored ? 0 : bytes;
    }
  }
  return size;
}

void AddFilesOf(const fs::path& leg, std::vector<std::string>* files) {
  const auto text = ReadFile(leg / archive::kRecordingFile, kMaxRecordingText);
  if (!text.ok()) {
    return;
  }
  const auto recording = archive::RecordingFromJson(text->view());
  if (recording.ok()) {
    files->push_back(recording->identity.model_sha256);
    for (const std::string& input : recording->identity.input_sha256) {
      files->push_back(input);
    }
  }
}

std::vector<std::string> FilesOf(const fs::path& run) {
  std::vector<std::string> files;
  AddFilesOf(run / "reference", &files);
  AddFilesOf(run / "target", &files);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

std::string Day(int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm time{};
  ::gmtime_r(&seconds, &time);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", &time);
  return text.data();
}

std::string Describe(const std::string& what, const RetentionPlan::Item& item) {
  return "removed " + what + " " + item.name + " (" + HumanBytes(item.size) + ", last used " +
         Day(item.used_ms) + ") for its " + (item.why == Removal::kAge ? "age" : "size");
}

}  // namespace

DataKeeper::DataKeeper(const DataFolder* data, Unfinished unfinished, DataKeeperOptions options)
    : data_(data),
      unfinished_(std::move(unfinished)),
      options_(std::move(options)) {}

DataKeeper::~DataKeeper() {
  Stop();
}

void DataKeeper::Start() {
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      if (const Status status = RunOnce(); !status.ok()) {
        LogWarning("the data folder was not kept this time: " + status.ToString());
      }
      if (options_.on_pass) {
        options_.on_pass();
      }
      lock.lock();
      wake_.wait_for(lock, options_.period, [this] { return stopping_; });
    }
  });
}

void DataKeeper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

Status DataKeeper::RunOnce() {
  PLUMB_ASSIGN_OR_RETURN(const auto lock, UseGuard::TryExclusive(data_->keeper_lock()));
  if (!lock) {
    return OkStatus();  // another server is at it
  }
  if (options_.retention.age || options_.retention.size) {
    PLUMB_RETURN_IF_ERROR(RemoveWhatMayGo());
  }
  return options_.scrub ? Scrub() : OkStatus();
}

DataKeeperCounts DataKeeper::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Result<int64_t> DataKeeper::Now() const {
  if (options_.now_ms) {
    return options_.now_ms();
  }
  PLUMB_RETURN_IF_ERROR(MarkUsed(data_->keeper_lock()));
  return LastUsedMs(data_->keeper_lock());
}

Result<DataKeeper::Needed> DataKeeper::AskNeeded() const {
  PLUMB_ASSIGN_OR_RETURN(const auto records, unfinished_());
  Needed needed;
  for (const store::RunRecord& record : records) {
    const auto request = RequestFromJson(record.submission.request);
    if (!request.ok()) {
      // Of a newer server, perhaps: it may name anything.
      return request.status().Annotate("run " + record.id);
    }
    needed.runs.insert(record.id);
    if (request->reference.kind == ReferenceKind::kRecordedRun) {
      needed.runs.insert(request->reference.run_id);
    }
    needed.files.insert(request->model.sha256);
    for (const Artifact& input : request->inputs) {
      needed.files.insert(input.sha256);
    }
  }
  return needed;
}

Status DataKeeper::RemoveWhatMayGo() {
  // The clock before the question: what is marked after it cannot be in the answer.
  PLUMB_ASSIGN_OR_RETURN(const int64_t now_ms, Now());
  PLUMB_ASSIGN_OR_RETURN(const Needed needed, AskNeeded());
  PLUMB_ASSIGN_OR_RETURN(std::vector<StoredRun> runs, ListRuns(needed));
  PLUMB_ASSIGN_OR_RETURN(const auto blobs, data_->blobs().List());
  std::vector<StoredFile> files;
  files.reserve(blobs.size());
  for (const BlobStore::Entry& blob : blobs) {
    files.push_back({blob.sha256, blob.size, blob.used_ms, needed.files.contains(blob.sha256)});
  }
  const RetentionPlan plan = Retain(options_.retention, std::move(runs), std::move(files), now_ms);
  Remove(plan, now_ms - options_.retention.grace.count());
  if (plan.too_large && !std::exchange(told_too_large_, plan.too_large)) {
    LogWarning("the data folder holds " + HumanBytes(plan.size_after) + ", more than --keep-size " +
               HumanBytes(*options_.retention.size) +
               ": the rest is pinned, needed by runs, or was used a moment ago");
  }
  told_too_large_ = plan.too_large;
  return OkStatus();
}

Result<std::vector<StoredRun>> DataKeeper::ListRuns(const Needed& needed) {
  std::vector<StoredRun> runs;
  std::map<std::string, Known> known;
  std::error_code error;
  for (fs::directory_iterator at(data_->runs(), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const auto used = LastUsedMs(at->path());
    if (!IsRunId(name) || !used.ok() || !archive::IsRunFolder(at->path())) {
      continue;
    }
    const auto before = known_.find(name);
    Known facts =
        before != known_.end() ? before->second : Known{SizeOf(at->path()), FilesOf(at->path())};
    runs.push_back({name,
                    facts.size,
                    *used,
                    DataFolder::IsPinned(at->path()),
                    needed.runs.contains(RunIdOf(name)),
                    facts.files});
    known.emplace(name, std::move(facts));
  }
  known_ = std::move(known);
  return error ? Result<std::vector<StoredRun>>(ErrnoError(error.value(), "reading the runs"))
               : Result<std::vector<StoredRun>>(std::move(runs));
}

void DataKeeper::Remove(const RetentionPlan& plan, int64_t unused_since_ms) {
  const auto remove = [&](const char* what,
                          const RetentionPlan::Item& item,
                          const Result<bool>& removed,
                          uint64_t DataKeeperCounts::*count) {
    if (!removed.ok()) {
      LogWarning(removed.status().ToString());
    } else if (*removed) {
      LogInfo(Describe(what, item));
      Count(count);
      Count(&DataKeeperCounts::removed_bytes, item.size);
    }
  };
  for (const RetentionPlan::Item& run : plan.runs) {
    const auto begin = SteadyClock::now();
    remove("run",
           run,
           data_->RemoveUnusedRun(run.name, unused_since_ms),
           &DataKeeperCounts::removed_runs);
    if (!Rest(SteadyClock::now() - begin)) {
      return;
    }
  }
  for (const RetentionPlan::Item& file : plan.files) {
    const auto begin = SteadyClock::now();
    remove("file",
           file,
           data_->blobs().RemoveUnused(file.name, unused_since_ms),
           &DataKeeperCounts::removed_files);
    if (!Rest(SteadyClock::now() - begin)) {
      return;
    }
  }
}

Status DataKeeper::Scrub() {
  PLUMB_ASSIGN_OR_RETURN(const int64_t now_ms, Now());
  PLUMB_ASSIGN_OR_RETURN(const auto blobs, data_->blobs().List());
  std::vector<std::string> there;
  there.reserve(blobs.size());
  for (const BlobStore::Entry& blob : blobs) {
    there.push_back(blob.sha256);
  }
  ScrubRecord record = ScrubRecord::Load(data_->scrubbed());
  record.KeepOnly(there);
  auto saved = SteadyClock::now();
  for (const std::string& sha256 : record.Due(there, now_ms - options_.scrub->count())) {
    const auto whole = ScrubOne(sha256);
    if (!whole.ok() && whole.status().code() != StatusCode::kNotFound) {
      LogWarning("file " + sha256 + " was not read again: " + whole.status().ToString());
    } else if (whole.ok() && !*whole) {
      break;
    } else {
      record.Set(sha256, now_ms);
      // Hours of reading are not lost with the server.
      if (SteadyClock::now() - saved >= kSaveEach) {
        PLUMB_RETURN_IF_ERROR(record.Save(data_->scrubbed()));
        saved = SteadyClock::now();
      }
    }
  }
  return record.Save(data_->scrubbed());
}

Result<bool> DataKeeper::ScrubOne(const std::string& sha256) {
  PLUMB_ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(data_->blobs().PathOf(sha256)));
  Sha256 hash;
  std::vector<uint8_t> bytes(std::min(kBite, file.size()));
  for (uint64_t offset = 0; offset < file.size(); offset += bytes.size()) {
    const auto begin = SteadyClock::now();
    bytes.resize(std::min(kBite, file.size() - offset));
    if (const Status read = file.Read(offset, bytes); !read.ok()) {
      Damaged(sha256, read.ToString());
      return true;
    }
    hash.Update(bytes);
    if (!Rest(SteadyClock::now() - begin)) {
      return false;
    }
  }
  Count(&DataKeeperCounts::scrubbed_files);
  if (const std::string actual = ToHex(hash.Finish()); actual != sha256) {
    Damaged(sha256, "it holds " + actual);
  }
  return true;
}

void DataKeeper::Damaged(const std::string& sha256, const std::string& what) {
  Count(&DataKeeperCounts::damaged_files);
  const Status moved = data_->blobs().SetAside(sha256, data_->damaged());
  LogError("file " + sha256 + " is damaged: " + what + "; " +
           (moved.ok() ? "moved to '" + data_->damaged().string() +
                             "', the next run that needs it uploads it anew; check the disk"
                       : moved.ToString()));
}

bool DataKeeper::Rest(SteadyClock::duration used) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(
      lock, std::min<SteadyClock::duration>(used, kLongestRest), [this] { return stopping_; });
}

void DataKeeper::Count(uint64_t DataKeeperCounts::*what, uint64_t more) {
  const std::lock_guard lock(mutex_);
  counts_.*what += more;
}

}  // namespace plumb::server
