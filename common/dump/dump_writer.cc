#include "common/dump/dump_writer.h"

#include <array>
#include <bit>
#include <cstdio>
#include <utility>

#include "common/base/checked.h"
#include "common/base/text.h"

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

std::string Header(const DumpEntry& entry, uint64_t size, DumpVariant variant) {
  const std::string side = entry.direction == Direction::kInput ? "in" : "out";
  std::string text = "//" + side + " " + std::to_string(entry.index) +
                     " s: " + FixedPoint(entry.scale) + " z: " + std::to_string(entry.zero_point) +
                     " type: " + entry.type + " name: " + entry.name +
                     " bConstant:" + (entry.constant ? "1" : "0");
  if (entry.shape && variant != DumpVariant::kSdk115) {
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

constexpr uint64_t kValuesPerLine = 16;
constexpr size_t kTextPiece = 4096;  // values turned into text at a time

}  // namespace

Result<DumpWriter> DumpWriter::Create(const std::filesystem::path& path,
                                      const DumpOptions& options) {
  PLUMB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  PLUMB_RETURN_IF_ERROR(file.Append(AsBytes(options.is_float ? "isFloat: 1\n" : "isFloat: 0\n")));
  return DumpWriter(std::move(file), options);
}

Status DumpWriter::Add(const DumpEntry& entry, std::span<const float> values) {
  PLUMB_RETURN_IF_ERROR(Begin(entry, values.size()));
  PLUMB_RETURN_IF_ERROR(Append(values));
  return End();
}

Status DumpWriter::Begin(const DumpEntry& entry, uint64_t count) {
  if (open_) {
    return FailedPreconditionError("a tensor was begun before the one before it ended");
  }
  if (!IsSafeName(entry.name) || !IsSafeName(entry.type) || !IsSafeName(entry.op)) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(entry.name) +
                                "' has a name, type or operation that a dump cannot hold");
  }
  const auto size = CheckedMul<uint64_t>(count, sizeof(float));
  if (!size || (entry.shape && entry.shape->element_count() != count)) {
    return InvalidArgumentError("tensor '" + entry.name + "' of shape " +
                                (entry.shape ? entry.shape->ToString() : "unknown") +
                                " was given " + std::to_string(count) + " values");
  }
  PLUMB_RETURN_IF_ERROR(file_.Append(AsBytes(Header(entry, *size, options_.variant))));
  open_ = true;
  count_ = count;
  written_ = 0;
  return OkStatus();
}

Status DumpWriter::Append(std::span<const float> values) {
  if (!open_) {
    return FailedPreconditionError("values were written before their tensor was begun");
  }
  if (values.size() > count_ - written_) {
    return InvalidArgumentError("a tensor of " + std::to_string(count_) + " values was given more");
  }
  if (options_.as_text) {
    return AppendText(values);
  }
  written_ += values.size();
  if constexpr (std::endian::native == std::endian::little) {
    const auto bytes = std::as_bytes(values);
    return file_.Append({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }
  return file_.Append(LittleEndian(values));
}

Status DumpWriter::AppendText(std::span<const float> values) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    text += FixedPoint(static_cast<double>(values[i])) + ", ";
    if (++written_ % kValuesPerLine == 0) {
      text += '\n';
    }
    if ((i + 1) % kTextPiece == 0) {
      PLUMB_RETURN_IF_ERROR(file_.Append(AsBytes(text)));
      text.clear();
    }
  }
  return file_.Append(AsBytes(text));
}

Status DumpWriter::End() {
  if (!open_) {
    return FailedPreconditionError("a tensor was ended that was not begun");
  }
  if (written_ != count_) {
    return InvalidArgumentError("a tensor of " + std::to_string(count_) + " values was given " +
                                std::to_string(written_));
  }
  open_ = false;
  std::string text = "\n};\n";
  if (options_.variant != DumpVariant::kFramework) {
    text += "//buffer data size: " + std::to_string(count_ * sizeof(float)) + "\n";
  }
  return file_.Append(AsBytes(text));
}

Status DumpWriter::Commit() {
  if (open_) {
    return FailedPreconditionError("the last tensor was begun but not ended");
  }
  return file_.Commit();
}

}  // namespace plumb::dump
