// Compares all outputs of a run as far as both legs have come.
#pragma once

#include <string>
#include <vector>

#include "common/analysis/pair_comparator.h"
#include "common/archive/recording.h"
#include "server/core/pairing.h"
#include "server/core/run_types.h"

namespace plumb::server {

// On the session's thread. Reads the bytes again from the two recordings, in blocks, so that memory
// stays bounded whichever leg is behind. Not thread-safe.
class LiveComparer {
 public:
  // `reference` and `target` must outlive the comparer.
  static Result<LiveComparer> Create(const archive::RecordingWriter* reference,
                                     const ModelInfo& reference_model,
                                     const archive::RecordingWriter* target,
                                     const ModelInfo& target_model,
                                     const analysis::TolerancePolicy& tolerance);

  // Compares what came since the last call.
  Status Advance();

  // Pairs of which more was compared since the last call of this function.
  std::vector<TensorComparison> TakeChanges();
  // One of these changes would be the last of its pair.
  [[nodiscard]] bool HasVerdict() const;

  [[nodiscard]] const analysis::Coverage& coverage() const { return coverage_; }

  // What limits the comparison, for people; mostly empty.
  [[nodiscard]] const std::string& note() const { return note_; }

  // All pairs in the target's order; final once both legs are whole and Advance was called.
  [[nodiscard]] std::vector<analysis::TensorReport> Reports() const;
  [[nodiscard]] std::vector<OutputPair> pairs() const;

  // Milliseconds spent in Advance.
  [[nodiscard]] double compare_ms() const { return compare_ms_; }

 private:
  struct Pair {
    OutputPair outputs;
    TensorDesc reference;
    TensorDesc target;
    analysis::PairComparator comparator;
    bool told = false;
    bool told_decided = false;
    uint64_t told_values = 0;

    [[nodiscard]] bool Decided() const { return comparator.complete() || !comparator.comparable(); }
  };

  LiveComparer(const archive::RecordingWriter* reference, const archive::RecordingWriter* target)
      : reference_(reference),
        target_(target) {}

  const archive::RecordingWriter* reference_;
  const archive::RecordingWriter* target_;
  analysis::Coverage coverage_;
  std::string note_;
  std::vector<Pair> pairs_;
  double compare_ms_ = 0;
};

}  // namespace plumb::server
