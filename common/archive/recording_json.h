// recording.json: the text beside the bytes of a leg (docs/formats/run-archive.md).
#pragma once

#include <string>
#include <string_view>

#include "common/archive/recording.h"
#include "common/base/status.h"

namespace plumb::archive {

std::string RecordingToJson(const Recording& recording);

// kInvalidArgument names the key. Names, sizes, counts, digests and every output's descriptor are
// checked; the files are not.
Result<Recording> RecordingFromJson(std::string_view text);

}  // namespace plumb::archive
