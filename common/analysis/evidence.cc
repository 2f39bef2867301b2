#include "common/analysis/evidence.h"

#include <algorithm>

namespace plumb::analysis {
namespace {

// A peer's index must not make the list grow; no network has this many outputs.
constexpr uint32_t kMaxOutputs = 4096;

}  // namespace

RunEvidence::Output* RunEvidence::At(uint32_t index) {
  if (index >= kMaxOutputs) {
    return nullptr;
  }
  if (index >= outputs_.size()) {
    outputs_.resize(index + 1);
  }
  return &outputs_[index];
}

void RunEvidence::OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) {
  for (uint32_t index = 0; index < valid_digests.size(); ++index) {
    if (Output* output = At(index)) {
      output->probe_digest = valid_digests[index];
    }
  }
  probe_proves_something_ = !input_was_zero;
}

void RunEvidence::OnTensorEnd(const TensorEnd& end) {
  Output* output = At(end.index);
  if (output == nullptr) {
    return;
  }
  output->repetitions = std::max(output->repetitions, end.repetition + 1);
  if (end.repetition == 0) {
    output->digest = end.valid_digest;
    output->canary_size = end.canary_size;
  } else if (output->digest != end.valid_digest) {
    ++output->differing_repetitions;
    if (!output->first_differing_repetition) {
      output->first_differing_repetition = end.repetition;
    }
  }
}

void RunEvidence::SetRepetitions(uint32_t index, uint32_t repetitions) {
  if (Output* output = At(index)) {
    output->repetitions = std::max(output->repetitions, repetitions);
  }
}

bool RunEvidence::repeatable() const {
  return std::all_of(outputs_.begin(), outputs_.end(), [](const Output& output) {
    return output.differing_repetitions == 0;
  });
}

bool RunEvidence::same_as_probe() const {
  return probe_proves_something_ && !outputs_.empty() &&
         std::all_of(outputs_.begin(), outputs_.end(), [](const Output& output) {
           return output.digest && output.probe_digest == output.digest;
         });
}

}  // namespace plumb::analysis
