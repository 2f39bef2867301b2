// A reader of FlatBuffers that believes nothing: every offset, vtable, vector and string is checked
// against the file before it is read. Views borrow the bytes they were made from.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "common/base/checked.h"
#include "common/base/status.h"

namespace plumb::npu {

class FlatTable;

// A vector of scalars, or of offsets to tables.
class FlatVector {
 public:
  FlatVector() = default;

  [[nodiscard]] uint32_t size() const { return size_; }

  [[nodiscard]] std::span<const uint8_t> bytes() const { return bytes_.subspan(start_, length_); }

  // Element `index` < size(); the vector was read with elements of sizeof(T).
  template <class T>
  [[nodiscard]] T At(uint32_t index) const {
    T value;
    std::memcpy(&value, bytes_.data() + start_ + size_t{index} * sizeof(T), sizeof(T));
    return value;
  }

  // The table that element `index` < size() points to.
  [[nodiscard]] Result<FlatTable> TableAt(uint32_t index) const;

 private:
  friend class FlatTable;

  std::span<const uint8_t> bytes_;
  size_t start_ = 0;
  size_t length_ = 0;
  uint32_t size_ = 0;
};

// A table whose vtable and inline part lie inside the file. All errors are kInvalidArgument and
// name the place. Fields are numbered as in the schema, from 0.
class FlatTable {
 public:
  // The root table of a whole FlatBuffer.
  static Result<FlatTable> Root(std::span<const uint8_t> bytes);
  // The table at this place.
  static Result<FlatTable> At(std::span<const uint8_t> bytes, uint64_t position);

  // An absent field gives `otherwise`.
  template <class T>
  [[nodiscard]] Result<T> Scalar(uint32_t field, T otherwise) const {
    static_assert(std::is_arithmetic_v<T>);
    const uint32_t offset = FieldOffset(field);
    if (offset == 0) {
      return otherwise;
    }
    if (!RangeFits<uint32_t>(offset, sizeof(T), inline_size_)) {
      return Malformed("a field outside its table", position_ + offset);
    }
    T value;
    std::memcpy(&value, bytes_.data() + position_ + offset, sizeof(T));
    return value;
  }

  [[nodiscard]] bool Has(uint32_t field) const { return FieldOffset(field) != 0; }

  // kInvalidArgument when the field is absent.
  [[nodiscard]] Result<FlatTable> Table(uint32_t field) const;
  // Absent: empty. The elements' bytes lie inside the file.
  [[nodiscard]] Result<FlatVector> Vector(uint32_t field, uint32_t element_size) const;
  // A vector of tables.
  [[nodiscard]] Result<FlatVector> Tables(uint32_t field) const;
  // Absent: "".
  [[nodiscard]] Result<std::string> String(uint32_t field) const;

 private:
  FlatTable() = default;

  static Status Malformed(const char* what, uint64_t position);
  // Bytes from the table's start; 0: absent.
  [[nodiscard]] uint32_t FieldOffset(uint32_t field) const;
  // Where the offset stored in a present field leads.
  [[nodiscard]] Result<uint64_t> Follow(uint32_t field) const;

  std::span<const uint8_t> bytes_;
  uint64_t position_ = 0;
  uint64_t vtable_ = 0;
  uint32_t vtable_size_ = 0;
  uint32_t inline_size_ = 0;
};

}  // namespace plumb::npu
