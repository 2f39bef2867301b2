// Writes the messages of onnx.proto that tests need, as protobuf's wire format.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plumb::testing {

// A protobuf message under construction; fields by number.
class OnnxMessage {
 public:
  OnnxMessage& Number(uint32_t field, int64_t value) {
    Varint(uint64_t{field} << 3U);
    Varint(static_cast<uint64_t>(value));
    return *this;
  }

  OnnxMessage& Real(uint32_t field, float value) {
    Varint(uint64_t{field} << 3U | 5U);
    const auto bits = std::bit_cast<uint32_t>(value);
    for (uint32_t shift = 0; shift < 32; shift += 8) {
      bytes_ += static_cast<char>(bits >> shift);
    }
    return *this;
  }

  OnnxMessage& Bytes(uint32_t field, std::string_view bytes) {
    Varint(uint64_t{field} << 3U | 2U);
    Varint(bytes.size());
    bytes_ += bytes;
    return *this;
  }

  OnnxMessage& Message(uint32_t field, const OnnxMessage& message) {
    return Bytes(field, message.bytes_);
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7U) {
      bytes_ += static_cast<char>(value | 0x80U);
    }
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

// TensorProto of floats (raw_data) or of int64 (int64_data).
inline OnnxMessage FloatTensor(const std::string& name,
                               const std::vector<int64_t>& dims,
                               const std::vector<float>& values) {
  OnnxMessage tensor;
  for (const int64_t dim : dims) {
    tensor.Number(1, dim);
  }
  std::string raw(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return tensor.Number(2, 1).Bytes(8, name).Bytes(9, raw);
}

inline OnnxMessage IntegerTensor(const std::string& name, const std::vector<int64_t>& values) {
  OnnxMessage tensor;
  tensor.Number(1, static_cast<int64_t>(values.size())).Number(2, 7).Bytes(8, name);
  for (const int64_t value : values) {
    tensor.Number(7, value);
  }
  return tensor;
}

// AttributeProto.
inline OnnxMessage IntAttribute(const std::string& name, int64_t value) {
  return OnnxMessage().Bytes(1, name).Number(3, value).Number(20, 2);
}

inline OnnxMessage FloatAttribute(const std::string& name, float value) {
  return OnnxMessage().Bytes(1, name).Real(2, value).Number(20, 1);
}

inline OnnxMessage TextAttribute(const std::string& name, const std::string& value) {
  return OnnxMessage().Bytes(1, name).Bytes(4, value).Number(20, 3);
}

inline OnnxMessage IntsAttribute(const std::string& name, const std::vector<int64_t>& values) {
  OnnxMessage attribute;
  attribute.Bytes(1, name);
  for (const int64_t value : values) {
    attribute.Number(8, value);
  }
  return attribute.Number(20, 7);
}

}  // namespace plumb::testing
