// Columns that line up.
#pragma once

#include <string>
#include <vector>

#include "client/cli/frame/console.h"

namespace plumb::client {

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell a column; missing cells are empty, extra ones are dropped.
  void AddRow(std::vector<Span> cells);

  // The title row and every row, padded; two spaces between columns. For Say or LiveBlock::Show.
  [[nodiscard]] std::vector<Line> Lines() const;

  void PrintTo(Console& console) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Span>> rows_;
};

}  // namespace plumb::client
