// The built-in simulator as an engine of the ring protocol: an offline model on the reference
// kernels, its buffers laid out as its chip would have them.
#pragma once

#include <memory>
#include <vector>

#include "common/base/status.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/npu/model/model.h"
#include "common/ring/child.h"

namespace plumb::server {

class ReferenceEngine : public ring::Engine {
 public:
  // kModelRefused for what is no offline model, kUsage for an unknown rounding profile.
  ring::Outcome Load(const ring::LoadRequest& request, ring::Description* description) override;

  uint8_t* InputData(uint32_t index) override { return input_buffers_[index].data(); }

  uint8_t* OutputData(uint32_t index) override { return output_buffers_[index].data(); }

  ring::Outcome Invoke(ring::Invoked* invoked) override;

 private:
  Status Prepare(const ring::LoadRequest& request, ring::Description& description);
  Status AddBatch(uint32_t batch, ring::Description& description);
  Status Run(uint32_t batch);

  std::shared_ptr<const npu::FixedModel> model_;
  std::unique_ptr<npu::ReferenceExecutor> executor_;
  // Buffers batch by batch, values of one batch.
  std::vector<std::vector<uint8_t>> input_buffers_;
  std::vector<std::vector<uint8_t>> output_buffers_;
  std::vector<std::vector<int16_t>> input_values_;
  std::vector<std::vector<int16_t>> output_values_;
};

}  // namespace plumb::server
