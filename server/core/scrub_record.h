// When which file was read again last: lines "SHA-256 milliseconds-since-1970" in a text file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::server {

// Not thread-safe.
class ScrubRecord {
 public:
  // Lines that cannot be read are left out: those files are due.
  static ScrubRecord Load(const std::filesystem::path& file);

  // Forgets all other files.
  void KeepOnly(std::span<const std::string> files);

  void Set(const std::string& sha256, int64_t unix_ms) { read_[sha256] = unix_ms; }

  // Those of `files` that were last read before `since_ms`, the longest ago first; one that never
  // was comes before all others.
  [[nodiscard]] std::vector<std::string> Due(std::span<const std::string> files,
                                             int64_t since_ms) const;

  // Whole or not at all.
  [[nodiscard]] Status Save(const std::filesystem::path& file) const;

 private:
  std::map<std::string, int64_t> read_;
};

}  // namespace plumb::server
