#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "common/base/text.h"
#include "common/dump/dump_file.h"
#include "common/dump/dump_text.h"

namespace plumb::dump {
namespace {

// "%.6f" of the largest float has 46 characters.
constexpr size_t kMaxNumber = 64;

bool IsSpace(int byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

bool IsOfNumber(int byte) {
  return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' ||
         (byte >= 'a' && byte <= 'z');
}

class TextScanner {
 public:
  explicit TextScanner(LineScanner& bytes) : bytes_(bytes), byte_(bytes.NextByte()) {}

  // The next number into value(); false at the brace, at the end and at what is no number.
  bool Next() {
    SkipSpace();
    size_t length = 0;
    for (; length < kMaxNumber && IsOfNumber(byte_); Advance()) {
      token_.at(length++) = static_cast<char>(byte_);
    }
    const auto value = ParseDouble(std::string_view(token_.data(), length));
    SkipSpace();
    if (!value || (byte_ != ',' && !at_end())) {
      return false;
    }
    value_ = static_cast<float>(*value);
    if (byte_ == ',') {
      Advance();
    }
    return true;
  }

  // Where the brace is (the end of the source counts as one), without the line end before it.
  [[nodiscard]] bool at_end() const { return byte_ == '}' || byte_ < 0; }

  [[nodiscard]] uint64_t offset() const { return bytes_.offset() - (byte_ < 0 ? 0 : 1); }

  [[nodiscard]] float value() const { return value_; }

  void SkipSpace() {
    while (IsSpace(byte_)) {
      Advance();
    }
  }

 private:
  void Advance() { byte_ = bytes_.NextByte(); }

  LineScanner& bytes_;
  int byte_;
  std::array<char, kMaxNumber> token_{};
  float value_ = 0;
};

float FromLittleEndian(const uint8_t* bytes) {
  return std::bit_cast<float>(
      static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8U |
      static_cast<uint32_t>(bytes[2]) << 16U | static_cast<uint32_t>(bytes[3]) << 24U);
}

Status TooFew(const DumpEntry& entry) {
  return InvalidArgumentError("tensor '" + entry.name + "' holds " +
                              std::to_string(entry.stored_values) + " values, its shape " +
                              entry.shape->ToString() + " needs more");
}

// As the bytes that a payload otherwise is.
Buffer BytesOf(std::span<const float> values) {
  std::vector<uint8_t> bytes;
  bytes.reserve(values.size() * sizeof(float));
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<uint8_t>(bits >> shift));
    }
  }
  return Buffer::FromVector(std::move(bytes));
}

}  // namespace

Result<std::optional<TextPayload>> MeasureText(LineScanner& scanner) {
  const uint64_t start = scanner.offset();
  TextScanner text(scanner);
  TextPayload payload;
  while (text.Next()) {
    ++payload.values;
  }
  PLUMB_RETURN_IF_ERROR(scanner.status());
  text.SkipSpace();
  if (!text.at_end() || payload.values == 0) {
    return std::optional<TextPayload>();
  }
  payload.size = text.offset() - start;
  return std::optional<TextPayload>(payload);
}

std::optional<float> NextTextValue(LineScanner& scanner) {
  TextScanner text(scanner);
  if (!text.Next()) {
    return std::nullopt;
  }
  // One byte was read ahead.
  scanner.Seek(text.offset());
  return text.value();
}

Result<uint64_t> DumpEntry::value_count() const {
  if (!shape) {
    return stored_values;
  }
  const auto elements = shape->element_count();
  if (!elements || *elements > stored_values) {
    return TooFew(*this);
  }
  return *elements;
}

DumpValueReader::DumpValueReader(const DumpIndex& index, const DumpEntry& entry)
    : source_(index.source),
      scanner_(source_),
      offset_(entry.offset),
      stored_values_(entry.stored_values),
      as_text_(entry.as_text) {
  scanner_.Seek(offset_);
}

Status DumpValueReader::Read(uint64_t first, std::span<float> out) {
  if (first > stored_values_ || out.size() > stored_values_ - first) {
    return OutOfRangeError("values " + std::to_string(first) + " to " +
                           std::to_string(first + out.size()) + " of a tensor that holds " +
                           std::to_string(stored_values_));
  }
  if (as_text_) {
    return ReadText(first, out);
  }
  const auto bytes = std::as_writable_bytes(out);
  auto* raw = reinterpret_cast<uint8_t*>(bytes.data());
  PLUMB_RETURN_IF_ERROR(source_.Read(offset_ + first * sizeof(float), {raw, bytes.size()}));
  if constexpr (std::endian::native != std::endian::little) {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = FromLittleEndian(raw + i * sizeof(float));
    }
  }
  return OkStatus();
}

Status DumpValueReader::ReadText(uint64_t first, std::span<float> out) {
  if (first < next_) {
    scanner_.Seek(offset_);
    next_ = 0;
  }
  for (const uint64_t end = first + out.size(); next_ < end; ++next_) {
    const auto value = NextTextValue(scanner_);
    if (!value) {
      return scanner_.status().ok() ? DataLossError("the dump was changed while it was read")
                                    : scanner_.status();
    }
    if (next_ >= first) {
      out[static_cast<size_t>(next_ - first)] = *value;
    }
  }
  return OkStatus();
}

Result<DumpFile> ParseDump(const Buffer& file) {
  PLUMB_ASSIGN_OR_RETURN(DumpIndex index, IndexDump(DumpSource::Of(file)));
  for (DumpEntry& entry : index.entries) {
    if (!entry.as_text) {
      entry.payload =
          file.Slice(static_cast<size_t>(entry.offset), static_cast<size_t>(entry.size));
      continue;
    }
    std::vector<float> values(static_cast<size_t>(entry.stored_values));
    PLUMB_RETURN_IF_ERROR(DumpValueReader(index, entry).Read(0, values));
    entry.payload = BytesOf(values);
  }
  return DumpFile{index.is_float, std::move(index.entries)};
}

Result<std::vector<float>> DumpValues(const DumpEntry& entry) {
  uint64_t count = entry.payload.size() / sizeof(float);
  if (entry.shape) {
    const auto elements = entry.shape->element_count();
    if (!elements || *elements > count) {
      return TooFew(entry);
    }
    count = *elements;
  }
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = FromLittleEndian(entry.payload.data() + i * sizeof(float));
  }
  return values;
}

}  // namespace plumb::dump
