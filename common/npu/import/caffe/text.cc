#include "common/npu/import/caffe/text.h"

#include <cmath>
#include <optional>

#include "common/base/text.h"

namespace plumb::npu::caffe {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool IsWordPart(char c) {
  return IsNameStart(c) || IsDigit(c);
}

bool IsScalarPart(char c) {
  return IsWordPart(c) || c == '.' || c == '+' || c == '-';
}

// The digit's value, 16 or more for what is none.
uint32_t DigitOf(char c) {
  if (IsDigit(c)) {
    return static_cast<uint32_t>(c - '0');
  }
  if (c >= 'a' && c <= 'f') {
    return static_cast<uint32_t>(c - 'a') + 10;
  }
  return c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A') + 10 : 16;
}

Status Wrong(uint32_t line, const std::string& what) {
  return InvalidArgumentError(AtLine(line) + what);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<TextMessage> ParseFile();

 private:
  Status ParseFields(char closer, size_t depth, TextMessage& message);
  Status ParseField(size_t depth, TextMessage& message);
  Status ParseValue(size_t depth, const std::string& name, TextMessage& message);
  Status ParseList(size_t depth, const std::string& name, TextMessage& message);
  Status ParseScalar(TextField& field);
  Status ParseString(std::string& value);
  Status ParseEscape(std::string& value);
  [[nodiscard]] uint32_t TakeNumber(uint32_t base, size_t most);
  Result<std::string> TakeName();
  void SkipSpace();

  [[nodiscard]] bool At(char c) const { return !rest_.empty() && rest_.front() == c; }

  bool Take(char c) {
    const bool here = At(c);
    rest_.remove_prefix(here ? 1 : 0);
    return here;
  }

  [[nodiscard]] std::string Here() const {
    return rest_.empty() ? "the end of the file" : "'" + EscapeForDisplay(rest_.substr(0, 1)) + "'";
  }

  std::string_view rest_;
  uint32_t line_ = 1;
  size_t fields_ = 0;
};

void Parser::SkipSpace() {
  while (!rest_.empty()) {
    if (At('#')) {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (IsSpace(rest_.front())) {
      line_ += At('\n') ? 1 : 0;
      rest_.remove_prefix(1);
    } else {
      return;
    }
  }
}

Result<std::string> Parser::TakeName() {
  if (rest_.empty() || !IsNameStart(rest_.front())) {
    return Wrong(line_, "a field's name is expected, not " + Here());
  }
  size_t size = 1;
  while (size < rest_.size() && IsWordPart(rest_[size])) {
    ++size;
  }
  std::string name(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return name;
}

uint32_t Parser::TakeNumber(uint32_t base, size_t most) {
  uint32_t number = 0;
  for (size_t i = 0; i < most && !rest_.empty() && DigitOf(rest_.front()) < base; ++i) {
    number = number * base + DigitOf(rest_.front());
    rest_.remove_prefix(1);
  }
  return number & 0xFFU;
}

// What follows a backslash.
Status Parser::ParseEscape(std::string& value) {
  constexpr std::string_view kLetters = "abfnrtv\\'\"?";
  constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\\'\"?";
  if (rest_.empty()) {
    return Wrong(line_, "a string ends within an escape");
  }
  const char letter = rest_.front();
  const size_t known = kLetters.find(letter);
  if (known != std::string_view::npos) {
    value += kMeaning[known];
    rest_.remove_prefix(1);
  } else if (DigitOf(letter) < 8) {
    value += static_cast<char>(TakeNumber(8, 3));
  } else if (letter == 'x' && rest_.size() > 1 && DigitOf(rest_[1]) < 16) {
    rest_.remove_prefix(1);
    value += static_cast<char>(TakeNumber(16, 2));
  } else {
    return Wrong(line_, "a string has the unknown escape \\" + Here());
  }
  return OkStatus();
}

// Strings that follow each other are one.
Status Parser::ParseString(std::string& value) {
  while (At('"') || At('\'')) {
    const char quote = rest_.front();
    rest_.remove_prefix(1);
    while (!At(quote)) {
      if (rest_.empty() || At('\n')) {
        return Wrong(line_, "a string has no closing " + std::string(1, quote));
      }
      if (Take('\\')) {
        PLUMB_RETURN_IF_ERROR(ParseEscape(value));
        continue;
      }
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    rest_.remove_prefix(1);
    SkipSpace();
  }
  return OkStatus();
}

Status Parser::ParseScalar(TextField& field) {
  if (At('"') || At('\'')) {
    field.quoted = true;
    return ParseString(field.value);
  }
  size_t size = 0;
  while (size < rest_.size() && IsScalarPart(rest_[size])) {
    ++size;
  }
  if (size == 0) {
    return Wrong(line_, "a value is expected for '" + field.name + "', not " + Here());
  }
  field.value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return OkStatus();
}

Status Parser::ParseValue(size_t depth, const std::string& name, TextMessage& message) {
  if (++fields_ > kMaxTextFields) {
    return ResourceExhaustedError(AtLine(line_) + "the file has more than 262144 fields");
  }
  TextField field;
  field.name = name;
  field.line = line_;
  const bool braces = Take('{');
  if (braces || Take('<')) {
    if (depth == kMaxTextDepth) {
      return Wrong(line_, "messages are nested deeper than 16");
    }
    field.message = std::make_unique<TextMessage>();
    field.message->line = line_;
    PLUMB_RETURN_IF_ERROR(ParseFields(braces ? '}' : '>', depth + 1, *field.message));
  } else {
    PLUMB_RETURN_IF_ERROR(ParseScalar(field));
  }
  message.fields.push_back(std::move(field));
  return OkStatus();
}

Status Parser::ParseList(size_t depth, const std::string& name, TextMessage& message) {
  SkipSpace();
  if (Take(']')) {
    return OkStatus();
  }
  for (;;) {
    SkipSpace();
    PLUMB_RETURN_IF_ERROR(ParseValue(depth, name, message));
    SkipSpace();
    if (Take(']')) {
      return OkStatus();
    }
    if (!Take(',')) {
      return Wrong(line_, "',' or ']' is expected in the list '" + name + "', not " + Here());
    }
  }
}

Status Parser::ParseField(size_t depth, TextMessage& message) {
  PLUMB_ASSIGN_OR_RETURN(const std::string name, TakeName());
  SkipSpace();
  const bool colon = Take(':');
  SkipSpace();
  if (!colon && !At('{') && !At('<')) {
    return Wrong(line_,
                 "':' or '{' is expected behind '" + EscapeForDisplay(name) + "', not " + Here());
  }
  PLUMB_RETURN_IF_ERROR(colon && Take('[') ? ParseList(depth, name, message)
                                           : ParseValue(depth, name, message));
  SkipSpace();
  if (Take(',') || Take(';')) {
    SkipSpace();
  }
  return OkStatus();
}

// Up to `closer`, or to the end of the file for NUL.
Status Parser::ParseFields(char closer, size_t depth, TextMessage& message) {
  SkipSpace();
  while (!rest_.empty()) {
    if (closer != '\0' && Take(closer)) {
      return OkStatus();
    }
    PLUMB_RETURN_IF_ERROR(ParseField(depth, message));
  }
  if (closer != '\0') {
    return Wrong(message.line, "what opens here is never closed by " + std::string(1, closer));
  }
  return OkStatus();
}

Result<TextMessage> Parser::ParseFile() {
  TextMessage file;
  file.line = 1;
  PLUMB_RETURN_IF_ERROR(ParseFields('\0', 0, file));
  return file;
}

Status NotA(const TextField& field, std::string_view what) {
  return Wrong(field.line,
               "'" + field.name + "' takes " + std::string(what) + ", not " +
                   (field.message ? "{ … }" : "'" + EscapeForDisplay(field.value) + "'"));
}

std::optional<int64_t> ParseHex(std::string_view digits) {
  constexpr size_t kMost = 15;
  if (digits.empty() || digits.size() > kMost) {
    return std::nullopt;
  }
  int64_t value = 0;
  for (const char c : digits) {
    if (DigitOf(c) >= 16) {
      return std::nullopt;
    }
    value = value * 16 + DigitOf(c);
  }
  return value;
}

}  // namespace

const TextField* TextMessage::Find(std::string_view name) const {
  for (const TextField& field : fields) {
    if (field.name == name) {
      return &field;
    }
  }
  return nullptr;
}

std::vector<const TextField*> TextMessage::All(std::string_view name) const {
  std::vector<const TextField*> found;
  for (const TextField& field : fields) {
    if (field.name == name) {
      found.push_back(&field);
    }
  }
  return found;
}

std::string AtLine(uint32_t line) {
  return "line " + std::to_string(line) + ": ";
}

Result<TextMessage> ParseText(std::string_view text) {
  return Parser(text).ParseFile();
}

Result<int64_t> IntegerOf(const TextField& field) {
  if (!field.message && !field.quoted) {
    const std::string_view text = field.value;
    const std::optional<int64_t> value = text.starts_with("0x") || text.starts_with("0X")
                                             ? ParseHex(text.substr(2))
                                             : ParseInt(text);
    if (value) {
      return *value;
    }
  }
  return NotA(field, "a whole number");
}

Result<float> RealOf(const TextField& field) {
  if (!field.message && !field.quoted) {
    std::string_view text = field.value;
    if (text.ends_with('f') && text.size() > 1 &&
        (IsDigit(text[text.size() - 2]) || text[text.size() - 2] == '.')) {
      text.remove_suffix(1);
    }
    const std::optional<double> value = ParseDouble(text);
    if (value && std::isfinite(static_cast<float>(*value))) {
      return static_cast<float>(*value);
    }
  }
  return NotA(field, "a finite number");
}

Result<bool> FlagOf(const TextField& field) {
  if (!field.message && !field.quoted) {
    if (field.value == "true" || field.value == "1" || field.value == "True" ||
        field.value == "t") {
      return true;
    }
    if (field.value == "false" || field.value == "0" || field.value == "False" ||
        field.value == "f") {
      return false;
    }
  }
  return NotA(field, "true or false");
}

Result<std::string> TextOf(const TextField& field) {
  return field.quoted ? Result<std::string>(field.value) : NotA(field, "a string in quotes");
}

Result<std::string> WordOf(const TextField& field) {
  return !field.quoted && !field.message ? Result<std::string>(field.value)
                                         : NotA(field, "a word without quotes");
}

Result<const TextMessage*> MessageOf(const TextField& field) {
  return field.message ? Result<const TextMessage*>(field.message.get()) : NotA(field, "{ … }");
}

}  // namespace plumb::npu::caffe
