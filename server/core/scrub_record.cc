#include "server/core/scrub_record.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

namespace plumb::server {
namespace {

constexpr uint64_t kMaxText = uint64_t{256} << 20;

}  // namespace

ScrubRecord ScrubRecord::Load(const std::filesystem::path& file) {
  ScrubRecord record;
  const auto text = ReadFile(file, kMaxText);
  if (!text.ok()) {
    return record;
  }
  std::istringstream lines{std::string(text->view())};
  for (std::string sha256, when; lines >> sha256 >> when;) {
    const auto unix_ms = ParseInt(when);
    if (IsSha256Hex(sha256) && unix_ms) {
      record.read_[sha256] = *unix_ms;
    }
  }
  return record;
}

void ScrubRecord::KeepOnly(std::span<const std::string> files) {
  std::map<std::string, int64_t> kept;
  for (const std::string& sha256 : files) {
    if (const auto found = read_.find(sha256); found != read_.end()) {
      kept.insert(*found);
    }
  }
  read_ = std::move(kept);
}

std::vector<std::string> ScrubRecord::Due(std::span<const std::string> files,
                                          int64_t since_ms) const {
  std::vector<std::pair<int64_t, std::string>> due;
  for (const std::string& sha256 : files) {
    const auto found = read_.find(sha256);
    const int64_t last = found == read_.end() ? 0 : found->second;
    if (last < since_ms) {
      due.emplace_back(last, sha256);
    }
  }
  std::sort(due.begin(), due.end());
  std::vector<std::string> names;
  for (auto& [last, sha256] : due) {
    names.push_back(std::move(sha256));
  }
  return names;
}

Status ScrubRecord::Save(const std::filesystem::path& file) const {
  std::string text;
  for (const auto& [sha256, unix_ms] : read_) {
    text += sha256 + " " + std::to_string(unix_ms) + "\n";
  }
  return WriteFileAtomically(file, text);
}

}  // namespace plumb::server
