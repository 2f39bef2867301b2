// Adds up what a watched run tells into its whole state.
#pragma once

#include <cstdint>
#include <map>

#include "plumb/v1/run.pb.h"

#include "client/lib/run_types.h"

namespace plumb::client {

Result<RunSummary> FromProto(const v1::RunSummary& wire);

// Not thread-safe. What the server sends is checked; an error ends the watching.
class RunFold {
 public:
  // kInvalidArgument with kReasonProtocol for what no server of this protocol sends.
  Status Add(const v1::RunEvent& event);

  [[nodiscard]] bool finished() const { return event_.run.state == RunState::kFinished; }

  // Everything so far.
  [[nodiscard]] RunEvent Current() const;

 private:
  Status AddSnapshot(const v1::RunSnapshot& snapshot);
  Status AddModel(v1::Role role, const v1::ModelInfo& wire);
  Status AddProgress(const v1::TensorProgress& wire);
  Status AddComparison(const v1::TensorComparison& wire);
  TensorProgress& At(uint32_t index);
  // The place in the reference's outputs of the tensor compared as `tensor`.
  [[nodiscard]] uint32_t ReferenceIndex(const TensorProgress& tensor) const;

  RunEvent event_;                                // without its tensors
  std::map<uint32_t, TensorProgress> tensors_;    // by the target's index
  std::map<uint32_t, uint64_t> reference_bytes_;  // by the reference's index
};

}  // namespace plumb::client
