// What one layer of a float network computes: its kind and its attributes.
//
// Conventions. Pictures are NHWC. Integer operands that only steer an operation (paddings, axes,
// permutations, target shapes) are attributes, never operands; weights and biases are operands.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace plumb::npu {

enum class OpKind : uint8_t {
  kConv2d,           // picture, weights [out][kh][kw][in / groups], bias [out] (optional)
  kDepthwiseConv2d,  // picture, weights [1][kh][kw][out], bias (optional); out = in · multiplier
  kTransposeConv2d,  // picture, weights [out][kh][kw][in], bias (optional)
  kFullyConnected,   // rows of `in` elements, weights [out][in], bias (optional)
  kAdd,              // two operands that broadcast as in numpy; likewise up to kDiv, and kPrelu
  kSub,
  kMul,
  kDiv,
  kRelu,
  kRelu6,
  kReluN1To1,
  kPrelu,  // operand, slopes
  kLeakyRelu,
  kHardSwish,  // x · min(max(x + 3, 0), 6) / 6
  kLogistic,
  kTanh,
  kAbs,
  kNeg,
  kExp,
  kSoftmax,  // over the last axis
  kMaxPool2d,
  kAveragePool2d,  // divides by the places inside the picture
  kMean,
  kSum,
  kReduceMax,
  kPad,  // with real zero
  kConcat,
  kReshape,  // the output's shape decides; also SQUEEZE and EXPAND_DIMS
  kTranspose,
  kResizeBilinear,
  kResizeNearest,
  kDepthToSpace,
  kStridedSlice,
  kQuantize,    // to the output's QuantParams, from a real or another integer
  kDequantize,  // from an integer to a real
};

// A clamp that the producer applies to its own result (TFLite's fused_activation_function).
enum class Activation : uint8_t { kNone, kRelu, kRelu6, kReluN1To1 };

// Convolutions and pooling. Paddings are explicit; what lies in them adds nothing and, when
// pooling, does not take part. A transposed convolution pads its output: it is cropped by them.
struct WindowAttributes {
  int32_t kernel_height = 1, kernel_width = 1;
  int32_t stride_height = 1, stride_width = 1;
  int32_t dilation_height = 1, dilation_width = 1;
  int32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int32_t groups = 1;  // kConv2d only
};

struct LeakyReluAttributes {
  float slope = 0;
};

struct SoftmaxAttributes {
  float beta = 1;
};

// kMean, kSum, kReduceMax.
struct ReduceAttributes {
  std::vector<int32_t> axes;  // ascending, each once, 0 ≤ axis < rank
  bool keep_dims = false;
};

struct PadAttributes {
  std::vector<int32_t> before;  // per axis, ≥ 0
  std::vector<int32_t> after;
};

struct ConcatAttributes {
  int32_t axis = 0;  // 0 ≤ axis < rank
};

// Output axis i is input axis permutation[i].
struct TransposeAttributes {
  std::vector<int32_t> permutation;
};

// TFLite's meaning of the two flags; at most one is set.
struct ResizeAttributes {
  bool align_corners = false;
  bool half_pixel_centers = false;
};

// Output channel c of place (h·block + i, w·block + j) is input channel (i·block + j)·channels + c.
struct DepthToSpaceAttributes {
  int32_t block = 1;
};

// Output position p < size is input begin + p · stride, per input axis; strides ≥ 1. The output's
// shape may leave out axes of size 1.
struct StridedSliceAttributes {
  std::vector<int32_t> begin;
  std::vector<int32_t> stride;
  std::vector<int32_t> size;
};

using GraphOpAttributes = std::variant<std::monostate,
                                       WindowAttributes,
                                       LeakyReluAttributes,
                                       SoftmaxAttributes,
                                       ReduceAttributes,
                                       PadAttributes,
                                       ConcatAttributes,
                                       TransposeAttributes,
                                       ResizeAttributes,
                                       DepthToSpaceAttributes,
                                       StridedSliceAttributes>;

// TFLite's name of the kind, e.g. "CONV_2D": what dumps and reports print.
std::string_view OpKindName(OpKind kind);

struct ActivationBounds {
  float low;
  float high;
};

// What the activation clamps to; ±infinity where it does not.
ActivationBounds BoundsOf(Activation activation);

}  // namespace plumb::npu
