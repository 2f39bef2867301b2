// Internal to container.h: little-endian bytes in and out. Both classes have the same functions, so
// that one list of fields (op_fields.h) both writes and reads.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"

namespace plumb::npu {

constexpr uint64_t kBlobAlignment = 64;

class ByteWriter {
 public:
  static constexpr bool kReading = false;

  // Integers, enums (as their underlying type), float and double.
  template <class T>
  void Number(const T& value) {
    PutBits(ToBits(value), sizeof(T));
  }

  void Text(const std::string& text);
  // Appends to the blob section at a 64-byte boundary and writes where.
  void Blob(const Buffer& bytes);

  template <class T, class F>
  void List(const std::vector<T>& items, size_t /*min_item_size*/, F&& each) {
    Number(static_cast<uint32_t>(items.size()));
    for (const T& item : items) {
      each(item);
    }
  }

  template <class T>
  void Numbers(const std::vector<T>& values) {
    List(values, sizeof(T), [this](const T& value) { Number(value); });
  }

  void Fail(const std::string& /*what*/) {}

  [[nodiscard]] bool ok() const { return true; }

  [[nodiscard]] const std::vector<uint8_t>& description() const { return description_; }

  [[nodiscard]] const std::vector<uint8_t>& blobs() const { return blobs_; }

 private:
  template <class T>
  static uint64_t ToBits(T value) {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<uint64_t>(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, double>) {
      return DoubleBits(value);
    } else if constexpr (std::is_same_v<T, float>) {
      return FloatBits(value);
    } else {
      return static_cast<uint64_t>(value);
    }
  }

  static uint64_t DoubleBits(double value);
  static uint64_t FloatBits(float value);
  void PutBits(uint64_t bits, size_t size);

  std::vector<uint8_t> description_;
  std::vector<uint8_t> blobs_;
};

// Sticky: after the first error everything reads as zero or empty and `status` says where it was.
class ByteReader {
 public:
  static constexpr bool kReading = true;

  ByteReader(Buffer description, Buffer blobs)
      : description_(std::move(description)),
        blobs_(std::move(blobs)) {}

  template <class T>
  void Number(T& value) {
    const uint64_t bits = TakeBits(sizeof(T));
    if constexpr (std::is_same_v<T, double>) {
      value = BitsToDouble(bits);
    } else if constexpr (std::is_same_v<T, float>) {
      value = BitsToFloat(bits);
    } else {
      value = static_cast<T>(bits);
    }
  }

  void Text(std::string& text);
  void Blob(Buffer& bytes);

  // A count is believed only as far as the remaining bytes could hold that many items.
  template <class T, class F>
  void List(std::vector<T>& items, size_t min_item_size, F&& each) {
    items.clear();
    const size_t count = TakeCount(min_item_size);
    for (size_t i = 0; i < count && ok(); ++i) {
      each(items.emplace_back());
    }
  }

  template <class T>
  void Numbers(std::vector<T>& values) {
    List(values, sizeof(T), [this](T& value) { Number(value); });
  }

  void Fail(const std::string& what);

  [[nodiscard]] bool ok() const { return status_.ok(); }

  [[nodiscard]] bool at_end() const { return position_ == description_.size(); }

  [[nodiscard]] const Status& status() const { return status_; }

 private:
  static double BitsToDouble(uint64_t bits);
  static float BitsToFloat(uint64_t bits);
  uint64_t TakeBits(size_t size);
  size_t TakeCount(size_t min_item_size);

  [[nodiscard]] size_t left() const { return description_.size() - position_; }

  Buffer description_;
  Buffer blobs_;
  size_t position_ = 0;
  Status status_;
};

}  // namespace plumb::npu
