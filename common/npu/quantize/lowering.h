// One operation of the graph to the frozen integers of one operation of the fixed model.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "common/npu/quantize/weights.h"

namespace plumb::npu {

// The operands that are values (weights and bias are not) and the output, with their final schemes.
struct LoweringContext {
  const GraphOp* op = nullptr;
  std::vector<const FixedTensor*> inputs;
  const FixedTensor* output = nullptr;
  std::optional<IntegerWeights> weights;
};

// kInvalidArgument when a factor cannot be frozen (the message says which operation),
// kUnimplemented for kinds that have no fixed form.
Result<OpAttributes> LowerOp(const LoweringContext& context);

// The parts of the above.
Result<OpAttributes> LowerWindowOp(const LoweringContext& context);
Result<OpAttributes> LowerPointwiseOp(const LoweringContext& context);
Result<OpAttributes> LowerLayoutOp(const LoweringContext& context);

// The output type's range, narrowed to what the bounds are in stored values.
Clamp ClampOf(const FixedTensor& output, const ActivationBounds& bounds);

// A table of `function` over all stored values of `input` (every 128th for INT16).
Lookup MakeLookup(const FixedTensor& input,
                  const FixedTensor& output,
                  const std::function<double(double)>& function);

}  // namespace plumb::npu
