#include "common/npu/kernels_fast/executor.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/npu/kernels_fast/kernel.h"
#include "common/npu/kernels_fast/memory_plan.h"
#include "common/npu/kernels_fast/thread_pool.h"
#include "common/npu/model/validate.h"

namespace plumb::npu {
namespace {

using fast::Kernel;
using fast::KernelSite;

constexpr int kMaxThreads = 64;
constexpr size_t kLineBytes = 64;

void LoadConstant(const FixedTensor& tensor, int16_t* target) {
  const std::span<const uint8_t> bytes = tensor.constant.span();
  if (tensor.element_type == ElementType::kUint8) {
    std::copy(bytes.begin(), bytes.end(), target);
    return;
  }
  if (tensor.element_type == ElementType::kInt8) {
    std::transform(bytes.begin(), bytes.end(), target, [](uint8_t byte) {
      return static_cast<int16_t>(static_cast<int8_t>(byte));
    });
    return;
  }
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    *target++ = static_cast<int16_t>(static_cast<uint16_t>(bytes[i] | (bytes[i + 1] << 8)));
  }
}

bool WithinRange(std::span<const int16_t> values, const Clamp& range) {
  bool within = true;
  for (const int16_t value : values) {
    within = within && value >= range.low && value <= range.high;
  }
  return within;
}

}  // namespace

class FastExecutor::Impl {
 public:
  Impl(std::shared_ptr<const FixedModel> model, const Options& options)
      : model_(std::move(model)),
        pool_(static_cast<size_t>(options.threads)),
        plan_(fast::PlanMemory(*model_)),
        arena_(plan_.size + kLineBytes / sizeof(int16_t), 0) {
    void* start = arena_.data();
    size_t space = arena_.size() * sizeof(int16_t);
    base_ =
        static_cast<int16_t*>(std::align(kLineBytes, plan_.size * sizeof(int16_t), start, space));
    for (size_t i = 0; i < model_->tensors.size(); ++i) {
      if (!model_->tensors[i].constant.empty()) {
        LoadConstant(model_->tensors[i], At(i));
      }
    }
    const fast::VectorKernels& vectors =
        fast::KernelsFor(options.instructions.value_or(SupportedInstructionSets().back()));
    for (const FixedOp& op : model_->ops) {
      KernelSite site{{},
                      &model_->tensors[op.output],
                      At(op.output),
                      options.rounding.value_or(model_->rounding),
                      pool_.threads(),
                      &vectors};
      for (const uint32_t input : op.inputs) {
        site.inputs.push_back({&model_->tensors[input], At(input)});
      }
      kernels_.push_back(
          std::visit([&site](const auto& attributes) { return fast::MakeKernel(attributes, site); },
                     op.attributes));
    }
  }

  [[nodiscard]] const FixedModel& model() const { return *model_; }

  [[nodiscard]] Status Check(std::span<const std::span<const int16_t>> inputs,
                             std::span<const std::span<int16_t>> outputs) const {
    if (inputs.size() != model_->inputs.size() || outputs.size() != model_->outputs.size()) {
      return InvalidArgumentError("the model has " + std::to_string(model_->inputs.size()) +
                                  " inputs and " + std::to_string(model_->outputs.size()) +
                                  " outputs");
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      const uint32_t index = model_->inputs[i].tensor;
      const FixedTensor& tensor = model_->tensors[index];
      if (inputs[i].size() != Count(index) ||
          !WithinRange(inputs[i], StoredRange(tensor.element_type))) {
        return InvalidArgumentError("input '" + EscapeForDisplay(tensor.name) +
                                    "' has the wrong size or values outside its type");
      }
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].size() != Count(model_->outputs[i])) {
        return InvalidArgumentError("output " + std::to_string(i) + " has the wrong size");
      }
    }
    return OkStatus();
  }

  void Run(std::span<const std::span<const int16_t>> inputs,
           std::span<const std::span<int16_t>> outputs,
           const LayerTap& tap) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      std::copy(inputs[i].begin(), inputs[i].end(), At(model_->inputs[i].tensor));
    }
    for (size_t i = 0; i < kernels_.size(); ++i) {
      kernels_[i]->Run(pool_);
      if (tap) {
        const uint32_t output = model_->ops[i].output;
        tap(output, {At(output), Count(output)});
      }
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const uint32_t index = model_->outputs[i];
      std::copy_n(At(index), Count(index), outputs[i].begin());
    }
  }

 private:
  [[nodiscard]] int16_t* At(size_t tensor) const { return base_ + plan_.offset[tensor]; }

  [[nodiscard]] size_t Count(size_t tensor) const {
    return static_cast<size_t>(model_->tensors[tensor].shape.element_count().value_or(0));
  }

  std::shared_ptr<const FixedModel> model_;
  fast::ThreadPool pool_;
  fast::MemoryPlan plan_;
  std::vector<int16_t> arena_;
  int16_t* base_ = nullptr;  // the first 64-byte boundary in arena_
  std::vector<std::unique_ptr<Kernel>> kernels_;
};

FastExecutor::FastExecutor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FastExecutor::~FastExecutor() = default;

Result<std::unique_ptr<FastExecutor>> FastExecutor::Create(std::shared_ptr<const FixedModel> model,
                                                           const Options& options) {
  if (model == nullptr || options.threads < 1 || options.threads > kMaxThreads) {
    return InvalidArgumentError("an executor needs a model and 1 to 64 threads");
  }
  if (options.instructions.has_value() && !IsSupported(*options.instructions)) {
    return InvalidArgumentError("this CPU does not have the instruction set " +
                                std::string(InstructionSetName(*options.instructions)));
  }
  PLUMB_RETURN_IF_ERROR(ValidateModel(*model));
  try {
    auto impl = std::make_unique<Impl>(std::move(model), options);
    return std::unique_ptr<FastExecutor>(new FastExecutor(std::move(impl)));
  } catch (const std::bad_alloc&) {
    return ResourceExhaustedError("there is not enough memory for the model's tensors");
  } catch (const std::length_error&) {  // more than a 32-bit process can address
    return ResourceExhaustedError("the model's tensors do not fit this process's address space");
  } catch (const std::system_error& error) {
    return ResourceExhaustedError(std::string("no thread can be started: ") + error.what());
  }
}

const FixedModel& FastExecutor::model() const {
  return impl_->model();
}

Status FastExecutor::Run(std::span<const std::span<const int16_t>> inputs,
                         std::span<const std::span<int16_t>> outputs,
                         const LayerTap& tap) {
  PLUMB_RETURN_IF_ERROR(impl_->Check(inputs, outputs));
  impl_->Run(inputs, outputs, tap);
  return OkStatus();
}

}  // namespace plumb::npu
