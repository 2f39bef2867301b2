#include "common/npu/model/byte_codec.h"

#include <bit>

#include "common/base/checked.h"

namespace plumb::npu {
namespace {

constexpr size_t kMaxText = 255;

}  // namespace

uint64_t ByteWriter::DoubleBits(double value) {
  return std::bit_cast<uint64_t>(value);
}

uint64_t ByteWriter::FloatBits(float value) {
  return std::bit_cast<uint32_t>(value);
}

void ByteWriter::PutBits(uint64_t bits, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    description_.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  }
}

void ByteWriter::Text(const std::string& text) {
  Number(static_cast<uint32_t>(text.size()));
  description_.insert(description_.end(), text.begin(), text.end());
}

void ByteWriter::Blob(const Buffer& bytes) {
  const size_t aligned = (blobs_.size() + kBlobAlignment - 1) / kBlobAlignment * kBlobAlignment;
  blobs_.resize(aligned);
  Number(static_cast<uint64_t>(bytes.empty() ? 0 : aligned));
  Number(static_cast<uint64_t>(bytes.size()));
  blobs_.insert(blobs_.end(), bytes.span().begin(), bytes.span().end());
}

double ByteReader::BitsToDouble(uint64_t bits) {
  return std::bit_cast<double>(bits);
}

float ByteReader::BitsToFloat(uint64_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

void ByteReader::Fail(const std::string& what) {
  if (ok()) {
    status_ =
        InvalidArgumentError(what + " (byte " + std::to_string(position_) + " of the description)");
  }
}

uint64_t ByteReader::TakeBits(size_t size) {
  if (!ok() || left() < size) {
    Fail("the description ends too early");
    return 0;
  }
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) {
    bits |= static_cast<uint64_t>(description_.data()[position_ + i]) << (8 * i);
  }
  position_ += size;
  return bits;
}

size_t ByteReader::TakeCount(size_t min_item_size) {
  const auto count = static_cast<size_t>(TakeBits(sizeof(uint32_t)));
  if (count > left() / min_item_size) {
    Fail("a list claims more items than there are bytes");
    return 0;
  }
  return count;
}

void ByteReader::Text(std::string& text) {
  const size_t size = TakeCount(1);
  if (size > kMaxText) {
    Fail("a text is longer than " + std::to_string(kMaxText) + " bytes");
    return;
  }
  const std::string_view bytes = description_.view().substr(position_, size);
  text.assign(bytes.data(), bytes.size());
  position_ += size;
}

void ByteReader::Blob(Buffer& bytes) {
  const uint64_t offset = TakeBits(sizeof(uint64_t));
  const uint64_t size = TakeBits(sizeof(uint64_t));
  const uint64_t limit = blobs_.size();
  if (offset % kBlobAlignment != 0 || !RangeFits(offset, size, limit)) {
    Fail("a reference leaves the blob section or is not aligned to 64 bytes");
    return;
  }
  bytes = blobs_.Slice(static_cast<size_t>(offset), static_cast<size_t>(size));
}

}  // namespace plumb::npu
