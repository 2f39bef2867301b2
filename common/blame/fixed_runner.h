// Parts of a fixed model in its own integers, with the kernels of the virtual IPU.
#pragma once

#include <memory>
#include <span>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/blame/subgraph_runner.h"
#include "common/npu/model/model.h"

namespace plumb::blame {

class FixedRunner : public SubgraphRunner {
 public:
  // kInvalidArgument as ValidateModel. `threads`: 1 to 64, results do not depend on it. A run ends
  // with the status of `cancel`.
  static Result<std::unique_ptr<FixedRunner>> Create(std::shared_ptr<const npu::FixedModel> model,
                                                     int threads,
                                                     const CancelToken& cancel);

  [[nodiscard]] const Network& network() const override { return network_; }

  // Memory: of each tensor that a later layer of the run still reads, two bytes an element; and one
  // layer's weights as they are run.
  Status Run(std::span<const uint32_t> layers,
             const TensorSource& given,
             const TensorSink& sink,
             std::optional<uint64_t> chance) override;

 private:
  FixedRunner(std::shared_ptr<const npu::FixedModel> model, int threads, CancelToken cancel);

  std::shared_ptr<const npu::FixedModel> model_;
  int threads_;
  CancelToken cancel_;
  Network network_;
};

}  // namespace plumb::blame
