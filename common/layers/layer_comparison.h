// Internal to compare.h: one pair of layers.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "common/analysis/tolerance.h"
#include "common/base/status.h"
#include "common/layers/compare.h"
#include "common/layers/layer_set.h"

namespace plumb::layers {

// The arguments must live as long as it does; one thread.
class LayerComparison {
 public:
  LayerComparison(const Layer& reference, const Layer& target, const CompareOptions& options);

  // Fills all of `result` but its pair. `holding` is held while a large layer is in memory.
  Status Run(std::mutex& holding, LayerResult& result);

 private:
  struct Leg;
  struct Compared;

  Result<Compared> Compare(const Leg& reference, size_t channel_axis) const;
  [[nodiscard]] Leg ReferenceLeg() const;
  [[nodiscard]] bool MayBeTurned(const analysis::TensorReport& report) const;
  Status TryLayouts(LayerResult& result);
  [[nodiscard]] bool Says(bool to_nhwc) const;
  [[nodiscard]] std::vector<uint8_t> Turned(const std::vector<uint8_t>& bytes, bool to_nhwc) const;
  [[nodiscard]] size_t ChannelAxis(LayoutEvidence layout) const;
  [[nodiscard]] Result<std::vector<float>> ReferenceValues(const TensorDesc& desc,
                                                           LayoutEvidence layout) const;
  Status LookInside(LayerResult& result) const;
  void Explain(LayerResult& result) const;

  const Layer& reference_;
  const Layer& target_;
  const CompareOptions& options_;
  TensorDesc desc_;  // of the reference as it is compared
  analysis::Tolerance limits_;
  double straight_cosine_ = 0;
  bool too_large_ = false;
};

}  // namespace plumb::layers
