#include "common/legs/gap.h"

#include <array>
#include <cstdio>
#include <optional>

namespace plumb::legs {
namespace {

using analysis::Verdict;

bool IsOpen(const Cell& before, const Cell& cell, bool exact) {
  if (exact) {
    return cell.equal == false;
  }
  return cell.verdict == Verdict::kMismatch && before.verdict != Verdict::kMismatch;
}

std::string Digits(const std::optional<double>& value) {
  if (!value) {
    return "none";
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.4g", *value);
  return text.data();
}

std::string Counted(size_t count, const char* one, const char* many) {
  return count == 1 ? std::string("1 ") + one : std::to_string(count) + " " + many;
}

// How many layers ahead of `row` both legs show and agree in.
std::string BeforeIt(const LegTable& table, size_t to, size_t row, bool exact) {
  size_t compared = 0;
  size_t agree = 0;
  for (size_t r = 0; r < row; ++r) {
    const Cell& cell = table.rows[r].cells[to];
    compared += exact ? cell.equal.has_value() : cell.verdict != Verdict::kNotCompared;
    agree += exact ? cell.equal == true : cell.verdict == Verdict::kMatch;
  }
  if (agree == 0) {
    return compared == 0 ? "it is the first layer that both show" : "no layer before it agrees";
  }
  return Counted(agree, "layer", "layers") + " before it " + (agree == 1 ? "is " : "are ") +
         (exact ? "equal bit for bit" : "within bounds");
}

std::string Evidence(const LegTable& table, const Gap& gap) {
  const Cell& cell = table.rows[gap.row].cells[gap.to];
  const std::string before = "; " + BeforeIt(table, gap.to, gap.row, gap.exact);
  if (gap.exact) {
    const std::string steps =
        cell.max_steps
            ? ", by at most " + Counted(static_cast<size_t>(*cell.max_steps), "step", "steps")
            : "";
    return std::to_string(cell.different) + " of " + std::to_string(cell.count) +
           (cell.count == 1 ? " element differs" : " elements differ") + steps + before;
  }
  return cell.rule + " (cosine " + Digits(cell.cosine) + ", rel_l1 " + Digits(cell.relative_l1) +
         ")" + before;
}

std::optional<Gap> GapBetween(const LegTable& table, size_t from, size_t to) {
  std::optional<Gap> gap;
  const bool exact = IsInteger(table.legs[from].stage) && IsInteger(table.legs[to].stage);
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const std::vector<Cell>& cells = table.rows[r].cells;
    if (!IsOpen(cells[from], cells[to], exact)) {
      continue;
    }
    if (!gap) {
      gap = Gap{from, to, r, exact, 0, ""};
    }
    ++gap->layers;
  }
  if (gap) {
    gap->evidence = Evidence(table, *gap);
  }
  return gap;
}

}  // namespace

std::vector<Gap> FindGaps(const LegTable& table) {
  std::vector<Gap> gaps;
  for (size_t to = 1; to < table.legs.size(); ++to) {
    if (auto gap = GapBetween(table, to - 1, to)) {
      gaps.push_back(std::move(*gap));
    }
  }
  return gaps;
}

}  // namespace plumb::legs
