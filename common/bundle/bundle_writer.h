// One archive to hand to somebody: a tar file compressed with zstd.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb {

struct BundledFile {
  std::string name;  // in the archive, below its folder
  uint64_t size = 0;
  std::string sha256;
};

// Writes "FOLDER/NAME" entries in the order given; the archive appears under its name on Commit().
// The same entries give the same bytes: no times, owners or modes of this machine go in. Memory: a
// few MiB, whatever the files' sizes. Not thread-safe.
class BundleWriter {
 public:
  // `folder` is what everything unpacks into: a safe name without '/'. kInvalidArgument otherwise.
  static Result<BundleWriter> Create(const std::filesystem::path& path, std::string_view folder);
  BundleWriter(BundleWriter&&) noexcept;
  BundleWriter& operator=(BundleWriter&&) = delete;
  BundleWriter(const BundleWriter&) = delete;
  BundleWriter& operator=(const BundleWriter&) = delete;
  ~BundleWriter();

  // kInvalidArgument for an absolute name, one with "..", an empty part or control characters;
  // kAlreadyExists for a name that is there.
  Status AddText(const std::string& name, std::string_view text);
  // kDataLoss when the file changes its size meanwhile.
  Status AddFile(const std::string& name, const std::filesystem::path& file);

  [[nodiscard]] const std::vector<BundledFile>& files() const;

  Status Commit();

 private:
  class Archive;
  explicit BundleWriter(std::unique_ptr<Archive> archive);

  std::unique_ptr<Archive> archive_;
};

}  // namespace plumb
