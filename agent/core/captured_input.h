// The input that an application on this board really fed, as agent/capture's header left it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/base/unique_fd.h"

namespace plumb::agent {

// Where the model's input `index` is captured: the path of that place, or the only path with its
// index for "{}" where that has one. kInvalidArgument when there is none, with how to name it.
Result<std::filesystem::path> CapturedInputPath(const std::vector<std::string>& paths,
                                                size_t index);

struct CapturedInputLimits {
  uint64_t max_size = 0;         // bytes
  std::chrono::seconds max_age;  // since it was written, by this board's own clock
};

// One captured file, held open: what an application renames into its place afterwards is not seen,
// so that all bytes are of one frame. Not thread-safe.
class CapturedInput {
 public:
  // Errors are kFailedPrecondition with what the application has to do: no such file, a link or
  // anything but a plain file, empty, larger or older than the limits allow.
  static Result<CapturedInput> Open(const std::filesystem::path& path,
                                    const CapturedInputLimits& limits);

  [[nodiscard]] uint64_t size() const { return stamp_.size; }

  // At most `size` bytes from `offset`, fewer only at the end. The same place may be read again.
  // kFailedPrecondition when the file ends before its size.
  Result<Buffer> Read(uint64_t offset, size_t size) const;

  // To be asked after the last byte: kFailedPrecondition when somebody wrote into the file
  // meanwhile instead of replacing it, so that its bytes may be of two frames.
  Status CheckUnchanged() const;

 private:
  struct Stamp {
    uint64_t size = 0;
    int64_t seconds = 0;
    int64_t nanoseconds = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  CapturedInput(std::filesystem::path path, UniqueFd file, const Stamp& stamp);

  std::filesystem::path path_;
  UniqueFd file_;
  Stamp stamp_;
};

}  // namespace plumb::agent
