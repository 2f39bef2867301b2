#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/dump/dump_file.h"

namespace plumb::dump {
namespace {

constexpr std::string_view kSizeMark = "//buffer data size:";
// Header, op line and size line may have others between them; more than this is no dump.
constexpr int kMaxLinesToSize = 8;
constexpr size_t kMaxLine = 4096;

Status Broken(size_t offset, const std::string& what) {
  return InvalidArgumentError("DumpDebug file, byte " + std::to_string(offset) + ": " + what);
}

bool IsHeader(std::string_view line) {
  return line.starts_with("//in ") || line.starts_with("//out ");
}

// What stands between `key` and the next `end` (or the line's end), trimmed; empty without the key.
std::string_view Between(std::string_view line, std::string_view key, std::string_view end) {
  const size_t at = line.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = line.substr(at + key.size());
  return Trim(rest.substr(0, rest.find(end)));
}

Result<Shape> ParseShape(std::string_view text) {
  std::vector<int64_t> dims;
  for (const std::string& part : Split(text, ',')) {
    if (Trim(part).empty() && Trim(text).empty()) {
      break;
    }
    const auto dim = ParseInt(Trim(part));
    if (!dim || dims.size() == Shape::kMaxRank) {
      return InvalidArgumentError("the shape [" + EscapeForDisplay(text) + "] cannot be read");
    }
    dims.push_back(*dim);
  }
  return Shape::Create(dims);
}

// "//out 0 s: 0.5 z: 0 type: float name: a b bConstant:0 shape:[1, 2] dims:2". The name may hold
// spaces and even the other keys, so it ends at the last " bConstant:".
Result<DumpEntry> ParseHeader(std::string_view line) {
  DumpEntry entry;
  entry.direction = line.starts_with("//in ") ? Direction::kInput : Direction::kOutput;
  const size_t name_at = line.find(" name: ");
  const size_t constant_at = line.rfind(" bConstant:");
  if (name_at == std::string_view::npos || constant_at == std::string_view::npos ||
      constant_at < name_at + 7) {
    return InvalidArgumentError("a tensor line has no name or no bConstant");
  }
  entry.name = line.substr(name_at + 7, constant_at - name_at - 7);
  if (!IsSafeName(entry.name)) {
    return InvalidArgumentError("a tensor has the unusable name '" + EscapeForDisplay(entry.name) +
                                "'");
  }
  const std::string_view front = line.substr(0, name_at);
  const std::string_view back = line.substr(constant_at);
  const auto index =
      ParseUint(Between(front, entry.direction == Direction::kInput ? "//in " : "//out ", " "));
  const auto scale = ParseDouble(Between(front, " s:", " z:"));
  const auto zero_point = ParseInt(Between(front, " z:", " type:"));
  const auto constant = ParseUint(Between(back, " bConstant:", " "));
  if (!index || *index > UINT32_MAX || !scale || !zero_point || !constant) {
    return InvalidArgumentError("the numbers of tensor '" + entry.name + "' cannot be read");
  }
  entry.index = static_cast<uint32_t>(*index);
  entry.scale = *scale;
  entry.zero_point = *zero_point;
  entry.constant = *constant != 0;
  entry.type = EscapeForDisplay(Between(front, " type:", "\n"));
  if (back.find("shape:[") != std::string_view::npos) {
    PLUMB_ASSIGN_OR_RETURN(entry.shape, ParseShape(Between(back, "shape:[", "]")));
  }
  return entry;
}

class Reader {
 public:
  explicit Reader(const Buffer& file) : file_(file), text_(file.view()) {}

  Result<DumpFile> Read() {
    DumpFile dump;
    if (text_.starts_with("isFloat:")) {
      dump.is_float = Trim(Line().substr(8)) != "0";
    }
    while (SkipToHeader()) {
      if (dump.entries.size() == kMaxEntries) {
        return Broken(offset_, "more than " + std::to_string(kMaxEntries) + " tensors");
      }
      const size_t start = offset_;
      Result<DumpEntry> entry = ReadEntry();
      if (!entry.ok()) {
        return Broken(start, entry.status().message()).WithHint(entry.status().hint());
      }
      dump.entries.push_back(std::move(entry).value());
    }
    if (dump.entries.empty()) {
      return Broken(0, "no tensor in it");
    }
    return dump;
  }

 private:
  // The line at offset_, without its end; moves behind it.
  std::string_view Line() {
    const std::string_view rest = text_.substr(offset_);
    const size_t length = std::min(rest.find('\n'), rest.size());
    offset_ += std::min(length + 1, rest.size());
    const std::string_view line = rest.substr(0, length);
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }

  [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }

  // Writers differ in what follows a payload, so everything up to the next header is skipped.
  bool SkipToHeader() {
    while (!at_end()) {
      const size_t start = offset_;
      if (IsHeader(Line())) {
        offset_ = start;
        return true;
      }
    }
    return false;
  }

  Result<DumpEntry> ReadEntry() {
    const std::string_view header = Line();
    if (header.size() > kMaxLine) {
      return InvalidArgumentError("a tensor line of " + std::to_string(header.size()) + " bytes");
    }
    PLUMB_ASSIGN_OR_RETURN(DumpEntry entry, ParseHeader(header));
    for (int i = 0; i < kMaxLinesToSize && !at_end(); ++i) {
      const std::string_view line = Line();
      if (line.starts_with(kSizeMark)) {
        return TakePayload(std::move(entry), line);
      }
      if (line.starts_with("op_")) {
        entry.op = EscapeForDisplay(Between(line, "] ", " = {"));
      }
    }
    return InvalidArgumentError("tensor '" + entry.name + "' has no '//buffer data size:' line");
  }

  Result<DumpEntry> TakePayload(DumpEntry entry, std::string_view size_line) {
    const auto size = ParseUint(Trim(size_line.substr(kSizeMark.size())));
    if (!size || !RangeFits<uint64_t>(offset_, *size, text_.size())) {
      return InvalidArgumentError("tensor '" + entry.name + "' claims '" +
                                  EscapeForDisplay(size_line) + "', the file has " +
                                  std::to_string(text_.size() - offset_) + " bytes left");
    }
    entry.payload = file_.Slice(offset_, *size);
    const std::string_view after = text_.substr(offset_ + *size);
    const bool closes = after.starts_with("\n}") || after.starts_with("}") ||
                        after.starts_with("\r\n}") || after.empty();
    if (!closes) {
      return InvalidArgumentError("the bytes of tensor '" + entry.name +
                                  "' do not end where their size says")
          .WithHint("make the dump again with dumpasstring switched off");
    }
    offset_ += *size;
    return entry;
  }

  const Buffer& file_;
  std::string_view text_;
  size_t offset_ = 0;
};

}  // namespace

bool LooksLikeDump(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), kMaxLine));
  return text.starts_with("isFloat:") || IsHeader(text);
}

Result<DumpFile> ParseDump(const Buffer& file) {
  return Reader(file).Read();
}

Result<std::vector<float>> DumpValues(const DumpEntry& entry) {
  uint64_t count = entry.payload.size() / sizeof(float);
  if (entry.shape) {
    const auto elements = entry.shape->element_count();
    if (!elements || *elements > count) {
      return InvalidArgumentError("tensor '" + entry.name + "' holds " + std::to_string(count) +
                                  " values, its shape " + entry.shape->ToString() + " needs more");
    }
    count = *elements;
  }
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* bytes = entry.payload.data() + i * sizeof(float);
    const uint32_t bits = static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8U |
                          static_cast<uint32_t>(bytes[2]) << 16U |
                          static_cast<uint32_t>(bytes[3]) << 24U;
    values[i] = std::bit_cast<float>(bits);
  }
  return values;
}

}  // namespace plumb::dump
