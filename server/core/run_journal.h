// What is known of a run, kept so that any number of watchers can follow it at their own pace.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "server/core/run_types.h"

namespace plumb::server {

struct RunSnapshot {
  RunSummary run;
  std::optional<ModelInfo> reference_model;
  std::optional<ModelInfo> target_model;
  std::vector<TensorBytes> progress;
  std::vector<TensorComparison> tensors;
};

using JournalEvent =
    std::variant<RunSnapshot, RunSummary, ModelLoaded, TensorBytes, TensorComparison, RunNote>;

// Holds the latest state of every part and when it changed, not a list of events: a watcher that is
// slow gets fewer and newer states, and memory does not grow with time or watchers. On the strand.
class RunJournal {
 public:
  explicit RunJournal(RunSummary run) : run_(std::move(run)) {}

  [[nodiscard]] const RunSummary& run() const { return run_; }

  void SetRun(RunSummary run);
  // From the beginning: what was known of an attempt is forgotten, watchers see the rest.
  void Restart(RunSummary run);
  void Apply(const SessionEvent& event);

  struct Update {
    uint64_t cursor = 0;  // for the next call of Since
    std::vector<JournalEvent> events;
    bool finished = false;  // nothing will come after these events
  };

  // What changed after `cursor`; 0 gives one snapshot. A finished run's summary comes last.
  [[nodiscard]] Update Since(uint64_t cursor) const;

 private:
  template <class T>
  struct Dated {
    T value;
    uint64_t changed = 0;
  };

  [[nodiscard]] RunSnapshot Snapshot() const;

  uint64_t now_ = 1;  // counts changes
  RunSummary run_;
  uint64_t run_changed_ = 1;
  std::map<analysis::Role, Dated<ModelInfo>> models_;
  std::map<std::pair<analysis::Role, uint32_t>, Dated<TensorBytes>> progress_;
  std::map<uint32_t, Dated<TensorComparison>> tensors_;
  Dated<RunNote> note_;
};

}  // namespace plumb::server
