// A chunk of an upload to and from the wire without a protobuf message in between, so that its
// bytes are neither serialised nor parsed. The wire is that of the generated v1.UploadRequest, byte
// for byte. Knows neither gRPC nor protobuf.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/base/block_pool.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"

namespace plumb::rpc {

// A message as it came: its bytes in order, in pieces of any size.
using WireSlices = std::span<const std::span<const uint8_t>>;

// What goes before chunk.bytes; with them it is the serialised message. `chunk.bytes` must not be
// empty.
std::string EncodeChunkHead(const TensorChunk& chunk);

// A chunk in exactly the form that EncodeChunkHead writes, its bytes gathered into a block of
// `pool` (of at least kChunkSize). nullopt: anything else, which the general decoder may still
// understand. kInvalidArgument for a size or repetition out of bounds, kDataLoss for a wrong
// checksum, both with kReasonProtocol. Order and index are the UploadTracker's to check.
Result<std::optional<TensorChunk>> DecodeChunk(WireSlices message, BlockPool& pool);

}  // namespace plumb::rpc
