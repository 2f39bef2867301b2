#include <array>

#include "common/base/text.h"
#include "common/npu/import/onnx/ops.h"
#include "common/npu/import/permute.h"

namespace plumb::npu::onnx {

using importing::Permute;
using importing::StoredIntegers;

namespace {

Result<uint32_t> AddStoredMatrix(const NodeView& node, const Value& value, bool transposed) {
  constexpr std::array<int32_t, 2> kTurned = {1, 0};
  StoredIntegers stored = *value.constant->stored;
  GraphQuantization& quantization = stored.as.quantization;
  if (quantization.scales.size() > 1 && quantization.axis != (transposed ? 0 : 1)) {
    return UnimplementedError("has a matrix with a scale for each row")
        .WithHint("quantise weights per output channel or per tensor");
  }
  quantization.axis = 0;
  const Shape& s = value.shape;
  if (transposed) {
    return node.graph().AddStored(value.name, s, stored);
  }
  stored.values = Permute<int64_t>(stored.values, s, kTurned);
  return node.graph().AddStored(value.name, Shape{s[1], s[0]}, stored);
}

// [in][out] to [out][in], each times `factor`.
Result<uint32_t> AddMatrix(const NodeView& node, bool transposed, float factor) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(1));
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, node.KnownFloats(1));
  if (value->shape.rank() != 2) {
    return UnimplementedError("multiplies by '" + EscapeForDisplay(value->name) + "' of " +
                              value->shape.ToString() + "; a constant matrix is supported");
  }
  if (value->constant->stored && factor == 1) {
    return AddStoredMatrix(node, *value, transposed);
  }
  Shape shape = value->shape;
  if (!transposed) {
    constexpr std::array<int32_t, 2> kTurned = {1, 0};
    values = Permute<float>(values, value->shape, kTurned);
    shape = Shape{value->shape[1], value->shape[0]};
  }
  for (float& element : values) {
    element *= factor;
  }
  return node.graph().AddConstant(value->name, shape, std::move(values));
}

// Of `input` times the constant matrix [out][in].
Result<Shape> ProductShape(const Shape& input, const Shape& weights) {
  if (input.rank() < 1 || input.innermost() != weights[1]) {
    return InvalidArgumentError("multiplies " + input.ToString() + " by a matrix of " +
                                std::to_string(weights[1]) + " rows");
  }
  std::vector<int64_t> dims(input.dims().begin(), input.dims().end());
  dims.back() = weights[0];
  return Shape::Create(dims);
}

// A vector as a matrix of one row (the first operand) or one column.
Result<uint32_t> AsMatrix(const NodeView& node, Value& value, bool row) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, node.graph().Use(value, Layout::kPlain));
  const Shape shape = node.graph().ShapeOf(tensor);
  if (shape.rank() != 1) {
    return tensor;
  }
  const Shape matrix = row ? Shape{1, shape[0]} : Shape{shape[0], 1};
  return node.Step(row ? "row" : "column", OpKind::kReshape, {tensor}, {}, matrix);
}

// Any two operands; what was a vector leaves no axis behind.
Status MakeProduct(const NodeView& node, Value& a, Value& b) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t left, AsMatrix(node, a, true));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t right, AsMatrix(node, b, false));
  const bool row = a.shape.rank() == 1;
  const bool column = b.shape.rank() == 1;
  if (!row && !column) {
    return node.Make(Layout::kPlain, OpKind::kBatchMatMul, {left, right});
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t product,
                         node.Step("product", OpKind::kBatchMatMul, {left, right}));
  const Shape whole = node.graph().ShapeOf(product);
  std::vector<int64_t> dims(whole.dims().begin(), whole.dims().end() - 2);
  if (!row) {
    dims.push_back(whole[whole.rank() - 2]);
  }
  if (!column) {
    dims.push_back(whole.innermost());
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  return node.Make(Layout::kPlain, OpKind::kReshape, {product}, {}, shape);
}

Status ConvertMatMul(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(Value* const factor, node.Input(1));
  if (!factor->constant || factor->shape.rank() != 2 || value->constant) {
    return MakeProduct(node, *value, *factor);
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t matrix, AddMatrix(node, false, 1));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape,
                         ProductShape(value->shape, node.graph().ShapeOf(matrix)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPlain));
  return node.Make(Layout::kPlain, OpKind::kFullyConnected, {input, matrix}, {}, shape);
}

// A row of integers: several scales are along its only axis.
StoredIntegers WithoutAxes(StoredIntegers stored) {
  stored.as.quantization.axis = 0;
  return stored;
}

// The constant third operand of Gemm, a number or one for each column.
Result<uint32_t> GemmBias(const NodeView& node, int64_t columns) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(2));
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, node.KnownFloats(2));
  if (values.size() == 1) {
    PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(columns)));
    values.assign(static_cast<size_t>(columns), values.front());
  }
  const float beta = node.Real("beta", 1);
  if (value->constant->stored && beta == 1 && value->shape.element_count() != 1U) {
    return node.graph().AddStored(
        value->name, Shape{columns}, WithoutAxes(*value->constant->stored));
  }
  for (float& element : values) {
    element *= beta;
  }
  return node.graph().AddConstant(value->name, Shape{columns}, std::move(values));
}

// The first operand as rows, turned when the node says so.
Result<uint32_t> GemmRows(const NodeView& node, size_t index, std::string_view turn) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(index));
  if (value->shape.rank() != 2) {
    return UnimplementedError("multiplies " + value->shape.ToString() + "; matrices are supported");
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, node.graph().Use(*value, Layout::kPlain));
  if (node.Integer(turn, 0) == 0) {
    return tensor;
  }
  return node.Step("turned", OpKind::kTranspose, {tensor}, TransposeAttributes{{1, 0}});
}

// alpha · A · B + beta · C of operands that the network computes, step by step.
Status ComputedGemm(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t a, GemmRows(node, 0, "transA"));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t b, GemmRows(node, 1, "transB"));
  PLUMB_ASSIGN_OR_RETURN(uint32_t product, node.Step("product", OpKind::kBatchMatMul, {a, b}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t alpha, node.Scalar("alpha", node.Real("alpha", 1)));
  if (!node.Has(2)) {
    return node.Make(Layout::kPlain, OpKind::kMul, {product, alpha});
  }
  PLUMB_ASSIGN_OR_RETURN(product, node.Step("scaled", OpKind::kMul, {product, alpha}));
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(2));
  PLUMB_ASSIGN_OR_RETURN(uint32_t c, node.graph().Use(*value, Layout::kPlain));
  if (node.Real("beta", 1) != 1) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t beta, node.Scalar("beta", node.Real("beta", 1)));
    PLUMB_ASSIGN_OR_RETURN(c, node.Step("offset", OpKind::kMul, {c, beta}));
  }
  return node.Make(Layout::kPlain, OpKind::kAdd, {product, c});
}

// True when the product is one with constant rows and a bias for each column.
bool HasConstantColumns(const NodeView& node) {
  const auto b = node.Input(1);
  const auto c = node.Has(2) ? node.Input(2) : b;
  if (!b.ok() || !c.ok() || !(*b)->constant || (*b)->shape.rank() != 2 || !(*c)->constant) {
    return false;
  }
  const int64_t columns = (*b)->shape[node.Integer("transB", 0) != 0 ? 0 : 1];
  const Shape& bias = (*c)->shape;
  const auto count = bias.element_count();
  return !node.Has(2) || count == 1U ||
         (count == static_cast<uint64_t>(columns) && bias.innermost() == columns);
}

Status ConvertGemm(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  if (!HasConstantColumns(node) || value->constant) {
    return ComputedGemm(node);
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, GemmRows(node, 0, "transA"));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t matrix,
                         AddMatrix(node, node.Integer("transB", 0) != 0, node.Real("alpha", 1)));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape,
                         ProductShape(node.graph().ShapeOf(input), node.graph().ShapeOf(matrix)));
  std::vector<uint32_t> operands = {input, matrix};
  if (node.Has(2)) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t bias, GemmBias(node, shape[1]));
    operands.push_back(bias);
  }
  return node.Make(Layout::kPlain, OpKind::kFullyConnected, std::move(operands), {}, shape);
}

// Each element plus all before it along an axis: a product with a triangle of ones.
Status ConvertCumSum(const NodeView& node) {
  constexpr int64_t kMost = 4096;
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> given, node.KnownIntegers(1));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(given.empty() ? 0 : given.front(), value->shape.rank()));
  const int64_t size = value->shape[static_cast<size_t>(axis)];
  if (size > kMost || static_cast<size_t>(axis) + 2 < value->shape.rank()) {
    return UnimplementedError("adds up " + std::to_string(size) + " elements along axis " +
                              std::to_string(axis) + "; 4096 of the last two axes are supported");
  }
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(size * size)));
  const int64_t own = node.Integer("exclusive", 0) != 0 ? 1 : 0;
  const bool last = static_cast<size_t>(axis) + 1 == value->shape.rank();
  // Along the last axis the triangle stands on the right, before it on the left.
  const bool upper = last != (node.Integer("reverse", 0) != 0);
  std::vector<float> ones;
  for (int64_t i = 0; i < size * size; ++i) {
    const int64_t distance = upper ? i % size - i / size : i / size - i % size;
    ones.push_back(distance >= own ? 1.0F : 0.0F);
  }
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t triangle,
      node.graph().AddConstant(node.NewName("triangle"), Shape{size, size}, std::move(ones)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t x, AsMatrix(node, *value, true));
  if (value->shape.rank() != 1) {
    return node.Make(Layout::kPlain,
                     OpKind::kBatchMatMul,
                     last ? std::vector{x, triangle} : std::vector{triangle, x});
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sums,
                         node.Step("sums", OpKind::kBatchMatMul, {x, triangle}));
  return node.Make(Layout::kPlain, OpKind::kReshape, {sums}, {}, value->shape);
}

constexpr NamedConverter kConverters[] = {
    {"CumSum", ConvertCumSum},
    {"Gemm", ConvertGemm},
    {"MatMul", ConvertMatMul},
};

}  // namespace

std::span<const NamedConverter> MatrixConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
