#include "common/npu/import/tflite/flatbuffer.h"

namespace plumb::npu {
namespace {

// The caller has checked that the value lies inside.
template <class T>
T Read(std::span<const uint8_t> bytes, uint64_t position) {
  T value;
  std::memcpy(&value, bytes.data() + position, sizeof(T));
  return value;
}

bool Fits(std::span<const uint8_t> bytes, uint64_t position, uint64_t size) {
  return RangeFits<uint64_t>(position, size, bytes.size());
}

}  // namespace

Status FlatTable::Malformed(const char* what, uint64_t position) {
  return InvalidArgumentError("the FlatBuffer is damaged: " + std::string(what) + " at byte " +
                              std::to_string(position))
      .WithHint("fetch or export the file again; it may be truncated");
}

Result<FlatTable> FlatVector::TableAt(uint32_t index) const {
  const uint64_t place = start_ + uint64_t{index} * sizeof(uint32_t);
  return FlatTable::At(bytes_, place + At<uint32_t>(index));
}

Result<FlatTable> FlatTable::Root(std::span<const uint8_t> bytes) {
  if (!Fits(bytes, 0, sizeof(uint32_t))) {
    return Malformed("no root offset", 0);
  }
  return At(bytes, Read<uint32_t>(bytes, 0));
}

Result<FlatTable> FlatTable::At(std::span<const uint8_t> bytes, uint64_t position) {
  if (!Fits(bytes, position, sizeof(int32_t))) {
    return Malformed("a table outside the file", position);
  }
  const int64_t back = Read<int32_t>(bytes, position);
  const int64_t vtable = static_cast<int64_t>(position) - back;
  if (vtable < 0 || !Fits(bytes, static_cast<uint64_t>(vtable), 2 * sizeof(uint16_t))) {
    return Malformed("a vtable outside the file", position);
  }
  FlatTable table;
  table.bytes_ = bytes;
  table.position_ = position;
  table.vtable_ = static_cast<uint64_t>(vtable);
  table.vtable_size_ = Read<uint16_t>(bytes, table.vtable_);
  table.inline_size_ = Read<uint16_t>(bytes, table.vtable_ + sizeof(uint16_t));
  if (table.vtable_size_ < 2 * sizeof(uint16_t) || table.vtable_size_ % 2 != 0 ||
      !Fits(bytes, table.vtable_, table.vtable_size_)) {
    return Malformed("a vtable of a wrong size", table.vtable_);
  }
  if (table.inline_size_ < sizeof(int32_t) || !Fits(bytes, position, table.inline_size_)) {
    return Malformed("a table of a wrong size", position);
  }
  return table;
}

uint32_t FlatTable::FieldOffset(uint32_t field) const {
  const uint64_t entry = 2 * sizeof(uint16_t) + uint64_t{field} * sizeof(uint16_t);
  return entry + sizeof(uint16_t) <= vtable_size_ ? Read<uint16_t>(bytes_, vtable_ + entry) : 0;
}

Result<uint64_t> FlatTable::Follow(uint32_t field) const {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t distance, Scalar<uint32_t>(field, 0));
  return position_ + FieldOffset(field) + distance;
}

Result<FlatTable> FlatTable::Table(uint32_t field) const {
  if (!Has(field)) {
    return Malformed("a table without a required part", position_);
  }
  PLUMB_ASSIGN_OR_RETURN(const uint64_t place, Follow(field));
  return At(bytes_, place);
}

Result<FlatVector> FlatTable::Vector(uint32_t field, uint32_t element_size) const {
  FlatVector vector;
  vector.bytes_ = bytes_;
  if (!Has(field)) {
    return vector;
  }
  PLUMB_ASSIGN_OR_RETURN(const uint64_t place, Follow(field));
  if (!Fits(bytes_, place, sizeof(uint32_t))) {
    return Malformed("a vector outside the file", place);
  }
  vector.size_ = Read<uint32_t>(bytes_, place);
  const uint64_t start = place + sizeof(uint32_t);
  const uint64_t length = uint64_t{vector.size_} * element_size;
  if (!Fits(bytes_, start, length)) {
    return Malformed("a vector longer than the file", place);
  }
  vector.start_ = static_cast<size_t>(start);
  vector.length_ = static_cast<size_t>(length);
  return vector;
}

Result<FlatVector> FlatTable::Tables(uint32_t field) const {
  return Vector(field, sizeof(uint32_t));
}

Result<std::string> FlatTable::String(uint32_t field) const {
  PLUMB_ASSIGN_OR_RETURN(const FlatVector text, Vector(field, 1));
  return std::string(text.bytes().begin(), text.bytes().end());
}

}  // namespace plumb::npu
