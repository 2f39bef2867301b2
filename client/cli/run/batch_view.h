// A batch while it goes on: one line for each input, in the inputs' order, and progress on
// terminals.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "client/cli/frame/live.h"
#include "client/lib/batch_report.h"
#include "common/analysis/report.h"

namespace plumb::client {

// Which input a person would say: its files, with commas between them.
std::string SampleName(const std::vector<std::string>& files);

// One thread.
class BatchView {
 public:
  // `files` and `tally` must outlive the view.
  BatchView(Console& console,
            const std::vector<std::vector<std::string>>& files,
            const BatchTally& tally);

  // An outcome, now or of an earlier command.
  void Add(const BatchOutcome& outcome, const analysis::ComparisonReport& report);
  void OnEvent(const BatchEvent& event);

  // Takes the progress away and prints what waits for an input that never came.
  void Finish();
  // Boards, counts, causes and the verdict of the whole.
  void Conclude(const BatchDocument& document);

 private:
  void ShowProgress();
  void PrintReady();

  Console& console_;
  LiveBlock block_;
  const std::vector<std::vector<std::string>>& files_;
  const BatchTally& tally_;
  const std::chrono::steady_clock::time_point began_;
  std::map<size_t, Line> waiting_;  // done before one that comes before them
  size_t next_ = 0;
  std::map<std::string, std::vector<size_t>> at_work_;  // board → inputs given to it
};

}  // namespace plumb::client
