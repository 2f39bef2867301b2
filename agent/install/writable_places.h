// Where on this board there is room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb::agent {

struct Place {
  bool read_only = false;
  uint64_t free_bytes = 0;
};

// Of the file system that holds `path`, or its nearest folder that exists.
Result<Place> PlaceOf(const std::filesystem::path& path);

// Mounted folders that can be written and have `bytes` left, with their kind, from the text of
// /proc/mounts: "/mnt/sd (vfat, 1.2 GiB free), /tmp (tmpfs, …)". At most five; empty when there are
// none.
std::string WritablePlaces(std::string_view mounts, uint64_t bytes);

}  // namespace plumb::agent
