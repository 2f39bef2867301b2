#include "agent/install/writable_places.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "common/base/checked.h"
#include "common/base/text.h"

namespace plumb::agent {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostPlaces = 5;
// File systems that hold no files of ours.
constexpr std::array<std::string_view, 14> kSpecial = {"proc",
                                                       "sysfs",
                                                       "devtmpfs",
                                                       "devpts",
                                                       "cgroup",
                                                       "cgroup2",
                                                       "mqueue",
                                                       "pstore",
                                                       "debugfs",
                                                       "tracefs",
                                                       "bpf",
                                                       "securityfs",
                                                       "configfs",
                                                       "hugetlbfs"};

bool IsSpecial(std::string_view kind) {
  return std::find(kSpecial.begin(), kSpecial.end(), kind) != kSpecial.end();
}

// /proc/mounts writes spaces and the like as \ooo; such places are left out.
bool IsPlain(std::string_view path) {
  return !path.empty() && path.front() == '/' && path.find('\\') == std::string_view::npos;
}

}  // namespace

Result<Place> PlaceOf(const fs::path& path) {
  fs::path existing = path;
  std::error_code ignored;
  while (!existing.empty() && !fs::exists(existing, ignored) && existing != "/") {
    existing = existing.parent_path();
  }
  struct statvfs info = {};
  if (::statvfs(existing.empty() ? "." : existing.c_str(), &info) != 0) {
    return UnavailableError("'" + existing.string() +
                            "' cannot be looked at: " + std::strerror(errno));
  }
  const auto bytes = CheckedMul<uint64_t>(info.f_bavail, info.f_frsize);
  return Place{(info.f_flag & ST_RDONLY) != 0, bytes.value_or(UINT64_MAX)};
}

std::string WritablePlaces(std::string_view mounts, uint64_t bytes) {
  std::vector<std::string> places;
  for (const std::string& line : Split(mounts, '\n')) {
    const std::vector<std::string> fields = Split(line, ' ');
    if (places.size() == kMostPlaces || fields.size() < 4 || !IsPlain(fields[1]) ||
        IsSpecial(fields[2])) {
      continue;
    }
    const auto place = PlaceOf(fields[1]);
    if (place.ok() && !place->read_only && place->free_bytes >= bytes &&
        std::filesystem::is_directory(fields[1])) {
      places.push_back(fields[1] + " (" + fields[2] + ", " + HumanBytes(place->free_bytes) +
                       " free)");
    }
  }
  return EscapeForDisplay(Join(places, ", "));
}

}  // namespace plumb::agent
