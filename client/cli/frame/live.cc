#include "client/cli/frame/live.h"

#include <algorithm>

#include "common/base/text.h"

namespace plumb::client {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr uint64_t kBarWidth = 24;

// The line with at most `width` columns, so that the terminal does not wrap it.
Line Cut(const Line& line, size_t width) {
  Line result;
  size_t left = width;
  for (const Span& span : line) {
    const std::string text = EscapeForDisplay(span.text);
    std::string kept;
    for (size_t i = 0; i < text.size(); ++i) {
      const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
      if (starts_character && left == 0) {
        break;
      }
      left -= starts_character ? 1 : 0;
      kept += text[i];
    }
    result.push_back({kept, span.style});
  }
  return result;
}

}  // namespace

void LiveBlock::Show(const std::vector<Line>& lines) {
  const auto now = std::chrono::steady_clock::now();
  if (!console_.live() || (shown_lines_ > 0 && now - last_show_ < kRedrawInterval)) {
    return;
  }
  Erase();
  last_show_ = now;
  std::ostream& stream = *console_.streams_.error;
  for (const Line& line : lines) {
    stream << RenderLine(Cut(line, console_.width() - 1), console_.options_.color) << '\n';
  }
  stream.flush();
  shown_lines_ = lines.size();
}

void LiveBlock::Erase() {
  if (shown_lines_ == 0) {
    return;
  }
  *console_.streams_.error << "\x1b[" << shown_lines_ << "A\r\x1b[J";
  console_.streams_.error->flush();
  shown_lines_ = 0;
}

void Progress::Update(uint64_t done, std::string_view detail) {
  Line line = {{what_ + "  ", Style::kBold}};
  if (total_ > 0) {
    const uint64_t filled = kBarWidth * std::min(done, total_) / total_;
    line.push_back({std::to_string(done) + "/" + std::to_string(total_) + "  [" +
                    std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "]  "});
  } else {
    line.push_back({std::to_string(done) + "  "});
  }
  line.push_back({std::string(detail), Style::kDim});
  block_.Show({line});
}

}  // namespace plumb::client
