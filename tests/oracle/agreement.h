// Our executors on the inputs of an oracle run, compared with what the oracle made of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/analysis/report.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "tests/oracle/oracle_run.h"

namespace plumb::testing {

// Reference: the oracle; target: ours.
struct Agreement {
  std::vector<analysis::TensorReport> outputs;  // in the network's order
  std::vector<analysis::TensorReport> layers;   // those that both sides have, in order of execution
};

enum class KernelSet { kReference, kFast };

// Float networks, in real values.
Result<Agreement> CompareFloat(const std::shared_ptr<const npu::Graph>& graph,
                               const OracleRun& oracle);

// Every operation of a float network by itself, on what the oracle's own layers hand to it: what it
// adds to the difference, whatever came before. Operations with an operand that the oracle hides
// are left out.
Result<std::vector<analysis::TensorReport>> CompareFloatLayersAlone(const npu::Graph& graph,
                                                                    const OracleRun& oracle);

// Int8 networks with integer inputs and outputs, in stored values: max_abs_error is in LSB.
Result<Agreement> CompareIntegers(const std::shared_ptr<const npu::FixedModel>& model,
                                  KernelSet kernels,
                                  const OracleRun& oracle);

}  // namespace plumb::testing
