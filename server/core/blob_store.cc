#include "server/core/blob_store.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "server/core/use_guard.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxBlobSize = uint64_t{4} << 30;
// Room left for the tensors of runs.
constexpr uint64_t kReservedSpace = uint64_t{64} << 20;
constexpr std::string_view kUpload = ".upload";
constexpr std::chrono::hours kPartLife{24};

std::string Describe(const Artifact& artifact) {
  return "the file with SHA-256 " + artifact.sha256;
}

// Two who send the same file have a file each, and the last one stays.
Result<PartialFile> OpenPart(const fs::path& part) {
  PLUMB_ASSIGN_OR_RETURN(std::optional<PartialFile> own, PartialFile::Open(part));
  if (own) {
    return *std::move(own);
  }
  PLUMB_ASSIGN_OR_RETURN(std::optional<PartialFile> other,
                         PartialFile::Open(part.string() + "." + RandomId() + ".part"));
  if (!other) {
    return UnavailableError("somebody else writes '" + part.string() + "'");
  }
  other->KeepNothing();
  return *std::move(other);
}

}  // namespace

Result<BlobStore> BlobStore::Open(const fs::path& folder, bool clear, const fs::path& guard) {
  PLUMB_RETURN_IF_ERROR(MakeFolders(folder));
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (clear && entry.path().extension() == ".part") {
      std::error_code ignored;
      fs::remove(entry.path(), ignored);
    }
  }
  if (error) {
    return ErrnoError(error.value(), "cannot read the folder '" + folder.string() + "'");
  }
  return BlobStore(folder, guard.empty() ? folder / ".use.lock" : guard);
}

fs::path BlobStore::PathOf(const std::string& sha256) const {
  return folder_ / sha256;
}

Result<Artifact> BlobStore::Find(const Artifact& artifact) const {
  if (!IsSha256Hex(artifact.sha256)) {
    return InvalidArgumentError("'" + EscapeForDisplay(artifact.sha256) + "' is no SHA-256");
  }
  Artifact found{PathOf(artifact.sha256), artifact.sha256, artifact.size};
  std::error_code error;
  const bool file = fs::symlink_status(found.path, error).type() == fs::file_type::regular;
  const auto size = FileSize(found.path);
  if (!file || !size.ok() || *size != artifact.size) {
    return NotFoundError(Describe(artifact) + " and " + std::to_string(artifact.size) +
                         " bytes is not on the server")
        .WithHint("upload it first");
  }
  return found;
}

Result<Artifact> BlobStore::Use(const Artifact& artifact) const {
  PLUMB_ASSIGN_OR_RETURN(const UseGuard guard, UseGuard::Shared(guard_));
  PLUMB_ASSIGN_OR_RETURN(Artifact found, Find(artifact));
  PLUMB_RETURN_IF_ERROR(MarkUsed(found.path));
  return found;
}

Result<std::vector<BlobStore::Entry>> BlobStore::List() const {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const auto size = FileSize(at->path());
    const auto used = LastUsedMs(at->path());
    if (IsSha256Hex(name) && size.ok() && used.ok()) {
      entries.push_back({name, *size, *used});
    }
  }
  if (error) {
    return ErrnoError(error.value(), "cannot read the folder '" + folder_.string() + "'");
  }
  return entries;
}

Result<bool> BlobStore::RemoveUnused(const std::string& sha256, int64_t since_ms) const {
  const fs::path path = PathOf(sha256);
  const fs::path going =
      path.string() + ".gone.part";  // a crash in between leaves what Open clears
  {
    PLUMB_ASSIGN_OR_RETURN(const UseGuard guard, UseGuard::Exclusive(guard_));
    const auto used = LastUsedMs(path);
    if (!used.ok() || *used >= since_ms) {
      return used.ok() || used.status().code() == StatusCode::kNotFound ? Result<bool>(false)
                                                                        : used.status();
    }
    std::error_code error;
    fs::rename(path, going, error);
    if (error) {
      return ErrnoError(error.value(), "removing '" + path.string() + "'");
    }
  }
  std::error_code error;
  fs::remove(going, error);
  return error ? Result<bool>(ErrnoError(error.value(), "removing '" + going.string() + "'"))
               : Result<bool>(true);
}

Status BlobStore::SetAside(const std::string& sha256, const fs::path& folder) const {
  PLUMB_RETURN_IF_ERROR(MakeFolders(folder));
  PLUMB_ASSIGN_OR_RETURN(const UseGuard guard, UseGuard::Exclusive(guard_));
  std::error_code error;
  fs::rename(PathOf(sha256), folder / sha256, error);
  return error ? ErrnoError(error.value(), "moving '" + sha256 + "' aside") : OkStatus();
}

Status BlobStore::Verify(const Artifact& artifact) const {
  PLUMB_ASSIGN_OR_RETURN(const Artifact found, Find(artifact));
  PLUMB_ASSIGN_OR_RETURN(const std::string actual, Sha256HexOfFile(found.path));
  if (actual == artifact.sha256) {
    return OkStatus();
  }
  std::error_code ignored;
  fs::remove(found.path, ignored);
  return DataLossError("the server's copy of " + Describe(artifact) + " holds " + actual)
      .WithHint("check the server's disk; running again uploads the file anew");
}

Result<BlobStore::Upload> BlobStore::BeginUpload(const Artifact& artifact, uint64_t offset) const {
  if (!IsSha256Hex(artifact.sha256)) {
    return InvalidArgumentError("'" + EscapeForDisplay(artifact.sha256) + "' is no SHA-256");
  }
  if (artifact.size > kMaxBlobSize) {
    return ResourceExhaustedError(Describe(artifact) + " has " + HumanBytes(artifact.size) +
                                  "; at most " + HumanBytes(kMaxBlobSize) + " are taken");
  }
  std::error_code error;
  const fs::space_info space = fs::space(folder_, error);
  if (!error && space.available < artifact.size + kReservedSpace) {
    return ResourceExhaustedError("the server's disk has " + HumanBytes(space.available) +
                                  " left, too little for " + HumanBytes(artifact.size))
        .WithHint("make room in the server's --data folder, or give it another");
  }
  RemoveOldParts();
  PLUMB_ASSIGN_OR_RETURN(PartialFile file, OpenPart(PartOf(artifact)));
  if (offset > file.size() || offset > artifact.size) {
    return FailedPreconditionError("what was sent of " + Describe(artifact) + " is not here")
        .WithReason("offset_lost")
        .WithHint("send it from its beginning");
  }
  Upload upload(artifact, PathOf(artifact.sha256), std::move(file));
  PLUMB_RETURN_IF_ERROR(upload.file_.KeepFirst(
      offset, [&upload](std::span<const uint8_t> bytes) { upload.hash_.Update(bytes); }));
  return upload;
}

fs::path BlobStore::PartOf(const Artifact& artifact) const {
  return folder_ / (artifact.sha256 + std::string(kUpload));
}

uint64_t BlobStore::Committed(const Artifact& artifact) const {
  const uint64_t size =
      IsSha256Hex(artifact.sha256) ? PartialFile::SizeOf(PartOf(artifact)) : uint64_t{0};
  return size <= artifact.size ? size : 0;
}

void BlobStore::RemoveOldParts() const {
  std::error_code error;
  const auto before = fs::file_time_type::clock::now() - kPartLife;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->path().extension() != kUpload || at->last_write_time(ignored) >= before || ignored) {
      continue;
    }
    if (auto old = PartialFile::Open(at->path()); old.ok() && *old) {
      (*old)->Discard();
    }
  }
}

Status BlobStore::Upload::Append(std::span<const uint8_t> bytes) {
  if (bytes.size() > artifact_.size - file_.size()) {
    return ResourceExhaustedError(Describe(artifact_) + " has more bytes than announced");
  }
  hash_.Update(bytes);
  return file_.Append(bytes);
}

Status BlobStore::Upload::Commit() {
  if (file_.size() != artifact_.size) {
    return DataLossError(Describe(artifact_) + " ended after " + std::to_string(file_.size()) +
                         " of " + std::to_string(artifact_.size) + " bytes");
  }
  const std::string actual = ToHex(hash_.Finish());
  if (actual != artifact_.sha256) {
    file_.Discard();
    return DataLossError("what was uploaded as " + Describe(artifact_) + " holds " + actual)
        .WithHint("did the file change while it was sent? run again");
  }
  return file_.Commit(path_);
}

}  // namespace plumb::server
