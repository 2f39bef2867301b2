#include "common/analysis/diagnose.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "common/analysis/hypotheses.h"
#include "common/analysis/pair_comparator.h"
#include "common/runner/failure.h"

namespace plumb::analysis {
namespace {

// By chance one byte in 256 equals the pattern; this much is no chance any more.
constexpr uint64_t kMinCanary = 16;
constexpr uint64_t kCanaryShare = 20;

using Hypothesis = std::optional<Diagnosis> (*)(const ComparedPair&);
// In the order in which equal confidences are listed.
constexpr std::array<Hypothesis, 9> kHypotheses = {TryElementFormat,
                                                   TryPaddingAsData,
                                                   TryLayout,
                                                   TryChannelOrder,
                                                   TryShiftedRows,
                                                   TryShiftedColumns,
                                                   TryOffset,
                                                   TryScaled,
                                                   TrySaturation};

Diagnosis FoundInRun(std::string cause, std::string evidence, double confidence) {
  const std::string advice(AdviceFor(cause));
  return {std::move(cause), "", std::move(evidence), confidence, advice};
}

bool Differs(const ComparedPair& pair) {
  return pair.report.verdict == Verdict::kMismatch;
}

uint64_t ValidSize(const Tensor& tensor) {
  const auto region = ValidRegionOf(tensor.desc);
  return region.ok() ? region->valid_size() : 0;
}

std::optional<Diagnosis> FindUnwritten(const ComparedPair& pair, const RunEvidence::Output& seen) {
  const uint64_t valid = ValidSize(pair.target);
  const bool whole = valid > 0 && seen.canary_size == valid;
  const bool part = seen.canary_size >= kMinCanary && seen.canary_size * kCanaryShare >= valid;
  if (!whole && !part) {
    return std::nullopt;
  }
  return Found("unwritten_output",
               pair,
               std::to_string(seen.canary_size) + " of " + std::to_string(valid) +
                   " bytes still hold the pattern that was written before Invoke",
               whole ? 1 : 0.9);
}

std::optional<Diagnosis> FindUnsteady(const ComparedPair& pair, const RunEvidence::Output& seen) {
  if (seen.differing_repetitions == 0) {
    return std::nullopt;
  }
  return Found("not_repeatable",
               pair,
               std::to_string(seen.differing_repetitions) + " of " +
                   std::to_string(seen.repetitions - 1) +
                   " repetitions differ from the first on the same input; the first that does is "
                   "repetition " +
                   std::to_string(seen.first_differing_repetition.value_or(0) + 1),
               1);
}

bool OutputsEqual(const std::vector<Tensor>& simulated, const std::vector<ComparedPair>& pairs) {
  if (simulated.size() != pairs.size()) {
    return false;
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto report = CompareTensors(simulated[i], pairs[i].target, {});
    if (!report.ok() || report->verdict == Verdict::kMismatch) {
      return false;
    }
  }
  return true;
}

std::optional<Diagnosis> FindRoundingProfile(const DiagnosisRequest& request) {
  if (!request.resimulate) {
    return std::nullopt;
  }
  for (const auto& profile : request.rounding_profiles) {
    if (request.cancel.cancelled()) {
      return std::nullopt;
    }
    const auto simulated = request.resimulate(profile);
    if (simulated.ok() && OutputsEqual(*simulated, request.pairs)) {
      return FoundInRun("rounding_profile",
                        "simulated again under the rounding profile " + profile +
                            " every element of every output is the target's",
                        1);
    }
  }
  return std::nullopt;
}

std::optional<Diagnosis> FindOtherIdentity(const DiagnosisRequest& request) {
  const LegIdentity& r = request.reference_identity;
  const LegIdentity& t = request.target_identity;
  if (!r.model_sha256.empty() && !t.model_sha256.empty() && r.model_sha256 != t.model_sha256) {
    return FoundInRun(
        "wrong_model",
        "the reference is of model " + r.model_sha256 + ", the target of " + t.model_sha256,
        1);
  }
  if (!r.input_sha256.empty() && !t.input_sha256.empty() && r.input_sha256 != t.input_sha256) {
    return FoundInRun("wrong_input", "the SHA-256 of the two sides' inputs differ", 1);
  }
  return std::nullopt;
}

void FindInBytes(const ComparedPair& pair, std::vector<Diagnosis>& list) {
  bool explained = false;
  for (const Hypothesis hypothesis : kHypotheses) {
    if (auto found = hypothesis(pair)) {
      explained = true;
      list.push_back(*std::move(found));
    }
  }
  if (!explained) {
    if (auto found = TryLsbHistogram(pair)) {
      list.push_back(*std::move(found));
    }
  }
}

// What the sink was told of each output; true when some output was not written at all.
bool FindInEvents(const DiagnosisRequest& request, std::vector<Diagnosis>& list) {
  bool unwritten = false;
  const auto& outputs = request.evidence.outputs();
  for (size_t i = 0; i < std::min(outputs.size(), request.pairs.size()); ++i) {
    auto found =
        Differs(request.pairs[i]) ? FindUnwritten(request.pairs[i], outputs[i]) : std::nullopt;
    if (found) {
      unwritten = true;
      list.push_back(*std::move(found));
    }
  }
  return unwritten;
}

void FindUnsteadyOutputs(const DiagnosisRequest& request, std::vector<Diagnosis>& list) {
  const auto& outputs = request.evidence.outputs();
  for (size_t i = 0; i < std::min(outputs.size(), request.pairs.size()); ++i) {
    if (auto found = FindUnsteady(request.pairs[i], outputs[i])) {
      list.push_back(*std::move(found));
    }
  }
}

bool Names(const std::vector<Diagnosis>& list, const std::string& tensor) {
  return std::any_of(list.begin(), list.end(), [&](const auto& found) {
    return found.tensor.empty() || found.tensor == tensor;
  });
}

// Causes that lie in how a run went, before any look at the bytes.
std::vector<Diagnosis> FindInRun(const DiagnosisRequest& request, bool any_difference) {
  std::vector<Diagnosis> list;
  if (any_difference) {
    if (auto found = FindOtherIdentity(request)) {
      list.push_back(*std::move(found));
    }
    const bool unwritten = FindInEvents(request, list);
    if (!unwritten && request.evidence.same_as_probe()) {
      list.push_back(FoundInRun("stale_output",
                                "every output holds the very bytes that an Invoke on an input of "
                                "zeros gave before, although the input is not zero",
                                0.99));
    }
  }
  FindUnsteadyOutputs(request, list);
  return list;
}

}  // namespace

Diagnosis Found(std::string cause,
                const ComparedPair& pair,
                std::string evidence,
                double confidence) {
  Diagnosis found = FoundInRun(std::move(cause), std::move(evidence), confidence);
  found.tensor = pair.report.name;
  return found;
}

std::string Brief(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::vector<Diagnosis> Diagnose(const DiagnosisRequest& request) {
  const bool any_difference = std::any_of(request.pairs.begin(), request.pairs.end(), Differs);
  std::vector<Diagnosis> list = FindInRun(request, any_difference);
  if (any_difference && list.empty()) {
    if (auto found = FindRoundingProfile(request)) {
      list.push_back(*std::move(found));
    }
  }
  for (const auto& pair : request.pairs) {
    if (!request.cancel.cancelled() && Differs(pair) && !Names(list, pair.report.name)) {
      FindInBytes(pair, list);
    }
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.confidence > b.confidence;
  });
  return list;
}

std::vector<Diagnosis> DiagnoseFailure(const Status& error) {
  constexpr std::array kCauses = {kReasonRunnerHung,
                                  kReasonRunnerCrashed,
                                  kReasonOutOfMemory,
                                  kReasonWrongModel,
                                  kReasonWrongInput};
  if (error.ok() || std::find(kCauses.begin(), kCauses.end(), error.reason()) == kCauses.end()) {
    return {};
  }
  return {FoundInRun(error.reason(), error.message(), 1)};
}

}  // namespace plumb::analysis
