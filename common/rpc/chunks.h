// Rows of bytes in pieces: cutting and checking.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "common/base/buffer.h"
#include "common/base/status.h"

namespace plumb::rpc {

// XXH3-64, seed 0.
uint64_t ChunkChecksum(std::span<const uint8_t> bytes);

// What every receiver of a chunk checks, with kReasonProtocol: 1 to kChunkSize bytes; a repetition
// that a run can have. And what it answers when the checksum is another.
Status CheckChunkSize(uint64_t size);
Status CheckChunkRepetition(uint32_t repetition);
Status DamagedChunk(uint64_t offset);

// Calls `send(offset, piece)` for pieces of at most kChunkSize of `bytes`, which begin at
// `first_offset` of the whole; stops at the first error and returns it. Pieces share `bytes`.
Status ForEachChunk(const Buffer& bytes,
                    uint64_t first_offset,
                    const std::function<Status(uint64_t offset, const Buffer& piece)>& send);

// Checks that pieces make up exactly `total` bytes: in order, without gap or overlap, each whole by
// its checksum. Holds no bytes itself. Not thread-safe.
class ChunkAssembler {
 public:
  // The first `offset` bytes (at most `total`) are there already.
  explicit ChunkAssembler(uint64_t total, uint64_t offset = 0) : total_(total), offset_(offset) {}

  // kDataLoss for a wrong checksum; kInvalidArgument for an empty or too large piece, another
  // offset than the next, or bytes past the end; all with kReasonProtocol. An error changes
  // nothing.
  Status Accept(uint64_t offset, std::span<const uint8_t> bytes, uint64_t checksum);

  // Bytes accepted so far, which is the offset wanted next.
  [[nodiscard]] uint64_t offset() const { return offset_; }

  [[nodiscard]] uint64_t total() const { return total_; }

  [[nodiscard]] bool complete() const { return offset_ == total_; }

  // kDataLoss with kReasonProtocol unless complete.
  [[nodiscard]] Status Finish() const;

 private:
  uint64_t total_;
  uint64_t offset_;
};

}  // namespace plumb::rpc
