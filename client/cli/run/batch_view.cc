#include "client/cli/run/batch_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "client/cli/frame/table.h"
#include "common/analysis/outcome.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

constexpr uint64_t kBarWidth = 24;
constexpr size_t kMaxLiveBoards = 12;

std::string OneDecimal(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string Duration(double seconds) {
  const auto whole = static_cast<uint64_t>(std::llround(seconds));
  if (whole < 60) {
    return std::to_string(whole) + " s";
  }
  return whole < 3600
             ? std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s"
             : std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

// What is wrong, in one line.
std::string Explained(const BatchOutcome& outcome, const analysis::ComparisonReport& report) {
  if (!outcome.error.ok() || !report.error.ok()) {
    const std::string& message =
        report.error.ok() ? outcome.error.message() : report.error.message();
    return message.substr(0, message.find('\n'));
  }
  std::string text;
  for (const analysis::TensorReport& tensor : report.tensors) {
    if (tensor.verdict == analysis::Verdict::kMismatch) {
      text = tensor.name + ": " + std::to_string(tensor.different_elements) + " of " +
             std::to_string(tensor.count) + " elements differ";
      break;
    }
  }
  if (outcome.exit_code == analysis::kExitNotRepeatable) {
    text = "the board differs from itself";
  }
  if (outcome.exit_code == analysis::kExitCoverage) {
    text = "not all outputs could be compared";
  }
  if (!report.diagnosis.empty()) {
    text += (text.empty() ? "" : "; ") + report.diagnosis.front().cause;
  }
  return text;
}

Line LineFor(const std::string& name,
             const BatchOutcome& outcome,
             const analysis::ComparisonReport& report) {
  const bool match = outcome.exit_code == analysis::kExitMatch;
  std::string word(match ? "match" : analysis::VerdictName(outcome.verdict));
  std::replace(word.begin(), word.end(), '_', ' ');
  word.resize(std::max<size_t>(word.size(), 12), ' ');
  Line line = {{word + "  ", match ? Style::kGood : Style::kBad}, {name}};
  if (!match) {
    line.push_back({"  " + Explained(outcome, report), Style::kPlain});
  }
  return line;
}

}  // namespace

std::string SampleName(const std::vector<std::string>& files) {
  return Join(files, ",");
}

BatchView::BatchView(Console& console,
                     const std::vector<std::vector<std::string>>& files,
                     const BatchTally& tally)
    : console_(console),
      block_(console),
      files_(files),
      tally_(tally),
      began_(std::chrono::steady_clock::now()) {}

void BatchView::Add(const BatchOutcome& outcome, const analysis::ComparisonReport& report) {
  waiting_[outcome.index] = LineFor(SampleName(files_[outcome.index]), outcome, report);
  PrintReady();
}

void BatchView::PrintReady() {
  for (auto next = waiting_.find(next_); next != waiting_.end(); next = waiting_.find(next_)) {
    block_.Erase();
    console_.Say(next->second);
    waiting_.erase(next);
    ++next_;
  }
}

void BatchView::OnEvent(const BatchEvent& event) {
  auto& at_work = at_work_[event.board];
  switch (event.step) {
    case BatchStep::kStarted:
      at_work.push_back(event.index);
      break;
    case BatchStep::kFinished:
    case BatchStep::kBoardLost:
      std::erase(at_work, event.index);
      break;
    case BatchStep::kBoardJoined:
      block_.Erase();
      console_.Detail("board      " + event.board);
      break;
    case BatchStep::kBoardSetAside:
      block_.Erase();
      console_.Warn("board '" + event.board + "' is set aside after " +
                    std::to_string(kBoardFailures) + " failures in a row: " + event.why.message());
      break;
    case BatchStep::kTick:
      at_work_.erase("");
      ShowProgress();
      break;
  }
  if (event.step == BatchStep::kBoardLost) {
    block_.Erase();
    console_.Warn("board '" + event.board + "' was lost (" + event.why.message() + "); '" +
                  SampleName(files_[event.index]) + "' is run again");
  }
}

void BatchView::ShowProgress() {
  if (!console_.live()) {
    return;
  }
  const uint64_t total = std::max<uint64_t>(files_.size(), 1);
  const uint64_t filled = kBarWidth * tally_.done() / total;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  const auto ran = static_cast<double>(tally_.done() - tally_.resumed());
  std::string rate;
  if (ran > 0) {
    rate = OneDecimal(ran / seconds) + " inputs/s, " +
           Duration(static_cast<double>(tally_.not_run()) * seconds / ran) + " left";
  }
  std::vector<Line> lines = {
      {{std::to_string(tally_.done()) + "/" + std::to_string(total) + "  [" +
        std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "]  "},
       {std::to_string(tally_.match()) + " match, ", Style::kGood},
       {std::to_string(tally_.done() - tally_.match()) + " not",
        tally_.done() == tally_.match() ? Style::kDim : Style::kBad},
       {"  " + rate, Style::kDim}}};
  for (const auto& [board, inputs] : at_work_) {
    if (lines.size() > kMaxLiveBoards) {
      break;
    }
    const auto known = tally_.boards().find(board);
    const size_t done = known == tally_.boards().end() ? 0 : known->second.inputs;
    const std::string now =
        inputs.empty() ? "-"
                       : std::filesystem::path(files_[inputs.front()].front()).filename().string();
    lines.push_back({{"  " + board, Style::kAccent}, {"  " + std::to_string(done) + "  "}, {now}});
  }
  block_.Show(lines);
}

void BatchView::Finish() {
  block_.Erase();
  for (const auto& [index, line] : waiting_) {
    console_.Say(line);
  }
  waiting_.clear();
}

void BatchView::Conclude(const BatchDocument& document) {
  console_.Say("");
  for (const auto& [name, board] : tally_.boards()) {
    console_.Say("board      " + name + ": " + std::to_string(board.inputs) + " inputs" +
                 (board.lost > 0 ? ", lost" : "") + (board.set_aside ? ", set aside" : ""));
  }
  for (const auto& [cause, count] : tally_.causes()) {
    console_.Say("cause      " + cause + ": " + std::to_string(count) + " inputs");
  }
  const size_t ran = tally_.done() - tally_.resumed();
  const double seconds = document.wall_ms / 1000;
  std::string text = std::to_string(ran) + " inputs in " + OneDecimal(seconds) + " s";
  text += seconds > 0 ? ", " + OneDecimal(static_cast<double>(ran) / seconds) + " inputs/s" : "";
  text += tally_.resumed() > 0 ? ", " + std::to_string(tally_.resumed()) + " judged before" : "";
  text += document.end.run_again > 0
              ? ", " + std::to_string(document.end.run_again) + " run again elsewhere"
              : "";
  console_.Say(text);
  const int exit_code = ExitCodeOf(document);
  std::string counts =
      std::to_string(tally_.match()) + " of " + std::to_string(tally_.inputs()) + " inputs match";
  const auto add = [&counts](size_t count, const char* what) {
    counts += count > 0 ? ", " + std::to_string(count) + what : "";
  };
  add(tally_.mismatch(), " mismatch");
  add(tally_.not_compared(), " not compared");
  add(tally_.not_run(), " not run");
  const bool match = exit_code == analysis::kExitMatch;
  const bool mismatch = exit_code == analysis::kExitMismatch;
  console_.Conclude({{"verdict: "},
                     {match      ? "match"
                      : mismatch ? "mismatch"
                                 : "not compared",
                      match ? Style::kGood : Style::kBad},
                     {" (" + counts + ")"}});
}

}  // namespace plumb::client
