#include "common/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "common/base/text.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

std::string Quoted(const fs::path& path) {
  return "'" + EscapeForDisplay(path.string()) + "'";
}

struct OpenFile {
  UniqueFd fd;
  uint64_t size = 0;
};

Result<OpenFile> OpenRegular(const fs::path& path) {
  // O_NONBLOCK keeps a pipe from blocking the open; regular files do not care.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    return ErrnoError(errno, "cannot open " + Quoted(path));
  }

  struct stat info {};

  if (::fstat(fd.get(), &info) != 0) {
    return ErrnoError(errno, "cannot stat " + Quoted(path));
  }
  if (!S_ISREG(info.st_mode)) {
    return InvalidArgumentError(Quoted(path) + " is not a regular file");
  }
  return OpenFile{std::move(fd), static_cast<uint64_t>(info.st_size)};
}

// On a 32-bit CPU a size of 4 GiB would become 0 on its way into a size_t.
Status CheckFitsMemory(const fs::path& path, uint64_t size) {
  if (size <= static_cast<uint64_t>(PTRDIFF_MAX)) {
    return OkStatus();
  }
  return ResourceExhaustedError(Quoted(path) + " has " + std::to_string(size) +
                                " bytes, more than this machine can address")
      .WithHint("read it on a 64-bit machine");
}

}  // namespace

Status ReadAt(int fd, uint64_t offset, std::span<uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ErrnoError(errno, "read failed");
    }
    if (got == 0) {
      return DataLossError("the file ended before " + std::to_string(offset + bytes.size()) +
                           " bytes");
    }
    done += static_cast<size_t>(got);
  }
  return OkStatus();
}

Status WriteAt(int fd, uint64_t offset, std::span<const uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put =
        ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return ErrnoError(errno, "write failed");
    }
    done += static_cast<size_t>(put);
  }
  return OkStatus();
}

Result<Buffer> ReadFile(const fs::path& path, uint64_t max_size) {
  PLUMB_ASSIGN_OR_RETURN(const OpenFile file, OpenRegular(path));
  PLUMB_RETURN_IF_ERROR(CheckFitsMemory(path, file.size));
  if (file.size > max_size) {
    return ResourceExhaustedError(Quoted(path) + " has " + std::to_string(file.size) +
                                  " bytes; at most " + std::to_string(max_size) + " are read here");
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(file.size));
  Status status = ReadAt(file.fd.get(), 0, bytes);
  if (!status.ok()) {
    return std::move(status).Annotate("reading " + Quoted(path));
  }
  return Buffer::FromVector(std::move(bytes));
}

Result<Buffer> MapFile(const fs::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const OpenFile file, OpenRegular(path));
  if (file.size == 0) {
    return Buffer();
  }
  PLUMB_RETURN_IF_ERROR(CheckFitsMemory(path, file.size));
  const auto size = static_cast<size_t>(file.size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd.get(), 0);
  if (address == MAP_FAILED) {
    return ErrnoError(errno, "cannot map " + Quoted(path));
  }
  std::shared_ptr<const void> owner(
      address, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  return Buffer::Wrap(std::move(owner), {static_cast<const uint8_t*>(address), size});
}

Status WriteFileAtomically(const fs::path& path, std::span<const uint8_t> bytes) {
  PLUMB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  PLUMB_RETURN_IF_ERROR(file.Append(bytes));
  return file.Commit();
}

Status WriteFileAtomically(const fs::path& path, std::string_view text) {
  return WriteFileAtomically(path, AsBytes(text));
}

InputFile::InputFile(UniqueFd fd, fs::path path, uint64_t size)
    : fd_(std::make_shared<const UniqueFd>(std::move(fd))),
      path_(std::move(path)),
      size_(size) {}

Result<InputFile> InputFile::Open(const fs::path& path) {
  PLUMB_ASSIGN_OR_RETURN(OpenFile file, OpenRegular(path));
  return InputFile(std::move(file.fd), path, file.size);
}

Status InputFile::Read(uint64_t offset, std::span<uint8_t> bytes) const {
  return ReadAt(fd_->get(), offset, bytes).Annotate("reading " + Quoted(path_));
}

Result<uint64_t> FileSize(const fs::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const OpenFile file, OpenRegular(path));
  return file.size;
}

Status MakeFolders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? ErrnoError(error.value(), "cannot make the folder " + Quoted(path)) : OkStatus();
}

Status SyncFolder(const fs::path& path) {
  const UniqueFd fd(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    return ErrnoError(errno, "cannot sync the folder " + Quoted(path));
  }
  return OkStatus();
}

Result<fs::path> ProgramPath() {
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    return ErrnoError(error.value(), "cannot read /proc/self/exe");
  }
  return path;
}

AtomicFile::AtomicFile(UniqueFd fd, fs::path path, fs::path temporary)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      temporary_(std::move(temporary)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      size_(other.size_) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

Result<AtomicFile> AtomicFile::Create(const fs::path& path) {
  std::string pattern = path.string() + ".XXXXXX.part";
  UniqueFd fd(::mkostemps(pattern.data(), 5, O_CLOEXEC));
  if (!fd.valid()) {
    return ErrnoError(errno, "cannot write " + Quoted(path));
  }
  // mkostemps gives 0600; a result is as readable as any file the user makes.
  ::fchmod(fd.get(), 0644);
  return AtomicFile(std::move(fd), path, pattern);
}

Status AtomicFile::Append(std::span<const uint8_t> bytes) {
  Status status = WriteAt(fd_.get(), size_, bytes);
  if (!status.ok()) {
    return std::move(status).Annotate("writing " + Quoted(path_));
  }
  size_ += bytes.size();
  return OkStatus();
}

Status AtomicFile::Commit() {
  if (::fsync(fd_.get()) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return ErrnoError(errno, "cannot finish " + Quoted(path_));
  }
  temporary_.clear();
  fd_.Reset();
  return SyncFolder(path_.parent_path());
}

TempFolder::TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempFolder::~TempFolder() {
  if (!path_.empty()) {
    std::error_code error;
    fs::remove_all(path_, error);
  }
}

Result<TempFolder> TempFolder::Create(std::string_view prefix) {
  std::error_code error;
  const fs::path base = fs::temp_directory_path(error);
  if (error) {
    return ErrnoError(error.value(), "no folder for temporary files");
  }
  std::string pattern = (base / (std::string(prefix) + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return ErrnoError(errno, "cannot make a temporary folder in " + Quoted(base));
  }
  return TempFolder(pattern);
}

}  // namespace plumb
