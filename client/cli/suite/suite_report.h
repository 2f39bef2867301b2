// What a suite came to: for people, and as plumb.suite/1 (docs/cli.md).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/cli/frame/console.h"
#include "client/cli/suite/suite.h"
#include "client/lib/batch.h"
#include "common/analysis/report.h"
#include "common/base/status.h"

namespace plumb::client {

// How one case ended, in little memory.
struct CaseResult {
  analysis::Verdict verdict = analysis::Verdict::kNotCompared;
  int exit_code = 0;
  std::string board;
  std::string run_id;  // empty: it never became a run
  std::string why;     // of all but a match: cause or error, one line
  bool resumed = false;
};

class SuiteResults {
 public:
  // Both must outlive it.
  SuiteResults(const Suite* suite, const std::vector<SuiteCase>* cases)
      : suite_(suite),
        cases_(cases) {}

  void Add(const BatchOutcome& outcome, const analysis::ComparisonReport& report, bool resumed);

  [[nodiscard]] const Suite& suite() const { return *suite_; }

  [[nodiscard]] const std::vector<SuiteCase>& cases() const { return *cases_; }

  [[nodiscard]] const std::map<size_t, CaseResult>& done() const { return done_; }

  [[nodiscard]] size_t Count(analysis::Verdict verdict) const;

  // Every case has a verdict: run again it would come to the same.
  [[nodiscard]] bool AllJudged() const;

  [[nodiscard]] size_t not_run() const { return cases_->size() - done_.size(); }

  // The deciding one of all that ended, and of `error`, which ended the suite.
  [[nodiscard]] int ExitCode(const Status& error) const;

 private:
  const Suite* suite_;
  const std::vector<SuiteCase>* cases_;
  std::map<size_t, CaseResult> done_;
};

// Judged: run again it would come to the same. All else failed and is worth another try.
bool HasVerdict(int exit_code);

// "match         blazeface/face.bin@S6  cam-1"
Line CaseLine(const SuiteCase& one, const CaseResult& result);

// A table of models and boards, then the verdict of the whole.
void SayResults(Console& console, const SuiteResults& results, const Status& error, double seconds);

// The document; `report_of` gives the plumb.comparison/1 of a case that is done.
Result<std::string> SuiteJson(const SuiteResults& results,
                              const Status& error,
                              double wall_ms,
                              const std::function<Result<std::string>(size_t index)>& report_of);

}  // namespace plumb::client
