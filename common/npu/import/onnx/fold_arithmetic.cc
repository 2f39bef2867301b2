#include <cmath>
#include <limits>

#include "common/npu/graph/infer.h"
#include "common/npu/import/onnx/fold.h"

namespace plumb::npu::onnx {
namespace {

Status Overflow() {
  return InvalidArgumentError("overflows or divides by zero");
}

Result<int64_t> Compute(std::string_view op, int64_t a, int64_t b) {
  int64_t result = 0;
  if (op == "Add"   ? __builtin_add_overflow(a, b, &result)
      : op == "Sub" ? __builtin_sub_overflow(a, b, &result)
      : op == "Mul" ? __builtin_mul_overflow(a, b, &result)
                    : b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min())) {
    return Overflow();
  }
  return op == "Div" ? a / b : result;
}

float Compute(std::string_view op, float a, float b) {
  if (op == "Add") {
    return a + b;
  }
  if (op == "Sub") {
    return a - b;
  }
  return op == "Mul" ? a * b : a / b;
}

// Where element `flat` of a result of `shape` takes its operand of `operand` from.
size_t BroadcastPlace(const Shape& shape, uint64_t flat, const Shape& operand) {
  const auto place = shape.Unravel(flat);
  const size_t missing = shape.rank() - operand.rank();
  int64_t from = 0;
  for (size_t axis = 0; axis < operand.rank(); ++axis) {
    from = from * operand[axis] + (operand[axis] == 1 ? 0 : place.at(axis + missing));
  }
  return static_cast<size_t>(from);
}

Result<ConstantPtr> FoldBinary(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr a, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr b, node.Known(1));
  if (a->is_float != b->is_float || a->size() == 0 || b->size() == 0) {
    return InvalidArgumentError("takes operands of different types or without elements");
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, BroadcastShape(a->shape, b->shape));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, a->is_float));
  const uint64_t count = shape.element_count().value_or(0);
  for (uint64_t flat = 0; flat < count; ++flat) {
    const size_t left = BroadcastPlace(shape, flat, a->shape);
    const size_t right = BroadcastPlace(shape, flat, b->shape);
    if (a->is_float) {
      result->floats.push_back(Compute(node.op(), a->floats[left], b->floats[right]));
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(const int64_t element,
                           Compute(node.op(), a->integers[left], b->integers[right]));
    result->integers.push_back(element);
  }
  return ConstantPtr(std::move(result));
}

template <class T>
bool Compare(std::string_view op, T a, T b) {
  return op == "Equal" ? a == b : op == "Less" ? a < b : a > b;
}

// Exporters compare shapes to find out what is left open.
Result<ConstantPtr> FoldComparison(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr a, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr b, node.Known(1));
  if (a->is_float != b->is_float || a->size() == 0 || b->size() == 0) {
    return InvalidArgumentError("compares operands of different types or without elements");
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, BroadcastShape(a->shape, b->shape));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, false));
  const uint64_t count = shape.element_count().value_or(0);
  for (uint64_t flat = 0; flat < count; ++flat) {
    const size_t left = BroadcastPlace(shape, flat, a->shape);
    const size_t right = BroadcastPlace(shape, flat, b->shape);
    const bool holds = a->is_float ? Compare(node.op(), a->floats[left], b->floats[right])
                                   : Compare(node.op(), a->integers[left], b->integers[right]);
    result->integers.push_back(holds ? 1 : 0);
  }
  return ConstantPtr(std::move(result));
}

Result<ConstantPtr> FoldWhere(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr condition, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr a, node.Known(1));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr b, node.Known(2));
  if (a->is_float != b->is_float || condition->is_float || a->size() == 0 || b->size() == 0 ||
      condition->size() == 0) {
    return InvalidArgumentError("chooses between different types or nothing");
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape values, BroadcastShape(a->shape, b->shape));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, BroadcastShape(condition->shape, values));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, a->is_float));
  const uint64_t count = shape.element_count().value_or(0);
  for (uint64_t flat = 0; flat < count; ++flat) {
    const bool first = condition->integers[BroadcastPlace(shape, flat, condition->shape)] != 0;
    const Constant& from = first ? *a : *b;
    const size_t place = BroadcastPlace(shape, flat, from.shape);
    if (a->is_float) {
      result->floats.push_back(from.floats[place]);
    } else {
      result->integers.push_back(from.integers[place]);
    }
  }
  return ConstantPtr(std::move(result));
}

Result<ConstantPtr> FoldNeg(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, input->shape, input->is_float));
  for (const float value : input->floats) {
    result->floats.push_back(-value);
  }
  for (const int64_t value : input->integers) {
    if (value == std::numeric_limits<int64_t>::min()) {
      return Overflow();
    }
    result->integers.push_back(-value);
  }
  return ConstantPtr(std::move(result));
}

// Towards zero; a bool is 0 or 1.
Result<int64_t> Truncate(float value, DataType to) {
  constexpr float kLimit = 9.2e18F;
  if (!(std::fabs(value) < kLimit)) {
    return Overflow();
  }
  return to == DataType::kBool ? static_cast<int64_t>(value != 0) : static_cast<int64_t>(value);
}

int64_t CastInteger(int64_t value, DataType to) {
  switch (to) {
    case DataType::kBool:
      return static_cast<int64_t>(value != 0);
    case DataType::kInt32:
      return static_cast<int32_t>(value);
    default:
      return value;
  }
}

Status CastToIntegers(const Constant& input, DataType to, std::vector<int64_t>* integers) {
  for (size_t i = 0; i < input.size(); ++i) {
    int64_t element = 0;
    if (input.is_float) {
      PLUMB_ASSIGN_OR_RETURN(element, Truncate(input.floats[i], to));
    } else {
      element = input.integers[i];
    }
    integers->push_back(CastInteger(element, to));
  }
  return OkStatus();
}

Result<ConstantPtr> FoldCast(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  const auto to = static_cast<DataType>(node.Integer("to", 0));
  const bool is_float = to == DataType::kFloat || to == DataType::kDouble;
  const bool is_integer = to == DataType::kInt64 || to == DataType::kInt32 || to == DataType::kBool;
  if (!is_float && !is_integer) {
    return UnimplementedError("casts a constant to another type than float, int32, int64 or bool");
  }
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, input->shape, is_float));
  if (!is_float) {
    PLUMB_RETURN_IF_ERROR(CastToIntegers(*input, to, &result->integers));
  } else if (input->is_float) {
    result->floats = input->floats;
  } else {
    for (const int64_t element : input->integers) {
      result->floats.push_back(static_cast<float>(element));
    }
  }
  return ConstantPtr(std::move(result));
}

Result<ConstantPtr> FoldRounding(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<float> values, node.KnownFloats(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, input->shape, true));
  for (const float value : values) {
    result->floats.push_back(node.op() == "Floor" ? std::floor(value) : std::ceil(value));
  }
  return ConstantPtr(std::move(result));
}

Result<int64_t> OneInteger(const NodeView& node, size_t index) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> values, node.KnownIntegers(index));
  return values.size() == 1 ? Result<int64_t>(values.front())
                            : InvalidArgumentError("needs single numbers");
}

Result<ConstantPtr> FoldRange(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const int64_t start, OneInteger(node, 0));
  PLUMB_ASSIGN_OR_RETURN(const int64_t limit, OneInteger(node, 1));
  PLUMB_ASSIGN_OR_RETURN(const int64_t step, OneInteger(node, 2));
  constexpr int64_t kFar = int64_t{1} << 40U;
  if (step == 0 || std::abs(start / 2) > kFar || std::abs(limit / 2) > kFar ||
      std::abs(step / 2) > kFar) {
    return Overflow();
  }
  const int64_t span = limit - start;
  const int64_t count =
      (span > 0) == (step > 0) && span != 0 ? (span + step + (step > 0 ? -1 : 1)) / step : 0;
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(std::span(&count, 1)));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, shape, false));
  for (int64_t i = 0; i < count; ++i) {
    result->integers.push_back(start + i * step);
  }
  return ConstantPtr(std::move(result));
}

constexpr NamedFold kFolds[] = {
    {"Add", FoldBinary},
    {"Cast", FoldCast},
    {"Ceil", FoldRounding},
    {"Div", FoldBinary},
    {"Equal", FoldComparison},
    {"Floor", FoldRounding},
    {"Greater", FoldComparison},
    {"Less", FoldComparison},
    {"Mul", FoldBinary},
    {"Neg", FoldNeg},
    {"Range", FoldRange},
    {"Sub", FoldBinary},
    {"Where", FoldWhere},
};

}  // namespace

std::span<const NamedFold> ArithmeticFolds() {
  return kFolds;
}

}  // namespace plumb::npu::onnx
