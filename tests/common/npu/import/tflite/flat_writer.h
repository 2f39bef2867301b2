// Writes FlatBuffers for tests: tables with numbered fields, parents before children.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace plumb::testing {

class FlatNode {
 public:
  template <class T>
  FlatNode& Scalar(uint32_t field, T value) {
    Inline bytes(sizeof(T));
    std::memcpy(bytes.data(), &value, sizeof(T));
    fields_[field] = std::move(bytes);
    return *this;
  }

  FlatNode& Table(uint32_t field, FlatNode table) { return Put(field, {std::move(table)}, false); }

  FlatNode& Tables(uint32_t field, std::vector<FlatNode> tables) {
    return Put(field, std::move(tables), true);
  }

  template <class T>
  FlatNode& Vector(uint32_t field, const std::vector<T>& values) {
    Elements elements{std::vector<uint8_t>(values.size() * sizeof(T)),
                      static_cast<uint32_t>(values.size())};
    if (!values.empty()) {
      std::memcpy(elements.bytes.data(), values.data(), elements.bytes.size());
    }
    fields_[field] = std::move(elements);
    return *this;
  }

  FlatNode& Text(uint32_t field, const std::string& text) {
    Elements elements{{text.begin(), text.end()}, static_cast<uint32_t>(text.size())};
    elements.bytes.push_back(0);  // behind the count, as the format demands
    fields_[field] = std::move(elements);
    return *this;
  }

  // The whole file; nothing follows the last child's bytes.
  [[nodiscard]] std::vector<uint8_t> Serialize(const std::string& identifier) const;

 private:
  using Inline = std::vector<uint8_t>;

  struct Elements {
    std::vector<uint8_t> bytes;
    uint32_t count = 0;
  };

  struct Children {
    std::vector<FlatNode> tables;
    bool is_vector = false;
  };

  using Field = std::variant<Inline, Elements, Children>;

  FlatNode& Put(uint32_t field, std::vector<FlatNode> tables, bool is_vector) {
    fields_[field] = Children{std::move(tables), is_vector};
    return *this;
  }

  // Appends this table; gives its position.
  size_t Write(std::vector<uint8_t>& out) const;
  static size_t WriteField(const Field& field, std::vector<uint8_t>& out);

  std::map<uint32_t, Field> fields_;
};

}  // namespace plumb::testing
