#include "client/cli/frame/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>

#include "common/base/text.h"

namespace plumb::client {
namespace {

constexpr size_t kMinWidth = 40;

std::string_view StyleCode(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kGood:
      return "\x1b[32m";
    case Style::kBad:
      return "\x1b[1;31m";
    case Style::kWarning:
      return "\x1b[33m";
    case Style::kAccent:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

Streams ProcessStreams() {
  Streams streams;
  streams.out = &std::cout;
  streams.error = &std::cerr;
  streams.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  streams.error_is_terminal = ::isatty(STDERR_FILENO) == 1;
  winsize size{};
  const int terminal = streams.error_is_terminal ? STDERR_FILENO : STDOUT_FILENO;
  if (::ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col >= kMinWidth) {
    streams.width = size.ws_col;
  }
  return streams;
}

std::string RenderLine(const Line& line, bool color) {
  std::string text;
  for (const Span& span : line) {
    const std::string_view code = color ? StyleCode(span.style) : "";
    text += code;
    text += EscapeForDisplay(span.text);
    if (!code.empty()) {
      text += "\x1b[0m";
    }
  }
  return text;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (const char byte : text) {
    const bool continues_character = (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
    width += continues_character ? 0 : 1;
  }
  return width;
}

void Console::Print(std::ostream& stream, bool color, const Line& line) {
  stream << RenderLine(line, color) << '\n';
  stream.flush();
}

void Console::Say(std::string_view text) {
  if (options_.quiet) {
    return;
  }
  for (const std::string& line : Split(text, '\n')) {
    Print(text_stream(), text_color(), {{line}});
  }
}

void Console::Say(const Line& line) {
  if (!options_.quiet) {
    Print(text_stream(), text_color(), line);
  }
}

void Console::Detail(std::string_view text) {
  if (options_.verbose) {
    Say(text);
  }
}

void Console::Conclude(const Line& line) {
  Print(text_stream(), text_color(), line);
}

void Console::Warn(std::string_view text) {
  const bool color = options_.color && streams_.error_is_terminal;
  Print(*streams_.error, color, {{"warning: ", Style::kWarning}, {std::string(text)}});
}

void Console::Error(const Status& status) {
  const bool color = options_.color && streams_.error_is_terminal;
  Line head = {{"plumb: ", Style::kBad}};
  for (const std::string& line : Split(status.message(), '\n')) {
    head.push_back({line});
    Print(*streams_.error, color, head);
    head = {{"  "}};
  }
  if (status.hint().empty()) {
    return;
  }
  Line hint = {{"hint: ", Style::kAccent}};
  for (const std::string& line : Split(status.hint(), '\n')) {
    hint.push_back({line});
    Print(*streams_.error, color, hint);
    hint = {{"  "}};
  }
}

void Console::Raw(std::string_view text) {
  streams_.out->write(text.data(), static_cast<std::streamsize>(text.size()));
  streams_.out->flush();
}

}  // namespace plumb::client
