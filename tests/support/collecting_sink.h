// A TensorSink that keeps all it is told, checks the order of the calls, and can be made to fail,
// to go back or to act at any of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/runner/runner.h"

namespace plumb::test {

class CollectingSink : public TensorSink {
 public:
  // Every call in words: "model", "probe", "invoke 0", "chunk 0/1 @0+64", "end 0/1".
  std::vector<std::string> calls;
  ModelInfo model;
  std::vector<uint64_t> probe;
  bool probe_input_was_zero = false;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<uint8_t>> received;  // repetition, output
  std::map<std::pair<uint32_t, uint32_t>, TensorEnd> ends;
  std::map<uint32_t, InvokeInfo> invokes;  // by repetition
  std::vector<std::string> complaints;     // what broke the contract of TensorSink

  // Called with each entry of `calls` before it is answered; an error is the answer.
  std::function<Status(const std::string& call)> on_call;
  // Offsets to answer instead, once each: after the chunk that ends at `first`, want `second`.
  std::map<uint64_t, uint64_t> rewind_after;
  // The same for the next OnTensorEnd.
  std::optional<uint64_t> rewind_at_end;

  Status OnModel(const ModelInfo& info) override;
  Status OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) override;
  Status OnInvoke(const InvokeInfo& info) override;
  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override;
  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override;

  // Valid elements of repetition `repetition`, output `index`, padding left out.
  [[nodiscard]] std::vector<uint8_t> ValidBytes(uint32_t index, uint32_t repetition = 0) const;
  [[nodiscard]] std::vector<int> Int16Values(uint32_t index, uint32_t repetition = 0) const;

 private:
  Status Note(const std::string& call);

  std::optional<uint64_t> wanted_offset_;
};

}  // namespace plumb::test
