#include "common/npu/import/onnx/fold.h"

#include <algorithm>

#include "common/npu/import/onnx/shapes.h"
#include "common/npu/import/permute.h"

namespace plumb::npu::onnx {
namespace {

using importing::Permute;

// Element `from` of one constant to the end of another of the same type.
void AppendElement(const Constant& source, size_t from, Constant& target) {
  if (source.is_float) {
    target.floats.push_back(source.floats[from]);
  } else {
    target.integers.push_back(source.integers[from]);
  }
}

Result<ConstantPtr> OfIntegers(const NodeView& node,
                               const Shape& shape,
                               std::vector<int64_t> values) {
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, false));
  result->integers = std::move(values);
  return ConstantPtr(std::move(result));
}

Shape Row(size_t count) {
  return Shape{static_cast<int64_t>(count)};
}

Result<ConstantPtr> FoldConstant(const NodeView& node) {
  if (const Attribute* const value = node.Find("value"); value != nullptr && value->tensor) {
    return value->tensor;
  }
  if (const Attribute* const number = node.Find("value_int")) {
    return OfIntegers(node, Shape{}, {number->integer.value_or(0)});
  }
  if (const Attribute* const numbers = node.Find("value_ints")) {
    return OfIntegers(node, Row(numbers->integers.size()), numbers->integers);
  }
  const Attribute* const number = node.Find("value_float");
  const Attribute* const numbers = node.Find("value_floats");
  if (number == nullptr && numbers == nullptr) {
    return UnimplementedError("holds no tensor, integers or real numbers");
  }
  const std::vector<float> values =
      number != nullptr ? std::vector<float>{number->real.value_or(0)} : numbers->reals;
  PLUMB_ASSIGN_OR_RETURN(auto result,
                         NewConstant(node, number != nullptr ? Shape{} : Row(values.size()), true));
  result->floats = values;
  return ConstantPtr(std::move(result));
}

Result<ConstantPtr> FoldConstantOfShape(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> dims, node.KnownIntegers(0));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  const Attribute* const attribute = node.Find("value");
  Constant value;
  value.floats = {0};
  if (attribute != nullptr && attribute->tensor) {
    value = *attribute->tensor;
  }
  if (value.size() != 1) {
    return InvalidArgumentError("fills with more than one value");
  }
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, value.is_float));
  const auto count = static_cast<size_t>(shape.element_count().value_or(0));
  if (value.is_float) {
    result->floats.assign(count, value.floats.front());
  } else {
    result->integers.assign(count, value.integers.front());
  }
  return ConstantPtr(std::move(result));
}

Result<ConstantPtr> FoldShape(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  const auto rank = static_cast<int64_t>(value->shape.rank());
  const auto place = [rank](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const int64_t start = place(node.Integer("start", 0));
  const int64_t end = place(node.Integer("end", rank));
  std::vector<int64_t> dims;
  for (int64_t axis = start; axis < end; ++axis) {
    dims.push_back(value->shape[static_cast<size_t>(axis)]);
  }
  const Shape shape = Row(dims.size());
  return OfIntegers(node, shape, std::move(dims));
}

Result<ConstantPtr> FoldSize(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  return OfIntegers(
      node, Shape{}, {static_cast<int64_t>(value->shape.element_count().value_or(0))});
}

Result<ConstantPtr> FoldIdentity(const NodeView& node) {
  return node.Known(0);
}

// True when no axis of its own decides how integers stand for reals.
bool OneScale(const Constant& constant) {
  return constant.stored && constant.stored->as.quantization.scales.size() == 1;
}

Result<ConstantPtr> FoldReshape(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, ReshapedShape(node, input->shape));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, input->is_float));
  result->floats = input->floats;
  result->integers = input->integers;
  result->type = input->type;
  result->stored = OneScale(*input) ? input->stored : nullptr;
  return ConstantPtr(std::move(result));
}

Result<ConstantPtr> FoldTranspose(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> permutation,
                         ReadPermutation(node, input->shape.rank()));
  std::vector<int64_t> dims;
  dims.reserve(permutation.size());
  for (const int32_t axis : permutation) {
    dims.push_back(input->shape[static_cast<size_t>(axis)]);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, input->is_float));
  result->floats = Permute<float>(input->floats, input->shape, permutation);
  result->integers = Permute<int64_t>(input->integers, input->shape, permutation);
  result->type = input->type;
  if (input->stored) {
    auto stored = std::make_shared<importing::StoredIntegers>(*input->stored);
    stored->values = Permute<int64_t>(stored->values, input->shape, permutation);
    const auto axis =
        std::find(permutation.begin(), permutation.end(), input->stored->as.quantization.axis);
    stored->as.quantization.axis = static_cast<int32_t>(axis - permutation.begin());
    result->stored = std::move(stored);
  }
  return ConstantPtr(std::move(result));
}

// A tensor as `outer` blocks of `axis` rows of `inner` elements.
struct Blocks {
  size_t outer = 1;
  size_t axis = 1;
  size_t inner = 1;
};

Blocks SplitAt(const Shape& shape, int32_t axis) {
  Blocks blocks;
  for (size_t i = 0; i < shape.rank(); ++i) {
    const auto dim = static_cast<size_t>(shape[i]);
    const auto here = static_cast<size_t>(axis);
    (i < here ? blocks.outer : i == here ? blocks.axis : blocks.inner) *= dim;
  }
  return blocks;
}

Result<ConstantPtr> FoldGather(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr places, node.Known(1));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", 0), input->shape.rank()));
  const auto at = static_cast<std::ptrdiff_t>(axis);
  std::vector<int64_t> dims(input->shape.dims().begin(), input->shape.dims().begin() + at);
  dims.insert(dims.end(), places->shape.dims().begin(), places->shape.dims().end());
  dims.insert(dims.end(), input->shape.dims().begin() + at + 1, input->shape.dims().end());
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, input->is_float));
  const Blocks blocks = SplitAt(input->shape, axis);
  for (size_t outer = 0; outer < blocks.outer && result->size() < shape.element_count(); ++outer) {
    for (const int64_t given : places->integers) {
      PLUMB_ASSIGN_OR_RETURN(const int32_t place, WrapAxis(given, blocks.axis));
      const size_t row = outer * blocks.axis + static_cast<size_t>(place);
      for (size_t i = 0; i < blocks.inner; ++i) {
        AppendElement(*input, row * blocks.inner + i, *result);
      }
    }
  }
  if (places->is_float || result->size() != shape.element_count()) {
    return InvalidArgumentError("gathers by something else than integers");
  }
  return ConstantPtr(std::move(result));
}

Result<ConstantPtr> FoldSlice(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<SliceAxis> slices, ReadSlices(node, input->shape));
  std::vector<int64_t> dims;
  dims.reserve(slices.size());
  for (const SliceAxis& slice : slices) {
    dims.push_back(slice.size);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, input->is_float));
  const uint64_t count = shape.element_count().value_or(0);
  for (uint64_t flat = 0; flat < count; ++flat) {
    const auto place = shape.Unravel(flat);
    int64_t from = 0;
    for (size_t axis = 0; axis < slices.size(); ++axis) {
      from = from * input->shape[axis] + slices[axis].begin + place.at(axis) * slices[axis].step;
    }
    AppendElement(*input, static_cast<size_t>(from), *result);
  }
  return ConstantPtr(std::move(result));
}

Status CheckJoins(const Shape& first, const Constant& part, bool is_float, int32_t axis) {
  bool fits = part.shape.rank() == first.rank() && part.is_float == is_float;
  for (size_t i = 0; fits && i < first.rank(); ++i) {
    fits = i == static_cast<size_t>(axis) || part.shape[i] == first[i];
  }
  return fits ? OkStatus()
              : InvalidArgumentError("cannot join " + part.shape.ToString() + " to " +
                                     first.ToString());
}

Result<ConstantPtr> FoldConcat(const NodeView& node) {
  std::vector<ConstantPtr> parts;
  for (size_t i = 0; i < node.input_count(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(ConstantPtr part, node.Known(i));
    parts.push_back(std::move(part));
  }
  if (parts.empty()) {
    return InvalidArgumentError("joins nothing");
  }
  const Shape first = parts.front()->shape;
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, WrapAxis(node.Integer("axis", 1), first.rank()));
  std::vector<int64_t> dims(first.dims().begin(), first.dims().end());
  dims[static_cast<size_t>(axis)] = 0;
  for (const ConstantPtr& part : parts) {
    PLUMB_RETURN_IF_ERROR(CheckJoins(first, *part, parts.front()->is_float, axis));
    dims[static_cast<size_t>(axis)] += part->shape[static_cast<size_t>(axis)];
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, parts.front()->is_float));
  const size_t outer = SplitAt(first, axis).outer;
  for (size_t block = 0; block < outer && result->size() < shape.element_count(); ++block) {
    for (const ConstantPtr& part : parts) {
      const size_t run = part->size() / outer;
      for (size_t i = 0; i < run; ++i) {
        AppendElement(*part, block * run + i, *result);
      }
    }
  }
  return ConstantPtr(std::move(result));
}

constexpr NamedFold kFolds[] = {
    {"Concat", FoldConcat},
    {"Constant", FoldConstant},
    {"ConstantOfShape", FoldConstantOfShape},
    {"Flatten", FoldReshape},
    {"Gather", FoldGather},
    {"Identity", FoldIdentity},
    {"Reshape", FoldReshape},
    {"Shape", FoldShape},
    {"Size", FoldSize},
    {"Slice", FoldSlice},
    {"Squeeze", FoldReshape},
    {"Transpose", FoldTranspose},
    {"Unsqueeze", FoldReshape},
};

const NamedFold* FindFold(std::string_view op) {
  for (const std::span<const NamedFold> table :
       {MovingFolds(), ArithmeticFolds(), QuantizedFolds()}) {
    for (const NamedFold& fold : table) {
      if (fold.op == op) {
        return &fold;
      }
    }
  }
  return nullptr;
}

}  // namespace

std::span<const NamedFold> MovingFolds() {
  return kFolds;
}

Result<std::shared_ptr<Constant>> NewConstant(const NodeView& node,
                                              const Shape& shape,
                                              bool is_float) {
  PLUMB_RETURN_IF_ERROR(
      node.graph().Spend(shape.element_count().value_or(kMaxConstantElements + 1)));
  auto constant = std::make_shared<Constant>();
  constant->shape = shape;
  constant->is_float = is_float;
  return constant;
}

bool CanFold(const NodeView& node) {
  if (FindFold(node.op()) == nullptr) {
    return false;
  }
  if (node.op() == "Shape" || node.op() == "Size") {
    return true;
  }
  for (size_t i = 0; i < node.input_count(); ++i) {
    if (node.Has(i) && !node.Known(i).ok()) {
      return false;
    }
  }
  return true;
}

Result<ConstantPtr> Fold(const NodeView& node) {
  return FindFold(node.op())->fold(node);
}

std::vector<std::string> FoldedOperations() {
  std::vector<std::string> names;
  for (const std::span<const NamedFold> table :
       {MovingFolds(), ArithmeticFolds(), QuantizedFolds()}) {
    for (const NamedFold& fold : table) {
      names.emplace_back(fold.op);
    }
  }
  return names;
}

}  // namespace plumb::npu::onnx
