// Finds and gathers the valid bytes among the padding of a raw buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::analysis {

// Reads out.size() raw bytes of a buffer from `offset` on, padding included.
using ReadRange = std::function<Status(uint64_t offset, std::span<uint8_t> out)>;

// Bytes of one value as comparison counts them: a sample of a picture, half a complex number, else
// an element. 0 for kUnknown.
uint64_t ValueSize(ElementType type);

// How many valid bytes lie within the first `available` raw bytes.
uint64_t ValidBytesWithin(const ValidRegion& region, uint64_t available);

// Where in the raw buffer the valid byte is that has `valid_byte` others before it.
uint64_t RawOffset(const ValidRegion& region, uint64_t valid_byte);

// Copies the valid bytes [first, first + out.size()), counted without padding, to `out`. `scratch`
// keeps its memory between calls and never grows beyond kGatherScratch.
constexpr size_t kGatherScratch = size_t{1} << 17;
Status GatherValid(const ValidRegion& region,
                   uint64_t first,
                   const ReadRange& read,
                   std::vector<uint8_t>& scratch,
                   std::span<uint8_t> out);

// The same out of raw bytes that begin at offset 0 of the buffer and hold all that is asked for.
void CopyValid(const ValidRegion& region,
               uint64_t first,
               std::span<const uint8_t> raw,
               std::span<uint8_t> out);

// A reader over bytes in memory, which must live as long as it does.
ReadRange ReadFrom(std::span<const uint8_t> bytes);

}  // namespace plumb::analysis
