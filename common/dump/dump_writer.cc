#include <array>
#include <bit>
#include <cstdio>
#include <utility>

#include "common/base/text.h"
#include "common/dump/dump_file.h"

namespace plumb::dump {
namespace {

std::string FixedPoint(double value) {
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  std::snprintf(text.data(), text.size(), "%f", value);
  return text.data();
}

std::string ShapeText(const Shape& shape) {
  std::vector<std::string> dims;
  for (const int64_t dim : shape.dims()) {
    dims.push_back(std::to_string(dim));
  }
  return " shape:[" + Join(dims, ", ") + "] dims:" + std::to_string(dims.size());
}

std::string Header(const DumpEntry& entry, uint64_t size) {
  const std::string side = entry.direction == Direction::kInput ? "in" : "out";
  std::string text = "//" + side + " " + std::to_string(entry.index) +
                     " s: " + FixedPoint(entry.scale) + " z: " + std::to_string(entry.zero_point) +
                     " type: " + entry.type + " name: " + entry.name +
                     " bConstant:" + (entry.constant ? "1" : "0");
  if (entry.shape) {
    text += ShapeText(*entry.shape);
  }
  return text + "\nop_" + side + "[" + std::to_string(entry.index) + "] " + entry.op +
         " = {\n//buffer data size: " + std::to_string(size) + "\n";
}

std::vector<uint8_t> LittleEndian(std::span<const float> values) {
  std::vector<uint8_t> bytes;
  bytes.reserve(values.size() * sizeof(float));
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<uint8_t>(bits >> shift));
    }
  }
  return bytes;
}

}  // namespace

Result<DumpWriter> DumpWriter::Create(const std::filesystem::path& path, bool is_float) {
  PLUMB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  PLUMB_RETURN_IF_ERROR(file.Append(AsBytes(is_float ? "isFloat: 1\n" : "isFloat: 0\n")));
  return DumpWriter(std::move(file));
}

Status DumpWriter::Add(const DumpEntry& entry, std::span<const float> values) {
  if (!IsSafeName(entry.name) || !IsSafeName(entry.type) || !IsSafeName(entry.op)) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(entry.name) +
                                "' has a name, type or operation that a dump cannot hold");
  }
  if (entry.shape && entry.shape->element_count() != values.size()) {
    return InvalidArgumentError("tensor '" + entry.name + "' of shape " + entry.shape->ToString() +
                                " was given " + std::to_string(values.size()) + " values");
  }
  const std::vector<uint8_t> payload = LittleEndian(values);
  PLUMB_RETURN_IF_ERROR(file_.Append(AsBytes(Header(entry, payload.size()))));
  PLUMB_RETURN_IF_ERROR(file_.Append(payload));
  return file_.Append(
      AsBytes("\n};\n//buffer data size: " + std::to_string(payload.size()) + "\n"));
}

Status DumpWriter::Commit() {
  return file_.Commit();
}

}  // namespace plumb::dump
