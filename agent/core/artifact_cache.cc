#include "agent/core/artifact_cache.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "agent/core/retry.h"
#include "common/base/log.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDigestSize = 64;
constexpr std::string_view kTemporarySuffix = ".part";
// Streams in a row that gave a few bytes and broke: a server that gives a file byte by byte would
// otherwise keep the board for the whole run's deadline.
constexpr int kMaxDribbles = 3;

bool IsLeftover(const std::string& name) {
  return name.size() > kDigestSize + kTemporarySuffix.size() &&
         IsSha256Hex(std::string_view(name).substr(0, kDigestSize)) &&
         std::string_view(name).substr(name.size() - kTemporarySuffix.size()) == kTemporarySuffix;
}

Result<UniqueFd> LockFolder(const fs::path& folder) {
  const fs::path path = folder / ".lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return ErrnoError(errno, "cannot use the cache folder '" + folder.string() + "'")
        .WithHint("name a folder that can be written: --cache DIR");
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return FailedPreconditionError("another agent uses the cache folder '" + folder.string() + "'")
        .WithHint("give each agent a folder of its own: --cache DIR");
  }
  return fd;
}

std::string Describe(const WantedFile& wanted) {
  return wanted.label + " " + wanted.artifact.sha256.substr(0, 12) + "…";
}

// What the server answers about a file is about that file, unless it gave its own reason.
Status WithFileReason(Status status, const WantedFile& wanted) {
  if (status.code() == StatusCode::kNotFound) {
    status = std::move(status).WithReason(wanted.reason);
  }
  return std::move(status).Annotate("fetching the " + Describe(wanted));
}

}  // namespace

ArtifactCache::ArtifactCache(ArtifactCacheOptions options, UniqueFd lock)
    : options_(std::move(options)),
      lock_(std::move(lock)) {}

Result<ArtifactCache> ArtifactCache::Open(ArtifactCacheOptions options) {
  PLUMB_RETURN_IF_ERROR(MakeFolders(options.folder));
  PLUMB_ASSIGN_OR_RETURN(UniqueFd lock, LockFolder(options.folder));
  ArtifactCache cache(std::move(options), std::move(lock));
  PLUMB_RETURN_IF_ERROR(cache.Load());
  cache.MakeRoom(0, {});
  return cache;
}

Status ArtifactCache::Load() {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, Entry>> found;
  for (fs::directory_iterator it(options_.folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;  // a file that vanishes meanwhile is not there
    if (it->symlink_status(ignored).type() != fs::file_type::regular) {
      continue;
    }
    if (IsLeftover(name)) {
      fs::remove(it->path(), ignored);
    } else if (IsSha256Hex(name)) {
      const auto time = it->last_write_time(ignored);
      const uint64_t size = it->file_size(ignored);
      if (!ignored) {
        found.push_back({time, {name, size}});
      }
    }
  }
  if (error) {
    return ErrnoError(error.value(),
                      "cannot read the cache folder '" + options_.folder.string() + "'");
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.sha256) < std::tie(b.first, b.second.sha256);
  });
  for (auto& [time, entry] : found) {
    size_ += entry.size;
    entries_.push_back(std::move(entry));
  }
  return OkStatus();
}

Result<std::vector<fs::path>> ArtifactCache::Provide(const std::vector<WantedFile>& wanted,
                                                     ArtifactSource& source,
                                                     const CancelToken& cancel) {
  PLUMB_RETURN_IF_ERROR(CheckFits(wanted));
  std::vector<fs::path> paths;
  std::set<std::string> done;
  for (const WantedFile& file : wanted) {
    if (cancel.cancelled()) {
      return cancel.status();
    }
    const bool again = !done.insert(file.artifact.sha256).second;
    if (!again && !HoldsIntact(file)) {
      PLUMB_RETURN_IF_ERROR(Fetch(file, wanted, source, cancel));
    }
    PLUMB_RETURN_IF_ERROR(Use(file));
    paths.push_back(PathOf(file.artifact.sha256));
  }
  return paths;
}

// Of a file that is there: its announced size must be its own.
Status ArtifactCache::Use(const WantedFile& wanted) {
  const auto entry = Find(wanted.artifact.sha256);
  if (entry->size != wanted.artifact.size) {
    return DataLossError("the " + Describe(wanted) + " has " + std::to_string(entry->size) +
                         " bytes, not the announced " + std::to_string(wanted.artifact.size))
        .WithReason(wanted.reason);
  }
  std::error_code ignored;  // only the order after a restart depends on it
  fs::last_write_time(PathOf(entry->sha256), fs::file_time_type::clock::now(), ignored);
  entries_.splice(entries_.end(), entries_, entry);
  return OkStatus();
}

Status ArtifactCache::CheckFits(const std::vector<WantedFile>& wanted) const {
  std::set<std::string_view> seen;
  uint64_t total = 0;
  for (const WantedFile& file : wanted) {
    if (seen.insert(file.artifact.sha256).second) {
      const uint64_t room = options_.max_size - total;
      if (file.artifact.size > room) {
        return ResourceExhaustedError("model and inputs do not fit into the board's cache of " +
                                      HumanBytes(options_.max_size))
            .WithHint("start plumb-agent with a larger --cache-size");
      }
      total += file.artifact.size;
    }
  }
  return OkStatus();
}

// A damaged file is removed: it will be read anew.
bool ArtifactCache::HoldsIntact(const WantedFile& wanted) {
  const auto entry = Find(wanted.artifact.sha256);
  if (entry == entries_.end()) {
    return false;
  }
  const auto digest = Sha256HexOfFile(PathOf(entry->sha256));
  if (digest.ok() && *digest == wanted.artifact.sha256) {
    return true;
  }
  LogWarning("the cached " + Describe(wanted) + " is damaged; reading it anew");
  Remove(entry);
  return false;
}

Status ArtifactCache::Fetch(const WantedFile& wanted,
                            const std::vector<WantedFile>& keep,
                            ArtifactSource& source,
                            const CancelToken& cancel) {
  MakeRoom(wanted.artifact.size, keep);
  PLUMB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(PathOf(wanted.artifact.sha256)));
  Status status = ReadAll(wanted, source, cancel, file);
  if (!status.ok()) {
    return WithFileReason(std::move(status), wanted);
  }
  PLUMB_RETURN_IF_ERROR(file.Commit());
  entries_.push_back({wanted.artifact.sha256, wanted.artifact.size});
  size_ += wanted.artifact.size;
  return OkStatus();
}

Status ArtifactCache::ReadAll(const WantedFile& wanted,
                              ArtifactSource& source,
                              const CancelToken& cancel,
                              AtomicFile& file) const {
  const Artifact& artifact = wanted.artifact;
  Sha256 hash;
  ResumeWindow window(options_.resume_window);
  const auto take = [&](std::span<const uint8_t> bytes) -> Status {
    if (bytes.size() > artifact.size - file.size()) {
      return DataLossError("more than the announced " + std::to_string(artifact.size) +
                           " bytes came")
          .WithReason(wanted.reason);
    }
    window.Restart();
    hash.Update(bytes);
    return file.Append(bytes);
  };
  for (int dribbles = 0;;) {
    const uint64_t before = file.size();
    Status status = source.Read(artifact, before, take, cancel);
    if (status.ok()) {
      break;
    }
    if (!IsLinkBroken(status)) {
      return status;
    }
    const uint64_t gained = file.size() - before;
    dribbles += gained > 0 && gained < rpc::kLeastProgress ? 1 : 0;
    if (window.left().count() == 0 || dribbles > kMaxDribbles) {
      return UnavailableError("the link stayed broken: " + status.message())
          .WithReason(kReasonAgentLost);
    }
    if (cancel.WaitFor(options_.retry_pause)) {
      return cancel.status();
    }
  }
  if (file.size() != artifact.size || ToHex(hash.Finish()) != artifact.sha256) {
    return DataLossError("the " + std::to_string(file.size()) +
                         " bytes that came are not the ones that were announced")
        .WithReason(wanted.reason)
        .WithHint("check the server's disk; upload the file again");
  }
  return OkStatus();
}

// What `keep` names is needed now and never goes.
void ArtifactCache::MakeRoom(uint64_t size, const std::vector<WantedFile>& keep) {
  for (auto it = entries_.begin();
       it != entries_.end() && (size_ > options_.max_size || size > options_.max_size - size_);) {
    const auto entry = it++;
    const bool needed = std::any_of(keep.begin(), keep.end(), [&](const WantedFile& file) {
      return file.artifact.sha256 == entry->sha256;
    });
    if (!needed) {
      Remove(entry);
    }
  }
}

void ArtifactCache::Remove(std::list<Entry>::iterator entry) {
  std::error_code ignored;  // a file that cannot be removed is overwritten when it is read anew
  fs::remove(PathOf(entry->sha256), ignored);
  size_ -= entry->size;
  entries_.erase(entry);
}

std::list<ArtifactCache::Entry>::iterator ArtifactCache::Find(std::string_view sha256) {
  return std::find_if(
      entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.sha256 == sha256; });
}

fs::path ArtifactCache::PathOf(std::string_view sha256) const {
  return options_.folder / sha256;
}

}  // namespace plumb::agent
