// Small text helpers: safe display of strings from elsewhere, strict number parsing, splitting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

// True for well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool IsValidUtf8(std::string_view text);

// A name from a file or the wire: 1…255 bytes of valid UTF-8 without control characters: C0, DEL,
// C1, line and paragraph separators, and those that turn the direction of writing.
bool IsSafeName(std::string_view name);

// `text` with control characters (as above) and broken UTF-8 as \xNN a byte, so that a log line or
// a terminal cannot be steered by it.
std::string EscapeForDisplay(std::string_view text);

// Strict: the whole text must be a number, without spaces.
std::optional<int64_t> ParseInt(std::string_view text);
std::optional<uint64_t> ParseUint(std::string_view text);
// Accepts what strtod does in the C locale, but the whole text.
std::optional<double> ParseDouble(std::string_view text);
// "250ms", "30s", "10m", "2h", or a bare number of seconds; in milliseconds.
std::optional<int64_t> ParseDurationMs(std::string_view text);

std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);
std::string ToLower(std::string_view text);

// Lower-case hexadecimal, two digits a byte.
std::string ToHex(const uint8_t* bytes, size_t size);

// "1.4 MiB": for people, never for machines.
std::string HumanBytes(uint64_t bytes);

// The shortest decimal that reads back as the same double; "1" rather than "1.0".
std::string ShortestDouble(double value);

}  // namespace plumb
