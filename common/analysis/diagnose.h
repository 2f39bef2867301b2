// Why reference and target differ: every hypothesis of docs/cli.md is tried on the bytes and
// accepted only with evidence, best first.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/analysis/evidence.h"
#include "common/analysis/report.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb::analysis {

// One compared output. Bytes may be mappings; they are read in blocks.
struct ComparedPair {
  Tensor reference;
  Tensor target;
  TensorReport report;
};

// Runs the reference again under another rounding profile and gives its outputs in order.
using Resimulate = std::function<Result<std::vector<Tensor>>(const std::string& rounding_profile)>;

// What one side ran; empty: unknown.
struct LegIdentity {
  std::string model_sha256;
  std::vector<std::string> input_sha256;
};

struct DiagnosisRequest {
  std::vector<ComparedPair> pairs;  // all outputs, matching ones too, in output order
  RunEvidence evidence;             // of the target; default: a comparison of files
  LegIdentity reference_identity;
  LegIdentity target_identity;
  Resimulate resimulate;                       // empty: rounding profiles cannot be tried
  std::vector<std::string> rounding_profiles;  // to try, without the one that was used
  CancelToken cancel;
};

// Empty when nothing differs or nothing fits. At most one diagnosis per cause and tensor, sorted by
// confidence. A confidence of 1 means that every element is explained.
std::vector<Diagnosis> Diagnose(const DiagnosisRequest& request);

// The diagnosis of a failed run by its reason (runner_hung, runner_crashed, out_of_memory,
// wrong_model, wrong_input); empty for other errors.
std::vector<Diagnosis> DiagnoseFailure(const Status& error);

// What to do about a cause, for a tired engineer; empty for an unknown word.
std::string_view AdviceFor(std::string_view cause);

}  // namespace plumb::analysis
