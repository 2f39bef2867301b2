#include "common/rpc/chunks.h"

#include <xxhash.h>
#ifdef PLUMB_XXHASH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

#include <algorithm>
#include <string>

#include "common/base/checked.h"
#include "common/rpc/limits.h"
#include "common/rpc/protocol_error.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

Status OutOfOrder(std::string message) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonProtocol);
}

}  // namespace

uint64_t ChunkChecksum(std::span<const uint8_t> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

Status CheckChunkSize(uint64_t size) {
  return size != 0 && size <= kChunkSize
             ? OkStatus()
             : ProtocolError("chunk.data",
                             std::to_string(size) + " bytes; 1 to " + std::to_string(kChunkSize) +
                                 " are allowed");
}

Status CheckChunkRepetition(uint32_t repetition) {
  return repetition < kMaxRepetitions
             ? OkStatus()
             : ProtocolError("chunk.repetition", "more than a run may have");
}

Status DamagedChunk(uint64_t offset) {
  return DataLossError("the chunk at " + std::to_string(offset) + " was damaged on the way")
      .WithReason(kReasonProtocol);
}

Status ForEachChunk(const Buffer& bytes,
                    uint64_t first_offset,
                    const std::function<Status(uint64_t offset, const Buffer& piece)>& send) {
  for (size_t done = 0; done < bytes.size(); done += kChunkSize) {
    PLUMB_RETURN_IF_ERROR(send(first_offset + done, bytes.Slice(done, kChunkSize)));
  }
  return OkStatus();
}

Status ChunkAssembler::Accept(uint64_t offset, std::span<const uint8_t> bytes, uint64_t checksum) {
  if (bytes.empty() || bytes.size() > kChunkSize) {
    return OutOfOrder("a chunk holds " + std::to_string(bytes.size()) + " bytes; 1 to " +
                      std::to_string(kChunkSize) + " are allowed");
  }
  if (offset != offset_) {
    return OutOfOrder("a chunk begins at " + std::to_string(offset) + " where " +
                      std::to_string(offset_) + " comes next");
  }
  if (!RangeFits<uint64_t>(offset, bytes.size(), total_)) {
    return OutOfOrder("a chunk of " + std::to_string(bytes.size()) + " bytes at " +
                      std::to_string(offset) + " goes past the end at " + std::to_string(total_));
  }
  if (ChunkChecksum(bytes) != checksum) {
    return DamagedChunk(offset);
  }
  offset_ += bytes.size();
  return OkStatus();
}

Status ChunkAssembler::Finish() const {
  if (complete()) {
    return OkStatus();
  }
  return DataLossError("only " + std::to_string(offset_) + " of " + std::to_string(total_) +
                       " bytes arrived")
      .WithReason(kReasonProtocol);
}

}  // namespace plumb::rpc
