// Some layers of a DumpDebug file as a smaller one.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "common/base/status.h"
#include "common/dump/dump_index.h"

namespace plumb {

// Copies the entries whose name is in `names`, operands and constants of that name included, in
// their order and with their own headers. Returns how many. Memory: one piece of values.
Result<uint64_t> WriteDumpExcerpt(const dump::DumpIndex& index,
                                  const std::set<std::string>& names,
                                  const std::filesystem::path& out);

}  // namespace plumb
