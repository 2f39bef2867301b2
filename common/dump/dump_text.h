// Internal to the dump reader: payloads that are text (dumpasstring).
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/status.h"
#include "common/dump/dump_source.h"

namespace plumb::dump {

struct TextPayload {
  uint64_t size = 0;  // characters up to the closing brace
  uint64_t values = 0;
};

// Reads numbers and commas from the scanner's offset on, up to the closing brace or the end. Empty
// at the first character that belongs to none; the scanner stands anywhere then. Fails only when
// the source cannot be read.
Result<std::optional<TextPayload>> MeasureText(LineScanner& scanner);

// The next number, with the comma and the space around it; empty where there is none.
std::optional<float> NextTextValue(LineScanner& scanner);

}  // namespace plumb::dump
