#include "common/dump/dump_index.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/dump/dump_text.h"

namespace plumb::dump {
namespace {

constexpr std::string_view kSizeMark = "//buffer data size:";
// Header, op line and size line may have others between them; more than this is no dump.
constexpr int kMaxLinesToSize = 8;

Status Broken(uint64_t offset, const std::string& what) {
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

// What the shape asks for; no number of values that a file can hold where there is none.
uint64_t ShapeValues(const DumpEntry& entry) {
  return entry.shape ? entry.shape->element_count().value_or(UINT64_MAX) : UINT64_MAX;
}

// Whether the value bytes are followed by what every writer puts there.
Result<bool> ClosesAt(const DumpSource& source, uint64_t offset) {
  std::array<uint8_t, 3> bytes{};
  const auto size = static_cast<size_t>(std::min<uint64_t>(bytes.size(), source.size() - offset));
  PLUMB_RETURN_IF_ERROR(source.Read(offset, std::span(bytes).first(size)));
  const std::string_view after(reinterpret_cast<const char*>(bytes.data()), size);
  return after.empty() || after.starts_with("}") || after.starts_with("\n}") || after == "\r\n}";
}

class Indexer {
 public:
  explicit Indexer(const DumpSource& source) : source_(source), lines_(source) {}

  Result<DumpIndex> Read() {
    DumpIndex dump;
    dump.source = source_;
    const auto first = lines_.Next();
    if (first && first->starts_with("isFloat:")) {
      dump.is_float = Trim(first->substr(8)) != "0";
    } else {
      lines_.Seek(0);
    }
    // Writers differ in what follows a payload, so everything up to the next header is skipped.
    for (uint64_t start = lines_.offset(); auto line = lines_.Next(); start = lines_.offset()) {
      if (!IsHeader(*line)) {
        continue;
      }
      if (dump.entries.size() == kMaxEntries) {
        return Broken(start, "more than " + std::to_string(kMaxEntries) + " tensors");
      }
      Result<DumpEntry> entry = ReadEntry(*line);
      if (!entry.ok()) {
        return Broken(start, entry.status().message()).WithHint(entry.status().hint());
      }
      dump.entries.push_back(std::move(entry).value());
    }
    PLUMB_RETURN_IF_ERROR(lines_.status());
    if (dump.entries.empty()) {
      return Broken(0, "no tensor in it");
    }
    return dump;
  }

 private:
  Result<DumpEntry> ReadEntry(std::string_view header) {
    if (header.size() >= LineScanner::kMaxLine) {
      return InvalidArgumentError("a tensor line of " + std::to_string(header.size()) +
                                  " bytes or more");
    }
    PLUMB_ASSIGN_OR_RETURN(DumpEntry entry, ParseHeader(header));
    for (int i = 0; i < kMaxLinesToSize; ++i) {
      const auto line = lines_.Next();
      if (!line) {
        break;
      }
      if (line->starts_with(kSizeMark)) {
        PLUMB_RETURN_IF_ERROR(PlacePayload(*line, entry));
        return entry;
      }
      if (line->starts_with("op_")) {
        entry.op = EscapeForDisplay(Between(*line, "] ", " = {"));
      }
    }
    return InvalidArgumentError("tensor '" + entry.name + "' has no '//buffer data size:' line");
  }

  Status PlacePayload(std::string_view size_line, DumpEntry& entry) {
    const std::string told = EscapeForDisplay(size_line);
    const auto size = ParseUint(Trim(size_line.substr(kSizeMark.size())));
    if (!size) {
      return InvalidArgumentError("tensor '" + entry.name + "' claims '" + told + "'");
    }
    entry.offset = lines_.offset();
    const uint64_t left = source_.size() - entry.offset;
    bool closes = false;
    if (*size <= left) {
      PLUMB_ASSIGN_OR_RETURN(closes, ClosesAt(source_, entry.offset + *size));
    }
    const bool exact =
        closes && *size % sizeof(float) == 0 && ShapeValues(entry) == *size / sizeof(float);
    if (!exact) {
      PLUMB_RETURN_IF_ERROR(TakeText(*size, entry));
    }
    if (!entry.as_text && *size > left) {
      return InvalidArgumentError("tensor '" + entry.name + "' claims '" + told +
                                  "', the file has " + std::to_string(left) + " bytes left");
    }
    if (!entry.as_text && !closes) {
      return InvalidArgumentError("the bytes of tensor '" + entry.name +
                                  "' do not end where their size says")
          .WithHint("the file was cut or damaged: make the dump again, or copy it in binary mode");
    }
    if (!entry.as_text) {
      entry.size = *size;
      entry.stored_values = *size / sizeof(float);
    }
    lines_.Seek(entry.offset + entry.size);
    return OkStatus();
  }

  // The size line counts the values' bytes; a writer of text may as well have counted its
  // characters.
  Status TakeText(uint64_t told_size, DumpEntry& entry) {
    PLUMB_ASSIGN_OR_RETURN(const auto text, MeasureText(lines_));
    entry.as_text = text && (text->values == told_size / sizeof(float) || text->size == told_size ||
                             text->values == ShapeValues(entry));
    if (entry.as_text) {
      entry.size = text->size;
      entry.stored_values = text->values;
    }
    return OkStatus();
  }

  const DumpSource& source_;
  LineScanner lines_;
};

}  // namespace

bool LooksLikeDump(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), LineScanner::kMaxLine));
  return text.starts_with("isFloat:") || IsHeader(text);
}

Result<DumpIndex> IndexDump(const DumpSource& source) {
  return Indexer(source).Read();
}

}  // namespace plumb::dump
