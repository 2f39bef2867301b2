#include "tests/fuzz/run_both.h"

#include <algorithm>
#include <vector>

#include "common/npu/io/io.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_fast/instruction_set.h"
#include "common/npu/kernels_reference/executor.h"
#include "tests/fuzz/fuzz.h"

namespace plumb::fuzz {
namespace {

using npu::FixedModel;
using Values = std::vector<std::vector<int16_t>>;

constexpr uint64_t kEndless = uint64_t{1} << 40;

uint64_t Elements(const FixedModel& model, uint32_t tensor) {
  return model.tensors[tensor].shape.element_count().value_or(kEndless);
}

uint64_t Pixels(const FixedModel& model, uint32_t tensor) {
  return model.tensors[tensor].shape.row_count().value_or(kEndless);
}

// What each pixel costs.
template <class Op>
uint64_t CostOf(const Op& op) {
  if constexpr (requires { op.linear; }) {
    return std::max<uint64_t>(op.linear.values.size(), 1);
  } else if constexpr (requires { op.window; }) {
    return static_cast<uint64_t>(std::max(op.window.kernel_height, 1)) *
           static_cast<uint64_t>(std::max(op.window.kernel_width, 1));
  } else {
    return 1;
  }
}

template <class Op>
uint64_t WorkOfOp(const FixedModel& model, const npu::FixedOp& op, const Op& attributes) {
  constexpr bool kPerPixel = requires {
    attributes.linear;
  };
  uint64_t largest = kPerPixel ? Pixels(model, op.output) : Elements(model, op.output);
  for (const uint32_t input : op.inputs) {
    largest = std::max(largest, kPerPixel ? Pixels(model, input) : Elements(model, input));
  }
  return std::min(largest, kEndless) * std::min(CostOf(attributes), uint64_t{1} << 20);
}

Values Inputs(const FixedModel& model, uint64_t seed) {
  Values inputs;
  for (const npu::ModelInput& input : model.inputs) {
    const npu::FixedTensor& tensor = model.tensors[input.tensor];
    const auto range = npu::StoredRange(tensor.element_type);
    const auto span = static_cast<uint64_t>(range.high - range.low + 1);
    auto& values = inputs.emplace_back(*tensor.shape.element_count());
    for (int16_t& value : values) {
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      value = static_cast<int16_t>(range.low + static_cast<int32_t>((seed >> 33U) % span));
    }
  }
  return inputs;
}

struct Trace {
  Values outputs;
  std::vector<std::pair<uint32_t, std::vector<int16_t>>> layers;
};

template <class Executor>
Trace RunOn(const std::shared_ptr<const FixedModel>& model,
            const typename Executor::Options& options,
            const Values& inputs) {
  const auto executor = Executor::Create(model, options);
  FUZZ_REQUIRE(executor.ok());
  Trace trace;
  std::vector<std::span<const int16_t>> input_spans(inputs.begin(), inputs.end());
  std::vector<std::span<int16_t>> output_spans;
  for (const uint32_t output : model->outputs) {
    trace.outputs.emplace_back(*model->tensors[output].shape.element_count());
  }
  for (auto& output : trace.outputs) {
    output_spans.emplace_back(output);
  }
  const Status status = (*executor)->Run(
      input_spans, output_spans, [&](uint32_t tensor, std::span<const int16_t> values) {
        trace.layers.emplace_back(tensor, std::vector<int16_t>(values.begin(), values.end()));
      });
  FUZZ_REQUIRE(status.ok());
  return trace;
}

void RequireRanges(const FixedModel& model, const Trace& trace) {
  for (const auto& [index, values] : trace.layers) {
    const auto range = npu::StoredRange(model.tensors[index].element_type);
    for (const int16_t value : values) {
      FUZZ_REQUIRE(value >= range.low && value <= range.high);
    }
  }
}

void RequireBuffers(const FixedModel& model, const Trace& trace) {
  for (size_t i = 0; i < model.chip->inputs.size(); ++i) {
    const TensorDesc& desc = model.chip->inputs[i].desc;
    const std::vector<uint8_t> bytes(desc.aligned_size, 0x7F);
    std::vector<int16_t> values(*model.tensors[model.inputs[i].tensor].shape.element_count());
    FUZZ_REQUIRE(npu::ReadInput(model, i, bytes, values).ok());
  }
  for (size_t i = 0; i < model.chip->outputs.size(); ++i) {
    std::vector<uint8_t> bytes(model.chip->outputs[i].desc.aligned_size);
    FUZZ_REQUIRE(npu::WriteOutput(model, i, trace.outputs[i], 0, bytes).ok());
  }
}

uint64_t ChipBytes(const FixedModel& model) {
  uint64_t bytes = 0;
  if (model.chip) {
    for (const auto& input : model.chip->inputs) {
      bytes += std::min(input.desc.aligned_size, kEndless);
    }
    for (const auto& output : model.chip->outputs) {
      bytes += std::min(output.desc.aligned_size, kEndless);
    }
  }
  return bytes;
}

}  // namespace

uint64_t WorkOf(const FixedModel& model) {
  uint64_t work = ChipBytes(model);
  for (uint32_t i = 0; i < model.tensors.size(); ++i) {
    work = std::min(work + Elements(model, i), kEndless);
  }
  for (const npu::FixedOp& op : model.ops) {
    work = std::min(work + std::visit(
                               [&](const auto& attributes) {
                                 return std::min(WorkOfOp(model, op, attributes), kEndless);
                               },
                               op.attributes),
                    kEndless);
  }
  return work;
}

bool RequireAgreement(const std::shared_ptr<const FixedModel>& model,
                      uint64_t seed,
                      uint64_t max_work) {
  if (WorkOf(*model) > max_work) {
    return false;
  }
  const Values inputs = Inputs(*model, seed);
  for (const auto profile : {npu::RoundingProfile::kHalfEven, npu::RoundingProfile::kHalfAway}) {
    const Trace plain =
        RunOn<npu::ReferenceExecutor>(model, npu::ReferenceExecutor::Options{profile}, inputs);
    const int threads = seed % 16 == 0 ? 3 : 1;
    for (const auto instructions : npu::SupportedInstructionSets()) {
      const Trace fast = RunOn<npu::FastExecutor>(
          model, npu::FastExecutor::Options{profile, threads, instructions}, inputs);
      FUZZ_REQUIRE(plain.layers == fast.layers);
      FUZZ_REQUIRE(plain.outputs == fast.outputs);
    }
    RequireRanges(*model, plain);
    if (model->chip) {
      RequireBuffers(*model, plain);
    }
  }
  return true;
}

}  // namespace plumb::fuzz
