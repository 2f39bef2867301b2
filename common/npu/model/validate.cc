#include "common/npu/model/validate.h"

#include <cmath>

#include "common/base/text.h"
#include "common/npu/model/compile.h"
#include "common/npu/model/op_checker.h"

namespace plumb::npu {
namespace {

constexpr size_t kMaxEnds = 64;  // inputs, outputs, and inputs of one operation but Concat
constexpr size_t kMaxOpInputs = 1024;
constexpr size_t kMaxFused = 16384;  // as many tensors as a graph may have

Status Bad(std::string what) {
  return InvalidArgumentError(std::move(what));
}

std::string Called(const std::string& what, const std::string& name) {
  return what + " '" + EscapeForDisplay(name) + "'";
}

Status CheckShape(const Shape& shape) {
  if (shape.rank() > kMaxModelRank) {
    return Bad("its rank is above " + std::to_string(kMaxModelRank));
  }
  for (const int64_t dim : shape.dims()) {
    if (dim < 1) {
      return Bad("its shape " + shape.ToString() + " is empty");
    }
  }
  const auto count = shape.element_count();
  return count && *count <= kMaxTensorElements
             ? OkStatus()
             : Bad("its shape " + shape.ToString() + " is too large");
}

Status CheckTensor(const FixedTensor& tensor) {
  if (!IsSafeName(tensor.name)) {
    return Bad("its name is not a safe name");
  }
  const ElementType type = tensor.element_type;
  const Clamp range = StoredRange(type);
  if (range.low == range.high) {
    return Bad("its element type is neither u8, s8 nor s16");
  }
  PLUMB_RETURN_IF_ERROR(CheckShape(tensor.shape));
  if (!(tensor.scale > 0) || !std::isfinite(static_cast<float>(tensor.scale)) ||
      static_cast<float>(tensor.scale) == 0) {
    return Bad("its scale is not a positive number");
  }
  const bool symmetric = type == ElementType::kInt16;
  if (tensor.zero_point < range.low || tensor.zero_point > range.high ||
      (symmetric && tensor.zero_point != 0)) {
    return Bad("its zero point of " + std::to_string(tensor.zero_point) +
               " is not one of its type");
  }
  if (!tensor.constant.empty() && tensor.constant.size() != CountOf(tensor) * ElementSize(type)) {
    return Bad("its constant does not have the size of its shape");
  }
  return OkStatus();
}

// Follows execution: what has a value, and that nothing gets two.
class Flow {
 public:
  explicit Flow(const FixedModel& model) : model_(model), known_(model.tensors.size(), false) {
    for (size_t i = 0; i < known_.size(); ++i) {
      known_[i] = !model.tensors[i].constant.empty();
    }
  }

  Status Define(uint32_t tensor) {
    if (tensor >= known_.size()) {
      return Bad("tensor " + std::to_string(tensor) + " does not exist");
    }
    if (known_[tensor]) {
      return Bad("tensor '" + EscapeForDisplay(model_.tensors[tensor].name) +
                 "' would get a second value");
    }
    known_[tensor] = true;
    return OkStatus();
  }

  [[nodiscard]] Status Use(uint32_t tensor) const {
    return tensor < known_.size() && known_[tensor]
               ? OkStatus()
               : Bad("tensor " + std::to_string(tensor) + " has no value at this point");
  }

 private:
  const FixedModel& model_;
  std::vector<bool> known_;
};

Status CheckInput(const FixedModel& model, const ModelInput& input) {
  bool finite = input.std_dev > 0 && std::isfinite(input.std_dev);
  for (const double mean : input.mean) {
    finite = finite && std::isfinite(mean);
  }
  if (!finite || InputFormatName(input.training_format).empty()) {
    return Bad("its training format, mean or std_dev is not valid");
  }
  if (!IsPictureFormat(input.training_format)) {
    return OkStatus();
  }
  // A picture input must have the shape and type of one, or reading pixels would leave it.
  return DescribeInput(model, input, input.training_format, Family::kS3).status();
}

Status CheckOp(const FixedModel& model, const FixedOp& op, Flow& flow) {
  if (!IsSafeName(op.name) || !IsSafeName(op.source_op)) {
    return Bad("its name or kind is not a safe name");
  }
  if (op.inputs.empty() || op.inputs.size() > kMaxOpInputs) {
    return Bad("it has " + std::to_string(op.inputs.size()) + " inputs");
  }
  for (const uint32_t input : op.inputs) {
    PLUMB_RETURN_IF_ERROR(flow.Use(input));
  }
  PLUMB_RETURN_IF_ERROR(flow.Define(op.output));
  return OpChecker(model, op).Check();
}

Status CheckChip(const FixedModel& model, const ChipSection& chip) {
  if (chip.inputs.size() != model.inputs.size() || chip.outputs.size() != model.outputs.size()) {
    return Bad("it does not describe every input and output");
  }
  if (chip.batch == 0 || chip.batch > kMaxBatch) {
    return Bad("a batch of " + std::to_string(chip.batch) + " is not 1 to " +
               std::to_string(kMaxBatch));
  }
  for (size_t i = 0; i < chip.inputs.size(); ++i) {
    const ChipInput& input = chip.inputs[i];
    PLUMB_ASSIGN_OR_RETURN(const TensorDesc desc,
                           DescribeInput(model, model.inputs[i], input.format, chip.family));
    if (!(desc == input.desc)) {
      return Bad("the descriptor of input " + std::to_string(i) + " contradicts the model");
    }
  }
  for (size_t i = 0; i < chip.outputs.size(); ++i) {
    const ChipOutput& output = chip.outputs[i];
    PLUMB_ASSIGN_OR_RETURN(
        const TensorDesc desc,
        DescribeOutput(model.tensors[model.outputs[i]], output.dequantize, chip.family));
    if (!(desc == output.desc)) {
      return Bad("the descriptor of output " + std::to_string(i) + " contradicts the model");
    }
  }
  return OkStatus();
}

Status CheckCounts(const FixedModel& model) {
  if (model.tensors.size() > kMaxTensors || model.ops.size() > kMaxOps) {
    return Bad("more than " + std::to_string(kMaxTensors) + " tensors or " +
               std::to_string(kMaxOps) + " operations");
  }
  if (model.inputs.empty() || model.inputs.size() > kMaxEnds || model.outputs.empty() ||
      model.outputs.size() > kMaxEnds) {
    return Bad("1…" + std::to_string(kMaxEnds) + " inputs and outputs are allowed");
  }
  return OkStatus();
}

Status CheckInputs(const FixedModel& model, Flow& flow) {
  for (const ModelInput& input : model.inputs) {
    PLUMB_RETURN_IF_ERROR(flow.Define(input.tensor));
    PLUMB_RETURN_IF_ERROR(
        CheckInput(model, input).Annotate(Called("input", model.tensors[input.tensor].name)));
  }
  return OkStatus();
}

Status CheckOps(const FixedModel& model, Flow& flow) {
  for (size_t i = 0; i < model.ops.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(
        CheckOp(model, model.ops[i], flow)
            .Annotate(Called("operation " + std::to_string(i), model.ops[i].name)));
  }
  return OkStatus();
}

Status CheckGraph(const FixedModel& model) {
  Flow flow(model);
  PLUMB_RETURN_IF_ERROR(CheckInputs(model, flow));
  PLUMB_RETURN_IF_ERROR(CheckOps(model, flow));
  for (const uint32_t output : model.outputs) {
    PLUMB_RETURN_IF_ERROR(flow.Use(output));
  }
  return OkStatus();
}

Status CheckTensors(const FixedModel& model) {
  uint64_t total = 0;
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(
        CheckTensor(model.tensors[i])
            .Annotate(Called("tensor " + std::to_string(i), model.tensors[i].name)));
    total += CountOf(model.tensors[i]);
  }
  return total <= kMaxModelElements ? OkStatus()
                                    : Bad("its tensors hold " + std::to_string(total) +
                                          " elements together, too many to run");
}

Status CheckFused(const FixedModel& model) {
  if (model.fused.size() > kMaxFused) {
    return Bad("it lists more than " + std::to_string(kMaxFused) + " fused layers");
  }
  for (const FusedLayer& layer : model.fused) {
    if (!IsSafeName(layer.name) || layer.into >= model.tensors.size()) {
      return Bad("a fused layer has no safe name or a tensor that does not exist");
    }
  }
  return OkStatus();
}

}  // namespace

Status ValidateModel(const FixedModel& model) {
  PLUMB_RETURN_IF_ERROR(CheckCounts(model));
  if (!IsSafeName(model.name) || RoundingProfileName(model.rounding).empty()) {
    return Bad("the model's name or rounding profile is not valid");
  }
  PLUMB_RETURN_IF_ERROR(CheckTensors(model));
  PLUMB_RETURN_IF_ERROR(CheckGraph(model));
  PLUMB_RETURN_IF_ERROR(CheckFused(model));
  return model.chip ? CheckChip(model, *model.chip).Annotate("chip section") : OkStatus();
}

}  // namespace plumb::npu
