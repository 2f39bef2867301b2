#include "agent/core/captured_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string_view>
#include <system_error>
#include <utility>

namespace plumb::agent {
namespace {

constexpr std::string_view kPlace = "{}";
constexpr std::string_view kHow =
    "let the application write it with plumb_capture_input() right before MI_IPU_Invoke "
    "(docs/input.md), then run again";

Status Unusable(const std::filesystem::path& path, const std::string& what) {
  return FailedPreconditionError("the captured input '" + path.string() + "' " + what)
      .WithHint(kHow);
}

Status CheckAge(const std::filesystem::path& path,
                const struct stat& info,
                std::chrono::seconds max_age) {
  struct timespec now {};

  if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
    return ErrnoError(errno, "reading the clock");
  }
  const int64_t age = static_cast<int64_t>(now.tv_sec) - static_cast<int64_t>(info.st_mtim.tv_sec);
  return age <= max_age.count()
             ? OkStatus()
             : Unusable(path,
                        "was written " + std::to_string(age) + " s ago, more than the " +
                            std::to_string(max_age.count()) + " s that count as this run's");
}

Status CheckFile(const std::filesystem::path& path,
                 const struct stat& info,
                 const CapturedInputLimits& limits) {
  if (!S_ISREG(info.st_mode)) {
    return Unusable(path, "is not a plain file");
  }
  if (info.st_size <= 0) {
    return Unusable(path, "is empty");
  }
  if (static_cast<uint64_t>(info.st_size) > limits.max_size) {
    return Unusable(path,
                    "has " + std::to_string(info.st_size) + " bytes; at most " +
                        std::to_string(limits.max_size) + " are read");
  }
  return CheckAge(path, info, limits.max_age);
}

}  // namespace

Result<std::filesystem::path> CapturedInputPath(const std::vector<std::string>& paths,
                                                size_t index) {
  if (paths.size() == 1) {
    std::string path = paths.front();
    if (const size_t place = path.find(kPlace); place != std::string::npos) {
      return std::filesystem::path(path.replace(place, kPlace.size(), std::to_string(index)));
    }
  }
  if (index >= paths.size()) {
    return InvalidArgumentError("nothing says where input " + std::to_string(index) +
                                " of the model is captured")
        .WithHint("give one path for each input, or one path with {} for the input's number");
  }
  return std::filesystem::path(paths[index]);
}

CapturedInput::CapturedInput(std::filesystem::path path, UniqueFd file, const Stamp& stamp)
    : path_(std::move(path)),
      file_(std::move(file)),
      stamp_(stamp) {}

Result<CapturedInput> CapturedInput::Open(const std::filesystem::path& path,
                                          const CapturedInputLimits& limits) {
  // Without O_NONBLOCK a pipe of that name would hold the run up for ever.
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid()) {
    const int error = errno;
    return Unusable(path,
                    error == ENOENT  ? "is not there"
                    : error == ELOOP ? "is a link, which is not followed"
                                     : "cannot be read: " + std::generic_category().message(error));
  }

  struct stat info {};

  if (::fstat(file.get(), &info) != 0) {
    return ErrnoError(errno, "looking at '" + path.string() + "'");
  }
  PLUMB_RETURN_IF_ERROR(CheckFile(path, info, limits));
  return CapturedInput(
      path,
      std::move(file),
      {static_cast<uint64_t>(info.st_size), info.st_mtim.tv_sec, info.st_mtim.tv_nsec});
}

Result<Buffer> CapturedInput::Read(uint64_t offset, size_t size) const {
  if (offset >= stamp_.size) {
    return Buffer();
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(std::min<uint64_t>(size, stamp_.size - offset)));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(
        file_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return ErrnoError(errno, "reading '" + path_.string() + "'");
    }
    if (count == 0) {
      return Unusable(path_, "became shorter while it was read");
    }
    done += static_cast<size_t>(count);
  }
  return Buffer::FromVector(std::move(bytes));
}

Status CapturedInput::CheckUnchanged() const {
  struct stat info {};

  if (::fstat(file_.get(), &info) != 0) {
    return ErrnoError(errno, "looking at '" + path_.string() + "' again");
  }
  const Stamp now{static_cast<uint64_t>(info.st_size), info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  return now == stamp_ ? OkStatus() : Unusable(path_, "was written to while it was read");
}

}  // namespace plumb::agent
