#include "client/cli/frame/table.h"

#include <algorithm>

#include "common/base/text.h"

namespace plumb::client {
namespace {

std::string Padded(const std::string& text, size_t width, Align align, bool last) {
  const size_t shown = DisplayWidth(text);
  const std::string gap(width > shown ? width - shown : 0, ' ');
  if (align == Align::kRight) {
    return gap + text;
  }
  return last ? text : text + gap;
}

}  // namespace

void Table::AddRow(std::vector<Span> cells) {
  cells.resize(columns_.size());
  for (Span& cell : cells) {
    cell.text = EscapeForDisplay(cell.text);
  }
  rows_.push_back(std::move(cells));
}

std::vector<Line> Table::Lines() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) {
      width = std::max(width, DisplayWidth(row[i].text));
    }
    widths.push_back(width);
  }
  std::vector<Line> lines;
  const auto add = [&](auto cell_of) {
    Line line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) {
        line.push_back({"  "});
      }
      const Span cell = cell_of(i);
      const bool last = i + 1 == columns_.size();
      line.push_back({Padded(cell.text, widths[i], columns_[i].align, last), cell.style});
    }
    lines.push_back(std::move(line));
  };
  add([this](size_t i) { return Span{columns_[i].title, Style::kBold}; });
  for (const auto& row : rows_) {
    add([&row](size_t i) { return row[i]; });
  }
  return lines;
}

void Table::PrintTo(Console& console) const {
  for (const Line& line : Lines()) {
    console.Say(line);
  }
}

}  // namespace plumb::client
