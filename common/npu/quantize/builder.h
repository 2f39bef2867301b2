// Puts a FixedModel together, tensor by tensor and operation by operation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "common/npu/quantize/quantize.h"
#include "common/npu/quantize/scheme.h"
#include "common/npu/quantize/weights.h"

namespace plumb::npu {

// `graph` must be valid and outlive the builder. Indices are those of the graph's tensors.
class ModelBuilder {
 public:
  ModelBuilder(const Graph& graph, const QuantizeOptions& options);

  [[nodiscard]] bool IsDefined(uint32_t tensor) const { return index_[tensor].has_value(); }

  // The fixed tensor that stands for a defined tensor.
  [[nodiscard]] const FixedTensor& At(uint32_t tensor) const;

  void Define(uint32_t tensor, const Scheme& scheme, Buffer constant = {});
  // `tensor` becomes another name for a defined one.
  void Alias(uint32_t tensor, uint32_t defined);
  // The name that reports show for the fixed tensor of a defined tensor.
  void Rename(uint32_t tensor, const std::string& name);
  // Input `position` of the graph, which is defined; its meaning comes from options.pictures.
  Status AddInput(size_t position);
  // All value operands and the output are defined; weights where the kind has them.
  Status AddOp(const GraphOp& op, std::optional<IntegerWeights> weights);
  // A defined tensor in another scheme: a QUANTIZE by the name of `op`, which made it. Its former
  // self is called "NAME/u8" or "NAME/s16", by its type.
  Status Requantize(const GraphOp& op, const Scheme& scheme);
  // Adds the graph's outputs and validates.
  Result<FixedModel> Finish();

 private:
  // A slice that drops axes keeps them in a tensor of its own, from which a Reshape drops them.
  void AddSliceWithDroppedAxes(const GraphOp& op, OpAttributes attributes);

  const Graph& graph_;
  const QuantizeOptions& options_;
  FixedModel model_;
  std::vector<std::optional<uint32_t>> index_;  // into model_.tensors, by graph tensor
};

// Options that fit no graph are refused here: number of pictures, their formats and shapes.
Status CheckPictures(const Graph& graph, const QuantizeOptions& options);
// The picture of input `position`, or nullptr for a raw input.
const PictureInput* PictureOf(const QuantizeOptions& options, size_t position);

}  // namespace plumb::npu
