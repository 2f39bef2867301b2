// One side of a run on its way to the archive, watched by the comparer.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "common/analysis/evidence.h"
#include "common/analysis/report.h"
#include "common/archive/recording.h"
#include "common/runner/runner.h"
#include "server/core/run_types.h"

namespace plumb::server {

// The first element in which a later repetition differs from the first.
struct RepeatDifference {
  uint32_t index = 0;
  uint32_t repetition = 0;
  uint64_t element = 0;  // flat, row-major over the valid elements
};

// Hands everything to the RecordingWriter and keeps what the verdict needs besides the bytes. The
// runner's thread calls the sink; `on_change` is called on it when there are new bytes to compare
// and after every other step.
class LegRecorder final : public TensorSink {
 public:
  LegRecorder(analysis::Role role,
              archive::RecordingWriter* writer,
              std::function<void()> on_change);

  Status OnModel(const ModelInfo& info) override;
  Status OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) override;
  Status OnInvoke(const InvokeInfo& info) override;
  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override;
  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override;

  using Clock = std::chrono::steady_clock;

  // Any thread:
  [[nodiscard]] std::optional<ModelInfo> model() const;
  // One entry per output once the model is known.
  [[nodiscard]] std::vector<TensorBytes> progress() const;

  // Once the runner is done:
  [[nodiscard]] const analysis::RunEvidence& evidence() const { return evidence_; }

  [[nodiscard]] const std::vector<RepeatDifference>& differences() const { return differences_; }

  // Of repetition 0; empty: there was none.
  [[nodiscard]] std::optional<double> invoke_ms() const { return invoke_ms_; }

  // Likewise; empty also where the chip tells nothing.
  [[nodiscard]] const std::optional<IpuCosts>& ipu() const { return ipu_; }

  // From the end of the first Invoke to the last chunk of repetition 0.
  [[nodiscard]] std::optional<double> transfer_ms() const;

  // When the last chunk of repetition 0 came; the end of its Invoke where there was none.
  [[nodiscard]] Clock::time_point last_byte() const { return last_byte_; }

 private:
  void NoteProgress(uint32_t repetition, uint32_t index, uint64_t received);
  Status FindDifference(uint32_t repetition, uint32_t index, uint64_t offset, const Buffer& bytes);

  const analysis::Role role_;
  archive::RecordingWriter* const writer_;
  const std::function<void()> on_change_;

  mutable std::mutex mutex_;  // for model_ and progress_, which the comparer's thread reads
  std::optional<ModelInfo> model_;
  std::vector<TensorBytes> progress_;

  analysis::RunEvidence evidence_;
  std::vector<RepeatDifference> differences_;
  std::optional<double> invoke_ms_;
  std::optional<IpuCosts> ipu_;
  Clock::time_point first_invoke_;
  Clock::time_point last_byte_;
};

}  // namespace plumb::server
