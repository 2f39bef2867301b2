// What a batch came to: counts, the exit code, and the document plumb.batch/1 (docs/cli.md).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/lib/batch.h"
#include "client/lib/batch_journal.h"

namespace plumb::client {

// Of two exit codes the one that decides: the first of 70, 2, 3, 4, 6, 1, 5, 0 (docs/cli.md).
int DecidingExitCode(int a, int b);

struct BoardTally {
  size_t inputs = 0;  // that came to their end on it, in this command
  size_t lost = 0;    // times
  bool set_aside = false;
};

// Not thread-safe.
class BatchTally {
 public:
  explicit BatchTally(size_t inputs) : inputs_(inputs) {}

  // One input's outcome; `resumed`: of an earlier command.
  void Add(const BatchOutcome& outcome, bool resumed);
  void AddEvent(const BatchEvent& event);

  // Cause words of a report's diagnosis.
  void AddCause(const std::string& cause) { ++causes_[cause]; }

  [[nodiscard]] size_t inputs() const { return inputs_; }

  [[nodiscard]] size_t done() const { return match_ + mismatch_ + not_compared_; }

  [[nodiscard]] size_t match() const { return match_; }

  [[nodiscard]] size_t mismatch() const { return mismatch_; }

  [[nodiscard]] size_t not_compared() const { return not_compared_; }

  [[nodiscard]] size_t not_run() const { return inputs_ - done(); }

  [[nodiscard]] size_t resumed() const { return resumed_; }

  [[nodiscard]] const std::map<std::string, BoardTally>& boards() const { return boards_; }

  [[nodiscard]] const std::map<std::string, size_t>& causes() const { return causes_; }

  // Of the inputs alone; 5 when there was nothing to judge.
  [[nodiscard]] int exit_code() const;

 private:
  size_t inputs_;
  size_t match_ = 0;
  size_t mismatch_ = 0;
  size_t not_compared_ = 0;
  size_t resumed_ = 0;
  int exit_code_ = 0;
  std::map<std::string, BoardTally> boards_;
  std::map<std::string, size_t> causes_;
};

struct BatchDocument {
  const BatchTally* tally = nullptr;
  BatchEnd end;
  std::string model_file;
  std::string model_sha256;
  double wall_ms = 0;
  // The files of each input as the person named them.
  const std::vector<std::vector<std::string>>* files = nullptr;
  const BatchJournal* journal = nullptr;
};

// The exit code of the whole command.
int ExitCodeOf(const BatchDocument& document);

using TextSink = std::function<Status(std::string_view piece)>;

// The document piece by piece, one input at a time in memory; without a newline at its end.
Status WriteBatchDocument(const BatchDocument& document, const TextSink& sink);

}  // namespace plumb::client
