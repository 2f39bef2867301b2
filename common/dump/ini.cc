#include "common/dump/ini.h"

#include <algorithm>
#include <cctype>

#include "common/base/text.h"

namespace plumb::dump {
namespace {

constexpr size_t kMaxText = 1U << 20U;

Status Broken(size_t line, const std::string& what) {
  return InvalidArgumentError("line " + std::to_string(line) + ": " + what);
}

std::string ToUpper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return result;
}

bool IsQuote(char c) {
  return c == '"' || c == '\'';
}

// Without one pair of quotes around it; nullopt for a quote on one side only.
Result<std::string> Unquoted(size_t line, std::string_view text) {
  const bool opens = !text.empty() && IsQuote(text.front());
  const bool closes = text.size() > 1 && IsQuote(text.back());
  if (!opens && !closes) {
    return std::string(text);
  }
  if (!opens || !closes || text.front() != text.back()) {
    return Broken(line, "the quotes of " + EscapeForDisplay(text) + " do not match");
  }
  return std::string(Trim(text.substr(1, text.size() - 2)));
}

// Up to the first ';' outside quotes.
std::string_view BeforeSemicolon(std::string_view text) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quote == 0 && text[i] == ';') {
      return text.substr(0, i);
    }
    if (quote == 0 && IsQuote(text[i])) {
      quote = text[i];
    } else if (text[i] == quote) {
      quote = 0;
    }
  }
  return text;
}

// "a, b;" or "\"a,b\";" to its items.
Result<std::vector<std::string>> Values(size_t line, std::string_view text) {
  text = Trim(BeforeSemicolon(text));
  std::string whole(text);
  // Quotes around the whole list, as opposed to around each item.
  if (text.size() > 1 && IsQuote(text.front()) && text.find(text.front(), 1) == text.size() - 1) {
    whole = text.substr(1, text.size() - 2);
  }
  std::vector<std::string> values;
  for (const std::string& part : Split(whole, ',')) {
    PLUMB_ASSIGN_OR_RETURN(std::string value, Unquoted(line, Trim(part)));
    values.push_back(std::move(value));
  }
  if (values.size() == 1 && values.front().empty()) {
    values.clear();
  }
  return values;
}

// One line without its comment, which is not empty.
Status TakeLine(size_t number, std::string_view line, IniText& ini) {
  if (EscapeForDisplay(line).size() != line.size()) {
    return Broken(number, "it holds bytes that are no text");
  }
  if (line.front() == '[') {
    if (line.back() != ']') {
      return Broken(number, "the section has no ']'");
    }
    ini.sections.push_back({number, ToUpper(Trim(line.substr(1, line.size() - 2)))});
    return OkStatus();
  }
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return Broken(number, "'" + std::string(line) + "' is neither a section nor key=value");
  }
  if (ini.sections.empty() || ini.sections.back().name.empty()) {
    return Broken(number, "a key before the first section");
  }
  IniEntry entry{number, ini.sections.back().name, ToLower(Trim(line.substr(0, equals))), {}};
  PLUMB_ASSIGN_OR_RETURN(entry.values, Values(number, line.substr(equals + 1)));
  ini.entries.push_back(std::move(entry));
  return OkStatus();
}

}  // namespace

Result<IniText> ParseIni(std::string_view text) {
  if (text.size() > kMaxText) {
    return InvalidArgumentError("an ini file of " + HumanBytes(text.size()));
  }
  IniText ini;
  size_t number = 0;
  for (std::string raw : Split(text, '\n')) {
    ++number;
    std::replace(raw.begin(), raw.end(), '\t', ' ');
    const std::string_view line = Trim(raw);
    if (!line.empty() && line.front() != '#' && line.front() != ';') {
      PLUMB_RETURN_IF_ERROR(TakeLine(number, line, ini));
    }
  }
  return ini;
}

}  // namespace plumb::dump
