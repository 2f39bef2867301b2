#include "common/bundle/bundle_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

namespace plumb {
namespace {

constexpr size_t kPiece = size_t{1} << 20U;
constexpr int kReadableByAll = 0644;

bool IsSafePath(std::string_view name) {
  const std::vector<std::string> parts = Split(name, '/');
  return IsSafeName(name) && !parts.empty() &&
         std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
           return part.empty() || part == "." || part == "..";
         });
}

}  // namespace

class BundleWriter::Archive {
 public:
  Archive(AtomicFile file, std::string folder)
      : file_(std::move(file)),
        folder_(std::move(folder)),
        archive_(archive_write_new()) {}

  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  ~Archive() {
    if (archive_ != nullptr) {
      closing_ = true;  // what comes now is thrown away with the file
      archive_write_free(archive_);
    }
  }

  Status Open() {
    if (archive_ == nullptr) {
      return ResourceExhaustedError("no memory for an archive");
    }
    PLUMB_RETURN_IF_ERROR(Check(archive_write_add_filter_zstd(archive_)));
    // GNU's form keeps names as bytes; pax would convert them from this process's locale.
    PLUMB_RETURN_IF_ERROR(Check(archive_write_set_format_gnutar(archive_)));
    // Of the last block nothing is filled up: a file, not a tape.
    PLUMB_RETURN_IF_ERROR(Check(archive_write_set_bytes_in_last_block(archive_, 1)));
    return Check(archive_write_open2(archive_, this, nullptr, Write, nullptr, nullptr));
  }

  Status Begin(const std::string& name, uint64_t size) {
    if (!IsSafePath(name)) {
      return InvalidArgumentError("'" + EscapeForDisplay(name) + "' is no name for a bundled file");
    }
    if (!names_.insert(name).second) {
      return AlreadyExistsError("the bundle has '" + name + "' already");
    }
    archive_entry* entry = archive_entry_new2(archive_);
    if (entry == nullptr) {
      return ResourceExhaustedError("no memory for an archive's entry");
    }
    archive_entry_set_pathname(entry, (folder_ + "/" + name).c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, kReadableByAll);
    archive_entry_set_mtime(entry, 0, 0);
    Status written = Check(archive_write_header(archive_, entry));
    archive_entry_free(entry);
    return written;
  }

  Status Append(std::span<const uint8_t> bytes) {
    const la_ssize_t written = archive_write_data(archive_, bytes.data(), bytes.size());
    return written == static_cast<la_ssize_t>(bytes.size()) ? OkStatus() : Error();
  }

  Status Close() {
    PLUMB_RETURN_IF_ERROR(Check(archive_write_close(archive_)));
    return file_.Commit();
  }

  std::vector<BundledFile> files;

 private:
  static la_ssize_t Write(struct ::archive* /*archive*/,
                          void* context,
                          const void* bytes,
                          size_t size) {
    auto& self = *static_cast<Archive*>(context);
    if (!self.closing_) {
      self.failed_ = self.file_.Append({static_cast<const uint8_t*>(bytes), size});
    }
    return self.failed_.ok() ? static_cast<la_ssize_t>(size) : -1;
  }

  Status Check(int result) { return result == ARCHIVE_OK ? OkStatus() : Error(); }

  // What the disk said tells more than what the library makes of it.
  Status Error() {
    if (!failed_.ok()) {
      return failed_;
    }
    const char* text = archive_error_string(archive_);
    return InternalError(std::string("the archive cannot be written: ") +
                         (text != nullptr ? text : "unknown"));
  }

  AtomicFile file_;
  std::string folder_;
  struct ::archive* archive_;
  std::set<std::string> names_;
  Status failed_;
  bool closing_ = false;
};

Result<BundleWriter> BundleWriter::Create(const std::filesystem::path& path,
                                          std::string_view folder) {
  if (!IsSafePath(folder) || folder.find('/') != std::string_view::npos) {
    return InvalidArgumentError("'" + EscapeForDisplay(folder) + "' is no name for a folder");
  }
  PLUMB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  auto archive = std::make_unique<Archive>(std::move(file), std::string(folder));
  PLUMB_RETURN_IF_ERROR(archive->Open());
  return BundleWriter(std::move(archive));
}

BundleWriter::BundleWriter(std::unique_ptr<Archive> archive) : archive_(std::move(archive)) {}

BundleWriter::BundleWriter(BundleWriter&&) noexcept = default;
BundleWriter::~BundleWriter() = default;

const std::vector<BundledFile>& BundleWriter::files() const {
  return archive_->files;
}

Status BundleWriter::AddText(const std::string& name, std::string_view text) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  PLUMB_RETURN_IF_ERROR(archive_->Begin(name, text.size()));
  PLUMB_RETURN_IF_ERROR(archive_->Append(bytes));
  archive_->files.push_back({name, text.size(), Sha256Hex(bytes)});
  return OkStatus();
}

Status BundleWriter::AddFile(const std::string& name, const std::filesystem::path& file) {
  PLUMB_ASSIGN_OR_RETURN(const InputFile input, InputFile::Open(file));
  PLUMB_RETURN_IF_ERROR(archive_->Begin(name, input.size()));
  Sha256 digest;
  std::vector<uint8_t> piece(static_cast<size_t>(std::min<uint64_t>(input.size(), kPiece)));
  for (uint64_t done = 0; done < input.size();) {
    const std::span<uint8_t> bytes = std::span(piece).first(
        static_cast<size_t>(std::min<uint64_t>(input.size() - done, kPiece)));
    PLUMB_RETURN_IF_ERROR(input.Read(done, bytes));
    PLUMB_RETURN_IF_ERROR(archive_->Append(bytes));
    digest.Update(bytes);
    done += bytes.size();
  }
  archive_->files.push_back({name, input.size(), ToHex(digest.Finish())});
  return OkStatus();
}

Status BundleWriter::Commit() {
  return archive_->Close();
}

}  // namespace plumb
