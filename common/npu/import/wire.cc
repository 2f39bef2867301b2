#include "common/npu/import/wire.h"

#include <bit>

namespace plumb::npu::importing {
namespace {

constexpr uint32_t kTypeBits = 3;
constexpr uint64_t kTypeMask = 7;
constexpr uint64_t kMaxFieldNumber = (uint64_t{1} << 29U) - 1;

Status WrongType(uint32_t number) {
  return InvalidArgumentError("field " + std::to_string(number) + " is of another type");
}

Status Ends() {
  return InvalidArgumentError("the file ends within a field");
}

uint64_t LittleEndian(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) {
    value = value << 8U | bytes[i];
  }
  return value;
}

float FloatOf(uint64_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

float FloatOfDouble(uint64_t bits) {
  return static_cast<float>(std::bit_cast<double>(bits));
}

// Numbers of a fixed size, one in the field or packed.
template <class Convert>
Status AppendFixed(const WireField& field,
                   WireType single,
                   size_t size,
                   Convert convert,
                   std::vector<float>& values) {
  if (field.type == single) {
    values.push_back(convert(field.value));
    return OkStatus();
  }
  if (field.type != WireType::kBytes || field.bytes.size() % size != 0) {
    return WrongType(field.number);
  }
  values.reserve(values.size() + field.bytes.size() / size);
  for (size_t i = 0; i < field.bytes.size(); i += size) {
    values.push_back(convert(LittleEndian(field.bytes.subspan(i, size))));
  }
  return OkStatus();
}

// Takes one varint from the front of `bytes`.
Result<uint64_t> TakeVarint(std::span<const uint8_t>& bytes) {
  constexpr size_t kMaxBytes = 10;
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < kMaxBytes; ++i) {
    value |= (uint64_t{bytes[i]} & 0x7FU) << (7 * i);
    if (bytes[i] < 0x80) {
      bytes = bytes.subspan(i + 1);
      return value;
    }
  }
  return bytes.size() < kMaxBytes ? Ends() : InvalidArgumentError("a number has over 10 bytes");
}

}  // namespace

Result<std::span<const uint8_t>> WireField::Bytes() const {
  return type == WireType::kBytes ? Result<std::span<const uint8_t>>(bytes) : WrongType(number);
}

Result<std::string> WireField::Text() const {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> text, Bytes());
  return std::string(text.begin(), text.end());
}

Result<int64_t> WireField::Integer() const {
  return type == WireType::kVarint ? Result<int64_t>(static_cast<int64_t>(value))
                                   : WrongType(number);
}

Result<float> WireField::Float() const {
  return type == WireType::kFixed32 ? Result<float>(FloatOf(value)) : WrongType(number);
}

Status WireField::AppendIntegers(std::vector<int64_t>& values) const {
  if (type == WireType::kVarint) {
    values.push_back(static_cast<int64_t>(value));
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(std::span<const uint8_t> packed, Bytes());
  while (!packed.empty()) {
    PLUMB_ASSIGN_OR_RETURN(const uint64_t next, TakeVarint(packed));
    values.push_back(static_cast<int64_t>(next));
  }
  return OkStatus();
}

Status WireField::AppendFloats(std::vector<float>& values) const {
  return AppendFixed(*this, WireType::kFixed32, sizeof(float), FloatOf, values);
}

Status WireField::AppendDoubles(std::vector<float>& values) const {
  return AppendFixed(*this, WireType::kFixed64, sizeof(double), FloatOfDouble, values);
}

Result<uint64_t> WireReader::Varint() {
  return TakeVarint(rest_);
}

Result<std::span<const uint8_t>> WireReader::Take(uint64_t size) {
  if (size > rest_.size()) {
    return Ends();
  }
  const std::span<const uint8_t> taken = rest_.first(static_cast<size_t>(size));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

Result<uint64_t> WireReader::Fixed(size_t size) {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> bytes, Take(size));
  return LittleEndian(bytes);
}

Result<WireField> WireReader::Next() {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t tag, Varint());
  const uint64_t number = tag >> kTypeBits;
  if (number == 0 || number > kMaxFieldNumber) {
    return InvalidArgumentError("there is no field " + std::to_string(number));
  }
  WireField field;
  field.number = static_cast<uint32_t>(number);
  field.type = static_cast<WireType>(tag & kTypeMask);
  switch (field.type) {
    case WireType::kVarint: {
      PLUMB_ASSIGN_OR_RETURN(field.value, Varint());
      return field;
    }
    case WireType::kFixed64: {
      PLUMB_ASSIGN_OR_RETURN(field.value, Fixed(sizeof(uint64_t)));
      return field;
    }
    case WireType::kFixed32: {
      PLUMB_ASSIGN_OR_RETURN(field.value, Fixed(sizeof(uint32_t)));
      return field;
    }
    case WireType::kBytes: {
      PLUMB_ASSIGN_OR_RETURN(const uint64_t size, Varint());
      PLUMB_ASSIGN_OR_RETURN(field.bytes, Take(size));
      return field;
    }
  }
  return WrongType(field.number);
}

}  // namespace plumb::npu::importing
