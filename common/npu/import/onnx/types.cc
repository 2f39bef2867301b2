#include "common/npu/import/onnx/types.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "common/base/text.h"
#include "common/npu/import/onnx/tensor.h"

namespace plumb::npu::onnx {
namespace {

// Whose results are no larger than their operands, or only say yes or no.
constexpr std::string_view kSafeForIntegers[] = {
    "And",
    "ArgMax",
    "ArgMin",
    "Cast",
    "CastLike",
    "Clip",
    "Concat",
    "ConvInteger",
    "DepthToSpace",
    "DequantizeLinear",
    "Equal",
    "Expand",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "Greater",
    "GreaterOrEqual",
    "Hardmax",
    "Identity",
    "Less",
    "LessOrEqual",
    "MatMulInteger",
    "Max",
    "MaxPool",
    "Min",
    "Mod",
    "Not",
    "OneHot",
    "Or",
    "Pad",
    "com.microsoft.QLinearAveragePool",
    "com.microsoft.QLinearGlobalAveragePool",
    "com.microsoft.QLinearLeakyRelu",
    "com.microsoft.QLinearMul",
    "com.microsoft.QLinearSigmoid",
    "QLinearConv",
    "QLinearMatMul",
    "ReduceMax",
    "ReduceMin",
    "Relu",
    "Reshape",
    "Sign",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Where",
    "Xor",
    "com.microsoft.QLinearAdd",
};

// Operations of operator sets before 7 that mean what set 7 makes of them, and since when.
struct OldMeaning {
  std::string_view op;
  int64_t since;
};

constexpr OldMeaning kOldMeanings[] = {
    {"Abs", 1},
    {"Add", 1},
    {"AveragePool", 1},
    {"Cast", 6},
    {"Ceil", 1},
    {"Clip", 1},
    {"Concat", 1},
    {"Constant", 1},
    {"Conv", 1},
    {"ConvTranspose", 1},
    {"DepthToSpace", 1},
    {"Div", 1},
    {"Dropout", 1},
    {"Elu", 1},
    {"Exp", 1},
    {"Flatten", 1},
    {"Floor", 1},
    {"Gather", 1},
    {"GlobalAveragePool", 1},
    {"GlobalMaxPool", 1},
    {"HardSigmoid", 1},
    {"Identity", 1},
    {"InstanceNormalization", 1},
    {"LRN", 1},
    {"LeakyRelu", 1},
    {"Log", 1},
    {"LogSoftmax", 1},
    {"LpNormalization", 1},
    {"MatMul", 1},
    {"Max", 1},
    {"MaxPool", 1},
    {"Mean", 1},
    {"Min", 1},
    {"Mul", 1},
    {"Neg", 1},
    {"Not", 1},
    {"PRelu", 7},
    {"Pad", 2},
    {"Reciprocal", 1},
    {"ReduceL1", 1},
    {"ReduceL2", 1},
    {"ReduceLogSum", 1},
    {"ReduceLogSumExp", 1},
    {"ReduceMax", 1},
    {"ReduceMean", 1},
    {"ReduceMin", 1},
    {"ReduceProd", 1},
    {"ReduceSum", 1},
    {"ReduceSumSquare", 1},
    {"Relu", 1},
    {"Reshape", 1},
    {"Selu", 1},
    {"Shape", 1},
    {"Sigmoid", 1},
    {"Size", 1},
    {"Slice", 1},
    {"Softmax", 1},
    {"Softplus", 1},
    {"Softsign", 1},
    {"SpaceToDepth", 1},
    {"Split", 2},
    {"Sqrt", 1},
    {"Squeeze", 1},
    {"Sub", 1},
    {"Sum", 1},
    {"Tanh", 1},
    {"Tile", 6},
    {"Transpose", 1},
    {"Unsqueeze", 1},
};

bool IsSafeForIntegers(std::string_view op) {
  return std::find(std::begin(kSafeForIntegers), std::end(kSafeForIntegers), op) !=
         std::end(kSafeForIntegers);
}

// Sets 1 to 6 let the second operand begin at an axis, and had attributes that have gone since.
Status CheckOldMeaning(const NodeView& node) {
  const bool same = std::any_of(
      std::begin(kOldMeanings), std::end(kOldMeanings), [&node](const OldMeaning& entry) {
        return entry.op == node.op() && entry.since <= node.opset();
      });
  if (!same || node.Find("broadcast") != nullptr) {
    return UnimplementedError("means something else in operator set " +
                              std::to_string(node.opset()) + " than in 7 to 20")
        .WithHint("export with opset_version=17");
  }
  return OkStatus();
}

bool IsComparison(std::string_view op) {
  constexpr std::string_view kOps[] = {"And",
                                       "Equal",
                                       "Greater",
                                       "GreaterOrEqual",
                                       "IsInf",
                                       "IsNaN",
                                       "Less",
                                       "LessOrEqual",
                                       "Not",
                                       "Or",
                                       "Xor"};
  return std::find(std::begin(kOps), std::end(kOps), op) != std::end(kOps);
}

DataType StoredType(const NodeView& node, size_t operand) {
  const auto zero = node.Known(operand);
  return zero.ok() && (*zero)->type == ElementType::kInt8 ? DataType::kInt8 : DataType::kUint8;
}

}  // namespace

bool IsReal(DataType type) {
  return type == DataType::kFloat || type == DataType::kFloat16 || type == DataType::kDouble;
}

bool IsNumber(DataType type) {
  constexpr std::array kIntegers = {DataType::kUint8,
                                    DataType::kInt8,
                                    DataType::kUint16,
                                    DataType::kInt16,
                                    DataType::kInt32,
                                    DataType::kInt64,
                                    DataType::kBool,
                                    DataType::kUint32,
                                    DataType::kUint64};
  return IsReal(type) || std::find(kIntegers.begin(), kIntegers.end(), type) != kIntegers.end();
}

Status CheckMeaning(const NodeView& node) {
  if (node.opset() < kFirstOpset) {
    PLUMB_RETURN_IF_ERROR(CheckOldMeaning(node));
  }
  for (size_t i = 0; i < node.input_count() && !IsSafeForIntegers(node.op()); ++i) {
    const auto value = node.Has(i) ? node.Input(i) : Result<Value*>(nullptr);
    if (!value.ok() || *value == nullptr || (*value)->constant || IsReal(node.TypeOf(i))) {
      continue;
    }
    return UnimplementedError("computes with '" + EscapeForDisplay((*value)->name) + "' of " +
                              DataTypeName(node.TypeOf(i)) +
                              ": its result may wrap around or be larger than float32 holds "
                              "exactly")
        .WithHint("export the arithmetic in float");
  }
  return OkStatus();
}

DataType ResultType(const NodeView& node) {
  if (IsComparison(node.op())) {
    return DataType::kBool;
  }
  if (node.op() == "ArgMax" || node.op() == "ArgMin") {
    return DataType::kInt64;
  }
  if (node.op() == "Cast") {
    return static_cast<DataType>(node.Integer("to", 1));
  }
  if (node.op() == "ConvInteger" || node.op() == "MatMulInteger") {
    return DataType::kInt32;
  }
  if (node.op() == "DequantizeLinear") {
    return DataType::kFloat;
  }
  if (node.op() == "QuantizeLinear") {
    return node.Has(2) ? StoredType(node, 2) : DataType::kUint8;
  }
  const bool by_second = node.op() == "Where" || node.op() == "CastLike";
  return node.TypeOf(node.op() == "OneHot" ? 2 : by_second ? 1 : 0);
}

}  // namespace plumb::npu::onnx
