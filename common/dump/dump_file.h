// DumpDebug files that fit into memory, and what writes them; larger ones are indexed
// (dump_index.h).
#pragma once

#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/dump/dump_index.h"
#include "common/dump/dump_writer.h"

namespace plumb::dump {

struct DumpFile {
  bool is_float = true;
  std::vector<DumpEntry> entries;
};

// IndexDump of a file in memory, with payloads: slices of `file`, or values that were text.
Result<DumpFile> ParseDump(const Buffer& file);

// The payload as floats, cut to the number of elements the shape gives (padding of the last rows
// is dropped as the vendor's readers do). kInvalidArgument when there are fewer.
Result<std::vector<float>> DumpValues(const DumpEntry& entry);

}  // namespace plumb::dump
