#include "agent/runner/model_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace plumb {
namespace mi {
namespace {

std::string Problem(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

ModelFile::~ModelFile() {
  if (bytes_ != nullptr) {
    ::munmap(const_cast<unsigned char*>(bytes_), size_);
  }
}

std::string ModelFile::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return Problem("it cannot be opened");
  }
  struct stat info;
  std::string problem;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0 ||
      info.st_size > 0x7FFFFFFF) {
    problem = "it is no file of 1 byte to 2 GiB";
  } else {
    size_ = static_cast<size_t>(info.st_size);
    void* const place = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    problem = place == MAP_FAILED ? Problem("it cannot be mapped") : "";
    bytes_ = place == MAP_FAILED ? nullptr : static_cast<const unsigned char*>(place);
  }
  ::close(fd);
  return problem;
}

int ModelFile::Read(void* target, int offset, int size, char* context) {
  const auto* const file = static_cast<const ModelFile*>(static_cast<const void*>(context));
  if (offset < 0 || size < 0 || static_cast<size_t>(offset) > file->size_ ||
      static_cast<size_t>(size) > file->size_ - static_cast<size_t>(offset)) {
    return -1;
  }
  std::memcpy(target, file->bytes_ + offset, static_cast<size_t>(size));
  return size;
}

}  // namespace mi
}  // namespace plumb
