// Reader of protobuf's wire format: what ONNX and Caffe files are written in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::npu::importing {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field as it stands in the file. The views live as long as the file's bytes.
struct WireField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;              // kVarint, kFixed32, kFixed64
  std::span<const uint8_t> bytes;  // kBytes

  // kInvalidArgument for a field of another type than asked for.
  [[nodiscard]] Result<std::span<const uint8_t>> Bytes() const;
  [[nodiscard]] Result<std::string> Text() const;
  [[nodiscard]] Result<int64_t> Integer() const;
  [[nodiscard]] Result<float> Float() const;
  // Repeated numbers, packed into one field or one by one.
  Status AppendIntegers(std::vector<int64_t>& values) const;
  Status AppendFloats(std::vector<float>& values) const;
  Status AppendDoubles(std::vector<float>& values) const;
};

// Goes through the fields of one message in the order of the file. Format:
// https://protobuf.dev/programming-guides/encoding/. Groups, which neither uses, are refused.
class WireReader {
 public:
  explicit WireReader(std::span<const uint8_t> message) : rest_(message) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  [[nodiscard]] std::span<const uint8_t> rest() const { return rest_; }

  // kInvalidArgument when the message ends within a field or the field is none.
  Result<WireField> Next();

 private:
  Result<uint64_t> Varint();
  Result<uint64_t> Fixed(size_t size);
  Result<std::span<const uint8_t>> Take(uint64_t size);

  std::span<const uint8_t> rest_;
};

}  // namespace plumb::npu::importing
