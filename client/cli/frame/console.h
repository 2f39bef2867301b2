// What a verb says to the person: styled lines, warnings, errors. Colour and redrawing only on a
// terminal.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::client {

enum class Style { kPlain, kBold, kDim, kGood, kBad, kWarning, kAccent };

// A piece of a line. The text is escaped when printed (common/base/text.h EscapeForDisplay), so a
// name from a file or a peer may be put in as it is.
struct Span {
  std::string text;
  Style style = Style::kPlain;
};

using Line = std::vector<Span>;

// Where the program's two streams lead. The streams outlive every Console made of them.
struct Streams {
  std::ostream* out = nullptr;
  std::ostream* error = nullptr;
  bool out_is_terminal = false;
  bool error_is_terminal = false;
  size_t width = 80;  // columns of the terminal
};

// The process's own stdout and stderr, with what isatty and TIOCGWINSZ say.
Streams ProcessStreams();

struct ConsoleOptions {
  bool quiet = false;           // Say and Detail are silent
  bool verbose = false;         // Detail is printed
  bool color = true;            // colour where the stream is a terminal
  bool text_to_stderr = false;  // stdout holds something for machines: JSON, vendor lines
};

// Not thread-safe: a verb prints from one thread.
class Console {
 public:
  Console(const Streams& streams, const ConsoleOptions& options)
      : streams_(streams),
        options_(options) {}

  // A line for people, or several (text is cut at '\n').
  void Say(std::string_view text);
  void Say(const Line& line);
  // Only with --verbose.
  void Detail(std::string_view text);
  // The verdict or the one line that matters: printed with --quiet too.
  void Conclude(const Line& line);
  // To stderr, with --quiet too.
  void Warn(std::string_view text);
  // "plumb: message", then the hint on a line of its own; to stderr.
  void Error(const Status& status);
  // Exact bytes to stdout, unescaped: JSON, vendor lines.
  void Raw(std::string_view text);

  // From here on stdout holds only what Raw prints; people's text goes to stderr.
  void MoveTextToStderr() { options_.text_to_stderr = true; }

  // Whether progress and live tables may be redrawn: stderr is a terminal and not --quiet.
  [[nodiscard]] bool live() const { return streams_.error_is_terminal && !options_.quiet; }

  [[nodiscard]] bool quiet() const { return options_.quiet; }

  [[nodiscard]] bool verbose() const { return options_.verbose; }

  [[nodiscard]] size_t width() const { return streams_.width; }

 private:
  friend class LiveBlock;

  void Print(std::ostream& stream, bool color, const Line& line);

  [[nodiscard]] std::ostream& text_stream() const {
    return options_.text_to_stderr ? *streams_.error : *streams_.out;
  }

  [[nodiscard]] bool text_color() const {
    return options_.color &&
           (options_.text_to_stderr ? streams_.error_is_terminal : streams_.out_is_terminal);
  }

  Streams streams_;
  ConsoleOptions options_;
};

// Escaped and, with `color`, wrapped in the terminal's colour codes.
std::string RenderLine(const Line& line, bool color);

// Columns a text takes on a terminal, counting each UTF-8 character as one.
size_t DisplayWidth(std::string_view text);

}  // namespace plumb::client
