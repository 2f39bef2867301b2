#include "server/core/live_comparer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/analysis/text_tolerance.h"

namespace plumb::server {
namespace {

analysis::LegBytes BytesOf(const archive::RecordingWriter* writer, uint32_t index) {
  return {writer->committed(index), [writer, index](uint64_t offset, std::span<uint8_t> out) {
            return writer->Read(index, offset, out);
          }};
}

}  // namespace

Result<LiveComparer> LiveComparer::Create(const archive::RecordingWriter* reference,
                                          const ModelInfo& reference_model,
                                          const archive::RecordingWriter* target,
                                          const ModelInfo& target_model,
                                          const analysis::TolerancePolicy& tolerance) {
  LiveComparer comparer(reference, target);
  Pairing pairing = PairOutputs(reference_model.outputs, target_model.outputs);
  comparer.coverage_ = std::move(pairing.coverage);
  const analysis::TextDecimals decimals{reference_model.text_decimals, target_model.text_decimals};
  comparer.note_ = analysis::TextNote(decimals, tolerance.by_default);
  for (const OutputPair& outputs : pairing.pairs) {
    const TensorDesc& reference_desc = reference_model.outputs[outputs.reference];
    const TensorDesc& target_desc = target_model.outputs[outputs.target];
    const auto limits = analysis::ToleranceForText(tolerance.For(target_desc.name), decimals);
    PLUMB_ASSIGN_OR_RETURN(analysis::PairComparator pair,
                           analysis::PairComparator::Create(reference_desc, target_desc, limits));
    comparer.pairs_.push_back({outputs, reference_desc, target_desc, std::move(pair)});
  }
  return comparer;
}

Status LiveComparer::Advance() {
  const auto begin = std::chrono::steady_clock::now();
  for (Pair& pair : pairs_) {
    if (pair.comparator.comparable() && !pair.comparator.complete()) {
      PLUMB_RETURN_IF_ERROR(pair.comparator.Advance(BytesOf(reference_, pair.outputs.reference),
                                                    BytesOf(target_, pair.outputs.target)));
    }
  }
  compare_ms_ +=
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return OkStatus();
}

bool LiveComparer::HasVerdict() const {
  return std::any_of(pairs_.begin(), pairs_.end(), [](const Pair& pair) {
    return pair.Decided() && !pair.told_decided;
  });
}

std::vector<TensorComparison> LiveComparer::TakeChanges() {
  std::vector<TensorComparison> changes;
  for (Pair& pair : pairs_) {
    const uint64_t values = pair.comparator.compared();
    if (pair.told && values == pair.told_values) {
      continue;
    }
    pair.told = true;
    pair.told_decided = pair.Decided();
    pair.told_values = values;
    TensorComparison change;
    change.reference = pair.reference;
    change.target = pair.target;
    change.total = pair.comparator.value_count();
    change.complete = pair.Decided();
    change.report = pair.comparator.Report();
    change.report.index = pair.outputs.target;
    changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<analysis::TensorReport> LiveComparer::Reports() const {
  std::vector<analysis::TensorReport> reports;
  reports.reserve(pairs_.size());
  for (const Pair& pair : pairs_) {
    reports.push_back(pair.comparator.Report());
    reports.back().index = pair.outputs.target;
  }
  return reports;
}

std::vector<OutputPair> LiveComparer::pairs() const {
  std::vector<OutputPair> outputs;
  outputs.reserve(pairs_.size());
  for (const Pair& pair : pairs_) {
    outputs.push_back(pair.outputs);
  }
  return outputs;
}

}  // namespace plumb::server
