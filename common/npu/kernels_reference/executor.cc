#include "common/npu/kernels_reference/executor.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

#include "common/base/text.h"
#include "common/npu/kernels_reference/kernels.h"
#include "common/npu/model/validate.h"

namespace plumb::npu {
namespace {

using reference::OpContext;
using reference::Operand;

std::vector<int16_t> ReadConstant(const FixedTensor& tensor) {
  const std::span<const uint8_t> bytes = tensor.constant.span();
  std::vector<int16_t> values(tensor.shape.element_count().value_or(0));
  for (size_t i = 0; i < values.size(); ++i) {
    switch (tensor.element_type) {
      case ElementType::kUint8:
        values[i] = bytes[i];
        break;
      case ElementType::kInt8:
        values[i] = static_cast<int16_t>(bytes[i] < 128 ? bytes[i] : bytes[i] - 256);
        break;
      default:
        values[i] = static_cast<int16_t>(bytes[2 * i] + 256 * bytes[2 * i + 1]);
        break;
    }
  }
  return values;
}

}  // namespace

class ReferenceExecutor::Impl {
 public:
  Impl(std::shared_ptr<const FixedModel> model, const Options& options)
      : model_(std::move(model)),
        profile_(options.rounding.value_or(model_->rounding)) {
    for (const FixedTensor& tensor : model_->tensors) {
      values_.push_back(tensor.constant.empty()
                            ? std::vector<int16_t>(tensor.shape.element_count().value_or(0))
                            : ReadConstant(tensor));
    }
  }

  [[nodiscard]] const FixedModel& model() const { return *model_; }

  Status Load(std::span<const std::span<const int16_t>> inputs) {
    if (inputs.size() != model_->inputs.size()) {
      return InvalidArgumentError("the model has " + std::to_string(model_->inputs.size()) +
                                  " inputs, not " + std::to_string(inputs.size()));
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      const uint32_t index = model_->inputs[i].tensor;
      const FixedTensor& tensor = model_->tensors[index];
      const Clamp range = StoredRange(tensor.element_type);
      const bool fits = inputs[i].size() == values_[index].size() &&
                        std::all_of(inputs[i].begin(), inputs[i].end(), [range](int16_t value) {
                          return value >= range.low && value <= range.high;
                        });
      if (!fits) {
        return InvalidArgumentError("input '" + EscapeForDisplay(tensor.name) +
                                    "' has the wrong size or values outside its type");
      }
      std::copy(inputs[i].begin(), inputs[i].end(), values_[index].begin());
    }
    return OkStatus();
  }

  [[nodiscard]] Status CheckOutputs(std::span<const std::span<int16_t>> outputs) const {
    bool fits = outputs.size() == model_->outputs.size();
    for (size_t i = 0; fits && i < outputs.size(); ++i) {
      fits = outputs[i].size() == values_[model_->outputs[i]].size();
    }
    return fits ? OkStatus()
                : InvalidArgumentError("the output spans do not fit the model's outputs");
  }

  void Execute(const LayerTap& tap) {
    for (const FixedOp& op : model_->ops) {
      std::vector<int16_t>& output = values_[op.output];
      OpContext context{{}, &model_->tensors[op.output], output, profile_};
      for (const uint32_t input : op.inputs) {
        context.inputs.push_back({&model_->tensors[input], values_[input]});
      }
      std::visit([&context](const auto& attributes) { reference::Compute(attributes, context); },
                 op.attributes);
      if (tap) {
        tap(op.output, output);
      }
    }
  }

  void Store(std::span<const std::span<int16_t>> outputs) const {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::vector<int16_t>& values = values_[model_->outputs[i]];
      std::copy(values.begin(), values.end(), outputs[i].begin());
    }
  }

 private:
  std::shared_ptr<const FixedModel> model_;
  RoundingProfile profile_;
  std::vector<std::vector<int16_t>> values_;  // of every tensor
};

ReferenceExecutor::ReferenceExecutor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ReferenceExecutor::~ReferenceExecutor() = default;

Result<std::unique_ptr<ReferenceExecutor>> ReferenceExecutor::Create(
    std::shared_ptr<const FixedModel> model, const Options& options) {
  if (model == nullptr) {
    return InvalidArgumentError("there is no model to run");
  }
  PLUMB_RETURN_IF_ERROR(ValidateModel(*model));
  try {
    auto impl = std::make_unique<Impl>(std::move(model), options);
    return std::unique_ptr<ReferenceExecutor>(new ReferenceExecutor(std::move(impl)));
  } catch (const std::bad_alloc&) {
    return ResourceExhaustedError("there is not enough memory for the model's tensors");
  } catch (const std::length_error&) {  // more than a 32-bit process can address
    return ResourceExhaustedError("the model's tensors do not fit this process's address space");
  }
}

const FixedModel& ReferenceExecutor::model() const {
  return impl_->model();
}

Status ReferenceExecutor::Run(std::span<const std::span<const int16_t>> inputs,
                              std::span<const std::span<int16_t>> outputs,
                              const LayerTap& tap) {
  PLUMB_RETURN_IF_ERROR(impl_->CheckOutputs(outputs));
  PLUMB_RETURN_IF_ERROR(impl_->Load(inputs));
  impl_->Execute(tap);
  impl_->Store(outputs);
  return OkStatus();
}

}  // namespace plumb::npu
