#include "agent/virtual_ipu/model_source.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/npu/model/container.h"

namespace plumb::virtual_ipu {
namespace {

// The interface counts in int.
constexpr uint64_t kMaxModelSize = 0x7FFF'FFFF;
constexpr size_t kPieceSize = size_t{1} << 20;

Status CallRead(SerializedReadFunc read, char* ctx, size_t offset, std::span<uint8_t> bytes) {
  const int size = static_cast<int>(bytes.size());
  const int got = read(bytes.data(), static_cast<int>(offset), size, ctx);
  if (got < 0 || (got > 0 && got < size)) {
    return DataLossError("the read function gave " + std::to_string(got) + " for " +
                         std::to_string(size) + " bytes at " + std::to_string(offset));
  }
  return OkStatus();
}

Result<uint64_t> SizeFromHeader(std::span<const uint8_t> header) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t size, npu::ModelFileSize(header));
  if (size > kMaxModelSize) {
    return ResourceExhaustedError("a model of " + std::to_string(size) + " bytes is too large");
  }
  return size;
}

}  // namespace

Result<Buffer> ReadModel(SerializedReadFunc read, char* ctx) {
  if (read == nullptr) {
    return ctx == nullptr ? Result<Buffer>(NotFoundError("no model was named")) : MapFile(ctx);
  }
  std::vector<uint8_t> bytes(npu::kModelHeaderSize);
  PLUMB_RETURN_IF_ERROR(CallRead(read, ctx, 0, bytes));
  PLUMB_ASSIGN_OR_RETURN(const uint64_t size, SizeFromHeader(bytes));
  while (bytes.size() < size) {
    // Piece by piece, so that a header that lies costs no more memory than the reader delivers.
    const size_t done = bytes.size();
    const size_t piece = std::min<size_t>(kPieceSize, static_cast<size_t>(size) - done);
    bytes.resize(done + piece);
    PLUMB_RETURN_IF_ERROR(CallRead(read, ctx, done, std::span(bytes).subspan(done)));
  }
  return Buffer::FromVector(std::move(bytes));
}

Result<Buffer> ModelInMemory(Memory& memory, MI_PHY address) {
  const uint8_t* header = memory.At(address, npu::kModelHeaderSize);
  if (header == nullptr) {
    return OutOfRangeError("the model's address is outside the heap");
  }
  PLUMB_ASSIGN_OR_RETURN(const uint64_t size, SizeFromHeader({header, npu::kModelHeaderSize}));
  const uint8_t* bytes = memory.At(address, size);
  if (bytes == nullptr) {
    return OutOfRangeError("the model runs over the end of its memory");
  }
  return Buffer::Wrap(nullptr, {bytes, static_cast<size_t>(size)});
}

}  // namespace plumb::virtual_ipu
