#include "common/base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>

namespace plumb {
namespace {

// How long a sequence is that begins with this byte; 0: none does.
size_t LengthByLead(uint8_t lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4) {
    return 0;
  }
  return lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
}

// Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
bool SecondByteFits(uint8_t lead, uint8_t second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second <= 0x9F;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second <= 0x8F;
    default:
      return true;
  }
}

// The length of the well-formed UTF-8 sequence at `position`, or 0.
size_t Utf8SequenceLength(std::string_view text, size_t position) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const size_t length = LengthByLead(at(position));
  if (length == 0 || length > text.size() - position) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((at(position + i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return length == 1 || SecondByteFits(at(position), at(position + 1)) ? length : 0;
}

// The code point of a well-formed sequence.
uint32_t Decode(std::string_view sequence) {
  constexpr std::array<uint32_t, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t point = static_cast<uint8_t>(sequence[0]) & kLeadBits.at(sequence.size());
  for (const char c : sequence.substr(1)) {
    point = point << 6U | (static_cast<uint8_t>(c) & 0x3FU);
  }
  return point;
}

// What moves a terminal's cursor, ends a line or turns the writing round: C0, DEL, C1 (U+009B is
// ESC [ in one character), the line separators and the bidirectional controls.
bool Steers(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x200E || point == 0x200F ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

// The length of the harmless character at `position`, or 0.
size_t SafeCharacterLength(std::string_view text, size_t position) {
  const size_t length = Utf8SequenceLength(text, position);
  return length == 0 || Steers(Decode(text.substr(position, length))) ? 0 : length;
}

template <class T>
std::optional<T> ParseWhole(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    const size_t length = Utf8SequenceLength(text, position);
    if (length == 0) {
      return false;
    }
    position += length;
  }
  return true;
}

bool IsSafeName(std::string_view name) {
  if (name.empty() || name.size() > 255) {
    return false;
  }
  size_t position = 0;
  while (position < name.size()) {
    const size_t length = SafeCharacterLength(name, position);
    if (length == 0) {
      return false;
    }
    position += length;
  }
  return true;
}

std::string EscapeForDisplay(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t position = 0;
  while (position < text.size()) {
    const size_t length = SafeCharacterLength(text, position);
    if (length == 0) {
      std::array<char, 5> escaped{};
      std::snprintf(escaped.data(),
                    escaped.size(),
                    "\\x%02x",
                    static_cast<unsigned>(static_cast<uint8_t>(text[position])));
      out += escaped.data();
      ++position;
    } else {
      out += text.substr(position, length);
      position += length;
    }
  }
  return out;
}

std::optional<int64_t> ParseInt(std::string_view text) {
  return ParseWhole<int64_t>(text);
}

std::optional<uint64_t> ParseUint(std::string_view text) {
  return ParseWhole<uint64_t>(text);
}

std::optional<double> ParseDouble(std::string_view text) {
  return ParseWhole<double>(text);
}

std::optional<int64_t> ParseDurationMs(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits = {
      {{"ms", 1.0}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}}};
  double factor = 1e3;
  for (const auto& [suffix, unit] : kUnits) {
    if (text.ends_with(suffix)) {
      text.remove_suffix(suffix.size());
      factor = unit;
      break;
    }
  }
  const auto number = ParseDouble(text);
  if (!number || !(*number >= 0) || *number * factor > 1e15) {
    return std::nullopt;
  }
  return static_cast<int64_t>(*number * factor);
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end = text.find(separator); end != std::string_view::npos;
       end = text.find(separator, begin)) {
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) {
      joined += separator;
    }
    joined += parts[i];
  }
  return joined;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return lower;
}

std::string ToHex(const uint8_t* bytes, size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(size * 2);
  for (size_t i = 0; i < size; ++i) {
    hex += kDigits[bytes[i] >> 4U];
    hex += kDigits[bytes[i] & 15U];
  }
  return hex;
}

std::string HumanBytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(
      text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits.at(unit));
  return text.data();
}

std::string ShortestDouble(double value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::string(text.data(), end) : std::string("nan");
}

}  // namespace plumb
