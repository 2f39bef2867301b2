#include "common/rpc/chunk_codec.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/rpc/chunks.h"
#include "common/rpc/limits.h"
#include "common/rpc/protocol_error.h"

namespace plumb::rpc {
namespace {

// Field number and wire type, as in board_service.proto and artifact.proto.
constexpr uint8_t kRequestChunk = 6 << 3 | 2;
constexpr uint8_t kChunkRepetition = 1 << 3 | 0;
constexpr uint8_t kChunkIndex = 2 << 3 | 0;
constexpr uint8_t kChunkData = 3 << 3 | 2;
constexpr uint8_t kDataOffset = 1 << 3 | 0;
constexpr uint8_t kDataXxh3 = 2 << 3 | 1;
constexpr uint8_t kDataBytes = 3 << 3 | 2;

// Five tags, a fixed64 and six varints, of which one is 64 bits wide.
constexpr size_t kMaxHead = 64;

void PutVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

// proto3 leaves zeros out.
void PutField(uint8_t tag, uint64_t value, std::string& out) {
  if (value != 0) {
    out.push_back(static_cast<char>(tag));
    PutVarint(value, out);
  }
}

void PutLength(uint8_t tag, uint64_t length, std::string& out) {
  out.push_back(static_cast<char>(tag));
  PutVarint(length, out);
}

std::string EncodeDataHead(const TensorChunk& chunk) {
  std::string head;
  PutField(kDataOffset, chunk.offset, head);
  if (const uint64_t checksum = ChunkChecksum(chunk.bytes.span()); checksum != 0) {
    head.push_back(static_cast<char>(kDataXxh3));
    for (unsigned shift = 0; shift < 64; shift += 8) {
      head.push_back(static_cast<char>(checksum >> shift));
    }
  }
  PutLength(kDataBytes, chunk.bytes.size(), head);
  return head;
}

// The first bytes of a message, read in order. Anything that does not fit makes it fail for good.
class HeadReader {
 public:
  explicit HeadReader(std::span<const uint8_t> head) : head_(head) {}

  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] size_t position() const { return position_; }

  // True when the next byte is `tag`, which is then taken.
  bool Take(uint8_t tag) {
    const bool is = ok_ && position_ < head_.size() && head_[position_] == tag;
    position_ += is ? 1 : 0;
    return is;
  }

  // Only the shortest form, which is the one that is written.
  uint64_t Varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Next();
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) {
        ok_ = ok_ && (byte != 0 || shift == 0) && (shift < 63 || byte == 1);
        return value;
      }
    }
    ok_ = false;
    return 0;
  }

  uint64_t Fixed64() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) {
      value |= static_cast<uint64_t>(Next()) << shift;
    }
    return value;
  }

  // A field that is left out when it is zero, and then must not be zero when it is there.
  uint64_t Field(uint8_t tag) {
    if (!Take(tag)) {
      return 0;
    }
    const uint64_t value = Varint();
    ok_ = ok_ && value != 0;
    return value;
  }

  // The length of a field that reaches to the end of a message of `size` bytes.
  uint64_t LengthToEnd(uint8_t tag, uint64_t size) {
    ok_ = Take(tag);
    const uint64_t length = Varint();
    ok_ = ok_ && position_ <= size && length == size - position_;
    return length;
  }

 private:
  uint8_t Next() {
    ok_ = ok_ && position_ < head_.size();
    return ok_ ? head_[position_++] : 0;
  }

  std::span<const uint8_t> head_;
  size_t position_ = 0;
  bool ok_ = true;
};

struct Head {
  TensorChunk chunk;
  uint64_t checksum = 0;
  uint64_t size = 0;      // of the bytes
  size_t data_begin = 0;  // where they begin
};

std::optional<Head> ReadHead(std::span<const uint8_t> bytes, uint64_t message_size) {
  HeadReader reader(bytes);
  Head head;
  reader.LengthToEnd(kRequestChunk, message_size);
  const uint64_t repetition = reader.Field(kChunkRepetition);
  const uint64_t index = reader.Field(kChunkIndex);
  reader.LengthToEnd(kChunkData, message_size);
  head.chunk.offset = reader.Field(kDataOffset);
  head.checksum = reader.Take(kDataXxh3) ? reader.Fixed64() : 0;
  head.size = reader.LengthToEnd(kDataBytes, message_size);
  if (!reader.ok() || repetition > UINT32_MAX || index > UINT32_MAX) {
    return std::nullopt;
  }
  head.chunk.repetition = static_cast<uint32_t>(repetition);
  head.chunk.index = static_cast<uint32_t>(index);
  head.data_begin = reader.position();
  return head;
}

// Copies the message's first bytes out of its slices.
size_t Peek(WireSlices message, std::span<uint8_t> out) {
  size_t done = 0;
  for (const auto& slice : message) {
    const size_t part = std::min(slice.size(), out.size() - done);
    std::copy_n(slice.begin(), part, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += part;
  }
  return done;
}

// Copies what comes after the first `skip` bytes.
void Gather(WireSlices message, size_t skip, uint8_t* out) {
  for (auto slice : message) {
    const size_t skipped = std::min(skip, slice.size());
    skip -= skipped;
    slice = slice.subspan(skipped);
    out = std::copy(slice.begin(), slice.end(), out);
  }
}

}  // namespace

std::string EncodeChunkHead(const TensorChunk& chunk) {
  const uint64_t size = chunk.bytes.size();
  const std::string data = EncodeDataHead(chunk);
  std::string inner;
  PutField(kChunkRepetition, chunk.repetition, inner);
  PutField(kChunkIndex, chunk.index, inner);
  PutLength(kChunkData, data.size() + size, inner);
  std::string head;
  PutLength(kRequestChunk, inner.size() + data.size() + size, head);
  return head + inner + data;
}

Result<std::optional<TensorChunk>> DecodeChunk(WireSlices message, BlockPool& pool) {
  std::array<uint8_t, kMaxHead> first{};
  const size_t known = Peek(message, first);
  uint64_t message_size = 0;
  for (const auto& slice : message) {
    message_size += slice.size();
  }
  std::optional<Head> head = ReadHead(std::span(first).first(known), message_size);
  if (!head) {
    return std::optional<TensorChunk>();
  }
  PLUMB_RETURN_IF_ERROR(CheckChunkRepetition(head->chunk.repetition));
  PLUMB_RETURN_IF_ERROR(CheckChunkSize(head->size));
  BlockPool::Block block = pool.Take();
  if (block.bytes.size() < head->size) {
    return InternalError("the pool's blocks are too small for a chunk");
  }
  Gather(message, head->data_begin, block.bytes.data());
  head->chunk.bytes = std::move(block).Finish(static_cast<size_t>(head->size));
  if (ChunkChecksum(head->chunk.bytes.span()) != head->checksum) {
    return DamagedChunk(head->chunk.offset);
  }
  return std::optional(std::move(head->chunk));
}

}  // namespace plumb::rpc
