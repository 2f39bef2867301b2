#include "tests/common/npu/import/tflite/flat_writer.h"

namespace plumb::testing {
namespace {

constexpr size_t kDataAlignment = 16;
constexpr size_t kSlot = 8;  // every inline field gets as much, aligned

template <class T>
void Store(std::vector<uint8_t>& out, size_t position, T value) {
  std::memcpy(out.data() + position, &value, sizeof(T));
}

size_t Reserve(std::vector<uint8_t>& out, size_t size, size_t alignment) {
  out.resize((out.size() + alignment - 1) / alignment * alignment);
  const size_t position = out.size();
  out.resize(position + size);
  return position;
}

void Point(std::vector<uint8_t>& out, size_t from, size_t to) {
  Store(out, from, static_cast<uint32_t>(to - from));
}

}  // namespace

size_t FlatNode::WriteField(const Field& field, std::vector<uint8_t>& out) {
  if (const auto* elements = std::get_if<Elements>(&field)) {
    // Readers map tensors where they lie: their data, not their length, must be aligned.
    const size_t padding = (kDataAlignment - (out.size() + sizeof(uint32_t)) % kDataAlignment);
    out.resize(out.size() + padding % kDataAlignment);
    const size_t position = Reserve(out, sizeof(uint32_t) + elements->bytes.size(), 1);
    Store(out, position, elements->count);
    if (!elements->bytes.empty()) {
      std::memcpy(out.data() + position + 4, elements->bytes.data(), elements->bytes.size());
    }
    return position;
  }
  const auto& children = std::get<Children>(field);
  if (!children.is_vector) {
    return children.tables.front().Write(out);
  }
  const size_t count = children.tables.size();
  const size_t position = Reserve(out, sizeof(uint32_t) * (1 + count), kSlot);
  Store(out, position, static_cast<uint32_t>(count));
  for (size_t i = 0; i < count; ++i) {
    const size_t child = children.tables[i].Write(out);
    Point(out, position + sizeof(uint32_t) * (1 + i), child);
  }
  return position;
}

size_t FlatNode::Write(std::vector<uint8_t>& out) const {
  const size_t fields = fields_.empty() ? 0 : fields_.rbegin()->first + 1;
  const size_t vtable_size = 2 * sizeof(uint16_t) + fields * sizeof(uint16_t);
  const size_t vtable = Reserve(out, vtable_size, kSlot);
  const size_t table = Reserve(out, kSlot * (1 + fields_.size()), kSlot);
  Store(out, vtable, static_cast<uint16_t>(vtable_size));
  Store(out, vtable + 2, static_cast<uint16_t>(out.size() - table));
  Store(out, table, static_cast<int32_t>(table - vtable));
  size_t slot = kSlot;
  for (const auto& [number, field] : fields_) {
    Store(out, vtable + 4 + 2 * size_t{number}, static_cast<uint16_t>(slot));
    if (const auto* bytes = std::get_if<Inline>(&field)) {
      std::memcpy(out.data() + table + slot, bytes->data(), bytes->size());
    }
    slot += kSlot;
  }
  slot = kSlot;
  for (const auto& [number, field] : fields_) {
    if (!std::holds_alternative<Inline>(field)) {
      const size_t child = WriteField(field, out);
      Point(out, table + slot, child);
    }
    slot += kSlot;
  }
  return table;
}

std::vector<uint8_t> FlatNode::Serialize(const std::string& identifier) const {
  std::vector<uint8_t> out(8);
  std::memcpy(out.data() + 4, identifier.data(), 4);
  Point(out, 0, Write(out));
  return out;
}

}  // namespace plumb::testing
