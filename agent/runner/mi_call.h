// One Invoke and the buffers it works on: plain, or one of generation C's batch calls. C++14.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/runner/mi_api.h"
#include "agent/runner/mi_sys.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// What the caller may choose; only the batch calls of generation C take any of it.
struct CallOptions {
  int core = -1;  // 0 or 1; -1: the library decides
  bool has_priority = false;
  int priority = 0;    // real time −10…−1, normal 0…39
  uint32_t batch = 0;  // 0: the largest the model was compiled for

  bool any() const { return core >= 0 || has_priority || batch != 0; }
};

// How a model has to be called.
struct CallPlan {
  bool batch_calls = false;  // generation C: Invoke2 or Invoke2Custom, which tell the costs too
  bool one_buf = false;      // the batches of a tensor lie behind each other in one buffer
  uint32_t batch = 1;

  // The channel's own buffers serve; otherwise it is made with depth 0 and the buffers are ours.
  bool pool() const { return batch == 1 && !one_buf; }
};

// By what the model says of itself. kUsage when `options` want what this model or this generation
// has not.
ring::Outcome MakePlan(Generation generation,
                       const StaticInfo& info,
                       const CallOptions& options,
                       CallPlan* plan);

// The buffers of a channel, batch by batch: tensor i of batch b has index b * count + i.
class Call {
 public:
  Call(const Api& api, Sys* sys, const CallPlan& plan, const CallOptions& options);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  // Puts back what was taken and frees what was allocated.
  ~Call();

  // `tensors` describes one batch.
  ring::Outcome Take(Generation generation, MI_IPU_CHN channel, const ring::Description& tensors);

  uint8_t* input(uint32_t index) { return inputs_[index]; }

  uint8_t* output(uint32_t index) { return outputs_[index]; }

  // "MI_IPU_Invoke2", for messages.
  const char* name() const;

  // The bare number; `invoked` gets the costs where the call tells them.
  MI_S32 Invoke(ring::Invoked* invoked);

 private:
  ring::Outcome TakePool(Generation generation, const ring::Description& tensors);
  ring::Outcome Allocate(const ring::Description& tensors);
  ring::Outcome AllocateSide(const std::vector<ring::TensorRecord>& records,
                             MI_U32 first,
                             std::vector<uint8_t*>* places);
  void FillBatch();

  const Api& api_;
  Sys* sys_;
  CallPlan plan_;
  CallOptions options_;
  MI_IPU_CHN channel_ = 0;
  bool inputs_taken_ = false;
  bool outputs_taken_ = false;
  TensorVector pool_inputs_;
  TensorVector pool_outputs_;
  std::vector<MI_IPU_Tensor_t> own_;
  std::unique_ptr<BatchParam> batch_;
  std::vector<uint8_t*> inputs_;
  std::vector<uint8_t*> outputs_;
};

}  // namespace mi
}  // namespace plumb
