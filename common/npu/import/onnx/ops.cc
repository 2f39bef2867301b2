#include "common/npu/import/onnx/ops.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/base/text.h"
#include "common/npu/import/onnx/fold.h"

namespace plumb::npu::onnx {
namespace {

std::array<std::span<const NamedConverter>, 12> Tables() {
  return {WindowConverters(),
          PointwiseConverters(),
          LayoutConverters(),
          SliceConverters(),
          MatrixConverters(),
          LogicConverters(),
          ReduceConverters(),
          NormalizationConverters(),
          SoftmaxConverters(),
          PadConverters(),
          GatherConverters(),
          QuantizedConverters()};
}

}  // namespace

Result<Value*> NodeView::Input(size_t index) const {
  if (!Has(index)) {
    return InvalidArgumentError("has no operand " + std::to_string(index));
  }
  return builder_.Find(node_.inputs[index]);
}

Result<ConstantPtr> NodeView::Known(size_t index) const {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, Input(index));
  if (!value->constant) {
    return UnimplementedError("needs '" + EscapeForDisplay(value->name) +
                              "' to be a constant, but the network computes it");
  }
  return value->constant;
}

Result<std::vector<int64_t>> NodeView::KnownIntegers(size_t index) const {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr constant, Known(index));
  if (constant->is_float) {
    return InvalidArgumentError("operand " + std::to_string(index) + " is not of integers");
  }
  return constant->integers;
}

Result<std::vector<float>> NodeView::KnownFloats(size_t index) const {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr constant, Known(index));
  if (!constant->is_float) {
    return InvalidArgumentError("operand " + std::to_string(index) + " is not of real numbers");
  }
  return constant->floats;
}

DataType NodeView::TypeOf(size_t index) const {
  const auto value = Has(index) ? Input(index) : Result<Value*>(nullptr);
  if (!value.ok() || *value == nullptr) {
    return DataType::kFloat;
  }
  if ((*value)->constant) {
    return (*value)->constant->is_float ? DataType::kFloat : DataType::kInt64;
  }
  const auto found = types_.find((*value)->name);
  return found == types_.end() ? DataType::kFloat : found->second;
}

const Attribute* NodeView::Find(std::string_view name) const {
  for (const Attribute& attribute : node_.attributes) {
    if (attribute.name == name) {
      return &attribute;
    }
  }
  return nullptr;
}

int64_t NodeView::Integer(std::string_view name, int64_t otherwise) const {
  const Attribute* const attribute = Find(name);
  return attribute != nullptr ? attribute->integer.value_or(otherwise) : otherwise;
}

float NodeView::Real(std::string_view name, float otherwise) const {
  const Attribute* const attribute = Find(name);
  return attribute != nullptr ? attribute->real.value_or(otherwise) : otherwise;
}

std::string NodeView::Text(std::string_view name, std::string_view otherwise) const {
  const Attribute* const attribute = Find(name);
  return attribute != nullptr && attribute->text ? *attribute->text : std::string(otherwise);
}

std::vector<int64_t> NodeView::Integers(std::string_view name) const {
  const Attribute* const attribute = Find(name);
  return attribute != nullptr ? attribute->integers : std::vector<int64_t>();
}

Result<std::vector<int64_t>> NodeView::IntegersOf(std::string_view name, size_t index) const {
  return Has(index) ? KnownIntegers(index) : Result<std::vector<int64_t>>(Integers(name));
}

Result<std::vector<int32_t>> NodeView::AxesOf(std::string_view name,
                                              size_t index,
                                              size_t rank) const {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, IntegersOf(name, index));
  std::vector<int32_t> wrapped;
  for (const int64_t axis : axes) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t normal, WrapAxis(axis, rank));
    wrapped.push_back(normal);
  }
  return wrapped;
}

Status NodeView::Make(Layout layout,
                      OpKind kind,
                      std::vector<uint32_t> inputs,
                      GraphOpAttributes attributes,
                      const Shape& declared) const {
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t tensor,
      builder_.Emit(output(), kind, std::move(inputs), std::move(attributes), declared, stored_));
  return builder_.Define(output(), tensor, layout);
}

Result<uint32_t> NodeView::Step(std::string_view suffix,
                                OpKind kind,
                                std::vector<uint32_t> inputs,
                                GraphOpAttributes attributes,
                                const Shape& declared) const {
  return builder_.Emit(NewName(suffix), kind, std::move(inputs), std::move(attributes), declared);
}

Result<uint32_t> NodeView::Scalar(std::string_view suffix, float value) const {
  return builder_.AddConstant(NewName(suffix), Shape{1}, {value});
}

Result<int32_t> Narrow(int64_t value) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return InvalidArgumentError("has the parameter " + std::to_string(value) +
                                ", which is out of range");
  }
  return static_cast<int32_t>(value);
}

ConvertNode FindConverter(std::string_view op) {
  for (const std::span<const NamedConverter> table : Tables()) {
    for (const NamedConverter& converter : table) {
      if (converter.op == op) {
        return converter.convert;
      }
    }
  }
  return nullptr;
}

std::vector<std::string> SupportedOperations() {
  std::vector<std::string> names = FoldedOperations();
  for (const std::span<const NamedConverter> table : Tables()) {
    for (const NamedConverter& converter : table) {
      if (converter.is_supported) {
        names.emplace_back(converter.op);
      }
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace plumb::npu::onnx
