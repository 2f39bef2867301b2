// The receiving side of one run's upload across any number of streams: checks the order of events
// and chunks and knows what is committed. For the server and for servers in tests.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/rpc/limits.h"
#include "common/rpc/messages.h"

namespace plumb::rpc {

// What the run was asked to be; decides which events are in order.
struct UploadExpectation {
  uint32_t repetitions = 1;
  bool probe = false;
  // Of what the application fed, the most bytes of each input; empty: not asked for.
  std::vector<uint64_t> input_limits = {};
};

// Use: Check() a message; if the answer is true keep its content for good, then Commit() it; if
// false it was sent twice and is to be ignored. After each, AckDue() tells whether to send
// position(). Not thread-safe. An error is final: the run ends with it.
class UploadTracker {
 public:
  explicit UploadTracker(UploadExpectation expectation) : expectation_(std::move(expectation)) {}

  // kInvalidArgument with kReasonProtocol for anything out of order or beyond what was announced:
  // an event before the model, an input that nobody asked for, a wrong repetition or index, a
  // tensor_end with missing bytes, digest counts that do not fit, anything after run_end.
  Result<bool> Check(const UploadMessage& message) const;
  // `message` must be the one last checked with answer true.
  void Commit(const UploadMessage& message);

  [[nodiscard]] const UploadPosition& position() const { return position_; }

  // The last commit was a tensor_end, a run_end or the end of an input, or kAckInterval bytes are
  // not acknowledged.
  [[nodiscard]] bool AckDue() const { return ack_due_ || unacked_ >= kAckInterval; }

  void AckSent();

  // run_end was committed.
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  Status CheckEvent(const UploadEvent& event) const;
  Status CheckInput(const InputChunk& input) const;
  Status CheckProbe(const ProbeResult& probe) const;
  Status CheckInvoke(const InvokeInfo& invoke) const;
  Status CheckTensorEnd(const UploadedTensorEnd& tensor) const;
  Status CheckRunEnd(const RunEnd& end) const;
  Status CheckChunk(const TensorChunk& chunk) const;
  Status CheckPlace(uint32_t repetition, uint32_t index) const;
  [[nodiscard]] bool all_sent() const;
  void CommitEvent(const UploadEvent& event);
  void CommitInput(const InputChunk& input);

  UploadExpectation expectation_;
  std::optional<ModelInfo> model_;
  size_t input_ = 0;                     // the next piece's
  uint64_t input_offset_ = 0;            // likewise
  uint64_t input_size_ = 0;              // of that input, as its first piece said
  std::vector<uint64_t> first_digests_;  // of repetition 0
  bool probed_ = false;
  bool finished_ = false;
  bool invoked_ = false;     // the current repetition's InvokeInfo is there
  uint32_t repetition_ = 0;  // the next tensor_end's
  uint32_t index_ = 0;       // likewise
  UploadPosition position_;
  uint64_t unacked_ = 0;
  bool ack_due_ = false;
};

}  // namespace plumb::rpc
