#include <chrono>
#include <cstring>
#include <memory>

#include "agent/runner/self_test/checks.h"

namespace plumb {
namespace mi {
namespace {

// The channel's tensors as a batch of one: all inputs, then all outputs.
std::unique_ptr<BatchParam> BatchOfOne(const OpenedChannel& channel) {
  std::unique_ptr<BatchParam> batch(new BatchParam());
  batch->u32BatchN = 1;
  MI_U32 next = 0;
  for (const auto* tensors : {&channel.inputs, &channel.outputs}) {
    for (MI_U32 i = 0; i < tensors->u32TensorCount; ++i) {
      batch->astArrayTensors[next++] = tensors->astArrayTensors[i];
    }
  }
  return batch;
}

}  // namespace

Finding BatchCallComputesTheSame(Context* context) {
  OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  channel.FillInputs(21);
  MI_S32 number = channel.Invoke();
  if (number != MI_SUCCESS) {
    return Broken("Invoke gave " + context->Number(number));
  }
  const std::vector<uint8_t> expected = channel.Valid();
  if (expected.empty()) {
    return Broken("the outputs have no valid bytes");
  }
  channel.FillInputs(21);
  channel.FillOutputs(0);
  RuntimeInfo info;
  std::memset(&info, 0, sizeof info);
  number = context->call.invoke2(channel.number(), BatchOfOne(channel).get(), &info);
  if (number == E_IPU_ERR_MISMATCH_INVOKE_FUNC) {
    return Skipped("a one_buf model");
  }
  if (number != MI_SUCCESS) {
    return Broken("Invoke2 gave " + context->Number(number));
  }
  return channel.Valid() == expected ? Holds() : Broken("Invoke2 gave other bytes than Invoke");
}

Finding BatchCallNeedsItsParameters(Context* context) {
  const OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  const MI_S32 number = context->call.invoke2(channel.number(), nullptr, nullptr);
  return context->Expect("Invoke2", number, E_IPU_ERR_NO_BATCH_PARAM);
}

Finding CustomCallIsForOneBufModels(Context* context) {
  const OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  RuntimeInfo info;
  std::memset(&info, 0, sizeof info);
  const MI_S32 number =
      context->call.invoke2_custom(channel.number(), BatchOfOne(channel).get(), &info);
  return number == MI_SUCCESS
             ? Skipped("a one_buf model")
             : context->Expect("Invoke2Custom", number, E_IPU_ERR_MISMATCH_INVOKE_FUNC);
}

Finding UnknownBatchNumberIsRefused(Context* context) {
  constexpr MI_U32 kBeyondAnyModel = 255;
  const OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  const std::unique_ptr<BatchParam> batch = BatchOfOne(channel);
  batch->u32BatchN = kBeyondAnyModel;
  const MI_S32 number = context->call.invoke2(channel.number(), batch.get(), nullptr);
  return context->Expect("Invoke2", number, E_IPU_ERR_INVALID_BATCH_NUM);
}

Finding PrioritiesHaveLimits(Context* context) {
  OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  const std::unique_ptr<BatchParam> batch = BatchOfOne(channel);
  for (const MI_S32 priority : {-10, 39}) {
    channel.FillInputs(21);
    batch->s32TaskPrio = priority;
    const MI_S32 number = context->call.invoke2(channel.number(), batch.get(), nullptr);
    if (number == E_IPU_ERR_MISMATCH_INVOKE_FUNC) {
      return Skipped("a one_buf model");
    }
    if (number != MI_SUCCESS) {
      return Broken("priority " + std::to_string(priority) + " gave " + context->Number(number));
    }
  }
  batch->s32TaskPrio = 40;
  const MI_S32 number = context->call.invoke2(channel.number(), batch.get(), nullptr);
  return context->Expect("priority 40", number, E_IPU_ERR_INVALID_TASK_PRIORITY);
}

// The unit is wrong if the chip says that it took longer than the call did.
Finding RuntimeInfoIsPlausible(Context* context) {
  OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  channel.FillInputs(21);
  RuntimeInfo info;
  std::memset(&info, 0, sizeof info);
  const std::unique_ptr<BatchParam> batch = BatchOfOne(channel);
  const auto start = std::chrono::steady_clock::now();
  const MI_S32 number = context->call.invoke2(channel.number(), batch.get(), &info);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  if (number == E_IPU_ERR_MISMATCH_INVOKE_FUNC) {
    return Skipped("a one_buf model");
  }
  if (number != MI_SUCCESS) {
    return Broken("Invoke2 gave " + context->Number(number));
  }
  if (info.u64IpuTime > static_cast<uint64_t>(took.count()) + 1) {
    return Broken("the chip says " + std::to_string(info.u64IpuTime) + " us, the call took " +
                  std::to_string(took.count()));
  }
  return info.u64BandWidth > 0 ? Holds() : Broken("the bandwidth is 0");
}

}  // namespace mi
}  // namespace plumb
