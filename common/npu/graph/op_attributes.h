// The attributes of a float network's operations (op.h).
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

namespace plumb::npu {

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

struct ClipAttributes {
  float low = 0;  // low ≤ high; either may be infinite
  float high = 0;
};

// scale · x where x > 0, else scale · alpha · (exp(x / divisor) − 1): ELU, SELU and CELU.
struct EluAttributes {
  float alpha = 1;
  float scale = 1;
  float divisor = 1;
};

// (shift + scale · x) to the power `power`.
struct PowerAttributes {
  float power = 1;
  float scale = 1;
  float shift = 0;
};

// min(max(slope · x + offset, 0), 1).
struct HardSigmoidAttributes {
  float slope = 0.2F;
  float offset = 0.5F;
};

// x where x > threshold, else 0.
struct ThresholdAttributes {
  float threshold = 1;
};

struct SoftmaxAttributes {
  float beta = 1;
};

// kMean, kSum, kReduceMax, kReduceMin, kReduceProd.
struct ReduceAttributes {
  std::vector<int32_t> axes;  // ascending, each once, 0 ≤ axis < rank
  bool keep_dims = false;
};

// kArgMax, kArgMin.
struct ArgAttributes {
  int32_t axis = 0;  // 0 ≤ axis < rank
  bool keep_dims = false;
  bool last = false;  // of equal values the last instead of the first
};

struct PadAttributes {
  std::vector<int32_t> before;  // per axis, ≥ 0
  std::vector<int32_t> after;
  float value = 0;  // what lies there
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

// Output place i of the axis is the input's indices[i].
struct GatherAttributes {
  int32_t axis = 0;
  std::vector<int32_t> indices;  // 0 ≤ index < the axis' size; at least one
};

using GraphOpAttributes = std::variant<std::monostate,
                                       WindowAttributes,
                                       LeakyReluAttributes,
                                       ClipAttributes,
                                       EluAttributes,
                                       PowerAttributes,
                                       HardSigmoidAttributes,
                                       ThresholdAttributes,
                                       SoftmaxAttributes,
                                       ReduceAttributes,
                                       ArgAttributes,
                                       PadAttributes,
                                       ConcatAttributes,
                                       TransposeAttributes,
                                       ResizeAttributes,
                                       DepthToSpaceAttributes,
                                       StridedSliceAttributes,
                                       GatherAttributes>;

}  // namespace plumb::npu
