#include <cstring>

#include "agent/runner/self_test/checks.h"

namespace plumb {
namespace mi {
namespace {

constexpr uint8_t kUnwritten = 0xC3;
constexpr uint64_t kAddressUnit = 64;

// An Invoke on `seed`; the valid bytes of its outputs, or why there are none.
std::string Compute(OpenedChannel* channel,
                    const Context& context,
                    uint8_t seed,
                    std::vector<uint8_t>* valid) {
  if (!channel->problem().empty()) {
    return channel->problem();
  }
  channel->FillInputs(seed);
  channel->FillOutputs(kUnwritten);
  const MI_S32 number = channel->Invoke();
  if (number != MI_SUCCESS) {
    return "Invoke gave " + context.Number(number);
  }
  *valid = channel->Valid();
  return valid->empty() ? "the outputs have no valid bytes" : "";
}

bool AddressesGiven(const TensorVector& tensors, MI_U32 count, uint64_t unit) {
  bool given = tensors.u32TensorCount == count;
  for (MI_U32 i = 0; given && i < count; ++i) {
    const MI_IPU_Tensor_t& tensor = tensors.astArrayTensors[i];
    given = tensor.ptTensorData[0] != nullptr && tensor.phyTensorAddr[0] != 0 &&
            tensor.phyTensorAddr[0] % unit == 0;
  }
  return given;
}

MI_U32 CountOf(const std::vector<ring::TensorRecord>& records) {
  return static_cast<MI_U32>(records.size());
}

// The caller's own memory for one direction, from MI_SYS. Undone by the destructor.
class OwnBuffers {
 public:
  OwnBuffers(Context* context, const std::vector<ring::TensorRecord>& records)
      : tensors(),
        context_(context) {
    tensors.u32TensorCount = CountOf(records);
    for (size_t i = 0; i < records.size() && problem_.empty(); ++i) {
      problem_ = context->sys.Allocate(records[i].aligned_size, &tensors.astArrayTensors[i]);
      made_ += problem_.empty() ? 1 : 0;
    }
  }

  OwnBuffers(const OwnBuffers&) = delete;
  OwnBuffers& operator=(const OwnBuffers&) = delete;

  ~OwnBuffers() {
    for (size_t i = 0; i < made_; ++i) {
      context_->sys.Free(tensors.astArrayTensors[i]);
    }
  }

  const std::string& problem() const { return problem_; }

  TensorVector tensors;

 private:
  Context* context_;
  size_t made_ = 0;
  std::string problem_;
};

}  // namespace

Finding BuffersAreUsable(Context* context) {
  const OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  const uint64_t unit = context->generation() == Generation::kC ? kAddressUnit : 1;
  const bool given = AddressesGiven(channel.inputs, CountOf(context->tensors.inputs), unit) &&
                     AddressesGiven(channel.outputs, CountOf(context->tensors.outputs), unit);
  return given ? Holds() : Broken("a count or an address of the channel's tensors is missing");
}

Finding WrongCountIsRefused(Context* context) {
  OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  TensorVector fewer = channel.outputs;
  fewer.u32TensorCount -= 1;
  const MI_S32 number = context->call.invoke(channel.number(), &channel.inputs, &fewer);
  return context->Expect("Invoke", number, E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM);
}

// Two different fillings before it: what is written is the same after both.
Finding EveryOutputIsWritten(Context* context) {
  OpenedChannel channel(context, 1);
  std::vector<uint8_t> first;
  const std::string problem = Compute(&channel, *context, 3, &first);
  if (!problem.empty()) {
    return Broken(problem);
  }
  channel.FillInputs(3);
  channel.FillOutputs(static_cast<uint8_t>(~kUnwritten));
  const MI_S32 number = channel.Invoke();
  if (number != MI_SUCCESS) {
    return Broken("a second Invoke gave " + context->Number(number));
  }
  const std::vector<uint8_t> second = channel.Valid();
  size_t untouched = 0;
  for (size_t i = 0; i < first.size() && i < second.size(); ++i) {
    const bool left = first[i] == kUnwritten && second[i] == static_cast<uint8_t>(~kUnwritten);
    untouched += left ? 1 : 0;
  }
  return untouched == 0 ? Holds()
                        : Broken(std::to_string(untouched) + " valid bytes were not written");
}

Finding SameInputGivesSameOutput(Context* context) {
  OpenedChannel channel(context, 1);
  std::vector<uint8_t> first;
  std::vector<uint8_t> again;
  std::string problem = Compute(&channel, *context, 5, &first);
  problem = problem.empty() ? Compute(&channel, *context, 5, &again) : problem;
  if (!problem.empty()) {
    return Broken(problem);
  }
  return first == again ? Holds() : Broken("two Invokes on one input differ");
}

Finding OutputDependsOnInput(Context* context) {
  OpenedChannel channel(context, 1);
  std::vector<uint8_t> first;
  std::vector<uint8_t> other;
  std::string problem = Compute(&channel, *context, 5, &first);
  problem = problem.empty() ? Compute(&channel, *context, 90, &other) : problem;
  if (!problem.empty()) {
    return Broken(problem);
  }
  return first != other ? Holds() : Broken("two different inputs gave the same bytes");
}

Finding OwnBuffersServe(Context* context) {
  std::vector<uint8_t> expected;
  {
    OpenedChannel pooled(context, 1);
    const std::string problem = Compute(&pooled, *context, 11, &expected);
    if (!problem.empty()) {
      return Broken(problem);
    }
  }
  const OwnBuffers inputs(context, context->tensors.inputs);
  const OwnBuffers outputs(context, context->tensors.outputs);
  if (!inputs.problem().empty() || !outputs.problem().empty()) {
    return Broken(inputs.problem().empty() ? outputs.problem() : inputs.problem());
  }
  OpenedChannel channel(context, 0);
  channel.inputs = inputs.tensors;
  channel.outputs = outputs.tensors;
  std::vector<uint8_t> own;
  const std::string problem = Compute(&channel, *context, 11, &own);
  if (!problem.empty()) {
    return Broken(problem);
  }
  return own == expected ? Holds()
                         : Broken("the caller's buffers gave other bytes than the pool's");
}

Finding MisalignedAddressIsRefused(Context* context) {
  OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  TensorVector shifted = channel.inputs;
  MI_IPU_Tensor_t& tensor = shifted.astArrayTensors[0];
  tensor.phyTensorAddr[0] += 4;
  tensor.ptTensorData[0] = static_cast<uint8_t*>(tensor.ptTensorData[0]) + 4;
  const MI_S32 number = context->call.invoke(channel.number(), &shifted, &channel.outputs);
  return context->Expect("Invoke", number, E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT);
}

}  // namespace mi
}  // namespace plumb
