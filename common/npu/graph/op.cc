#include "common/npu/graph/op.h"

#include <limits>

namespace plumb::npu {
namespace {

struct KindName {
  OpKind kind;
  std::string_view name;
};

constexpr KindName kKindNames[] = {
    {OpKind::kConv2d, "CONV_2D"},
    {OpKind::kDepthwiseConv2d, "DEPTHWISE_CONV_2D"},
    {OpKind::kTransposeConv2d, "TRANSPOSE_CONV"},
    {OpKind::kFullyConnected, "FULLY_CONNECTED"},
    {OpKind::kAdd, "ADD"},
    {OpKind::kSub, "SUB"},
    {OpKind::kMul, "MUL"},
    {OpKind::kDiv, "DIV"},
    {OpKind::kMaximum, "MAXIMUM"},
    {OpKind::kMinimum, "MINIMUM"},
    {OpKind::kPow, "POW"},
    {OpKind::kFloorMod, "FLOOR_MOD"},
    {OpKind::kFmod, "FMOD"},
    {OpKind::kLess, "LESS"},
    {OpKind::kLessEqual, "LESS_EQUAL"},
    {OpKind::kEqual, "EQUAL"},
    {OpKind::kNotEqual, "NOT_EQUAL"},
    {OpKind::kSelect, "SELECT"},
    {OpKind::kRelu, "RELU"},
    {OpKind::kRelu6, "RELU6"},
    {OpKind::kReluN1To1, "RELU_N1_TO_1"},
    {OpKind::kPrelu, "PRELU"},
    {OpKind::kLeakyRelu, "LEAKY_RELU"},
    {OpKind::kHardSwish, "HARD_SWISH"},
    {OpKind::kLogistic, "LOGISTIC"},
    {OpKind::kTanh, "TANH"},
    {OpKind::kAbs, "ABS"},
    {OpKind::kNeg, "NEG"},
    {OpKind::kExp, "EXP"},
    {OpKind::kClip, "CLIP"},
    {OpKind::kSqrt, "SQRT"},
    {OpKind::kRsqrt, "RSQRT"},
    {OpKind::kReciprocal, "RECIPROCAL"},
    {OpKind::kLog, "LOG"},
    {OpKind::kPower, "POWER"},
    {OpKind::kElu, "ELU"},
    {OpKind::kHardSigmoid, "HARD_SIGMOID"},
    {OpKind::kThresholdedRelu, "THRESHOLDED_RELU"},
    {OpKind::kSoftplus, "SOFTPLUS"},
    {OpKind::kSoftsign, "SOFTSIGN"},
    {OpKind::kFloor, "FLOOR"},
    {OpKind::kCeil, "CEIL"},
    {OpKind::kRound, "ROUND"},
    {OpKind::kSign, "SIGN"},
    {OpKind::kSin, "SIN"},
    {OpKind::kCos, "COS"},
    {OpKind::kTan, "TAN"},
    {OpKind::kAsin, "ASIN"},
    {OpKind::kAcos, "ACOS"},
    {OpKind::kAtan, "ATAN"},
    {OpKind::kSinh, "SINH"},
    {OpKind::kCosh, "COSH"},
    {OpKind::kAsinh, "ASINH"},
    {OpKind::kAcosh, "ACOSH"},
    {OpKind::kAtanh, "ATANH"},
    {OpKind::kErf, "ERF"},
    {OpKind::kGelu, "GELU"},
    {OpKind::kSoftmax, "SOFTMAX"},
    {OpKind::kLogSoftmax, "LOG_SOFTMAX"},
    {OpKind::kMaxPool2d, "MAX_POOL_2D"},
    {OpKind::kAveragePool2d, "AVERAGE_POOL_2D"},
    {OpKind::kMean, "MEAN"},
    {OpKind::kSum, "SUM"},
    {OpKind::kReduceMax, "REDUCE_MAX"},
    {OpKind::kReduceMin, "REDUCE_MIN"},
    {OpKind::kReduceProd, "REDUCE_PROD"},
    {OpKind::kArgMax, "ARG_MAX"},
    {OpKind::kArgMin, "ARG_MIN"},
    {OpKind::kBatchMatMul, "BATCH_MATMUL"},
    {OpKind::kPad, "PAD"},
    {OpKind::kConcat, "CONCATENATION"},
    {OpKind::kReshape, "RESHAPE"},
    {OpKind::kTranspose, "TRANSPOSE"},
    {OpKind::kResizeBilinear, "RESIZE_BILINEAR"},
    {OpKind::kResizeNearest, "RESIZE_NEAREST_NEIGHBOR"},
    {OpKind::kDepthToSpace, "DEPTH_TO_SPACE"},
    {OpKind::kStridedSlice, "STRIDED_SLICE"},
    {OpKind::kGather, "GATHER"},
    {OpKind::kQuantize, "QUANTIZE"},
    {OpKind::kDequantize, "DEQUANTIZE"},
};

}  // namespace

std::string_view OpKindName(OpKind kind) {
  for (const KindName& entry : kKindNames) {
    if (entry.kind == kind) {
      return entry.name;
    }
  }
  return "UNKNOWN";
}

ActivationBounds BoundsOf(Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::kRelu:
      return {0, kInfinity};
    case Activation::kRelu6:
      return {0, 6};
    case Activation::kReluN1To1:
      return {-1, 1};
    case Activation::kNone:
      break;
  }
  return {-kInfinity, kInfinity};
}

}  // namespace plumb::npu
