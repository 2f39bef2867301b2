// What one layer of a float network computes: its kind (the attributes are in op_attributes.h).
//
// Conventions. Pictures are NHWC. Integer operands that only steer an operation (paddings, axes,
// permutations, target shapes) are attributes, never operands; weights and biases are operands.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/npu/graph/op_attributes.h"

namespace plumb::npu {

enum class OpKind : uint8_t {
  kConv2d,           // picture, weights [out][kh][kw][in / groups], bias [out] (optional)
  kDepthwiseConv2d,  // picture, weights [1][kh][kw][out], bias (optional); out = in · multiplier
  kTransposeConv2d,  // picture, weights [out][kh][kw][in], bias (optional)
  kFullyConnected,   // rows of `in` elements, weights [out][in], bias (optional)
  kAdd,              // two operands that broadcast as in numpy; likewise up to kNotEqual
  kSub,
  kMul,
  kDiv,
  kMaximum,
  kMinimum,
  kPow,       // a to the power b
  kFloorMod,  // a − floor(a / b) · b
  kFmod,      // the remainder of a / b with the sign of a
  kLess,      // 1 where a < b, else 0; likewise up to kNotEqual
  kLessEqual,
  kEqual,
  kNotEqual,
  kSelect,  // condition, a, b, which broadcast: a where the condition is not 0, else b
  kRelu,
  kRelu6,
  kReluN1To1,
  kPrelu,  // operand, slopes that broadcast to it
  kLeakyRelu,
  kHardSwish,  // x · min(max(x + 3, 0), 6) / 6
  kLogistic,
  kTanh,
  kAbs,
  kNeg,
  kExp,
  kClip,
  kSqrt,  // functions of one number up to kGelu: see scalar.h
  kRsqrt,
  kReciprocal,
  kLog,
  kPower,
  kElu,
  kHardSigmoid,
  kThresholdedRelu,
  kSoftplus,
  kSoftsign,
  kFloor,
  kCeil,
  kRound,
  kSign,
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kAsinh,
  kAcosh,
  kAtanh,
  kErf,
  kGelu,
  kSoftmax,  // over the last axis
  kLogSoftmax,
  kMaxPool2d,
  kAveragePool2d,  // divides by the places inside the picture
  kMean,
  kSum,
  kReduceMax,
  kReduceMin,
  kReduceProd,
  kArgMax,  // the place of the largest along one axis, as a number
  kArgMin,
  kBatchMatMul,  // [.., M, K] · [.., K, N]; the axes before broadcast
  kPad,
  kConcat,
  kReshape,  // the output's shape decides; also SQUEEZE and EXPAND_DIMS
  kTranspose,
  kResizeBilinear,
  kResizeNearest,
  kDepthToSpace,
  kStridedSlice,
  kGather,      // places of one axis, in any order
  kQuantize,    // to the output's QuantParams, from a real or another integer
  kDequantize,  // from an integer to a real
};

// A clamp that the producer applies to its own result (TFLite's fused_activation_function).
enum class Activation : uint8_t { kNone, kRelu, kRelu6, kReluN1To1 };

// TFLite's name of the kind, e.g. "CONV_2D", or one of the same style where TFLite has none: what
// dumps and reports print.
std::string_view OpKindName(OpKind kind);

struct ActivationBounds {
  float low;
  float high;
};

// What the activation clamps to; ±infinity where it does not.
ActivationBounds BoundsOf(Activation activation);

}  // namespace plumb::npu
