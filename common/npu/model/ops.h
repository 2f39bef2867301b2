// What each operation of a fixed model computes, in frozen integers.
//
// Conventions. x is a stored value, z its tensor's zero point, "x − z" what arithmetic works on.
// Rescale, RoundDivide and RoundAverage are those of rounding.h; every result is z_out + …, then
// clamped. Pictures are NHWC. Padding after the data is implied by the output's shape.
// ValidateModel (validate.h) checks every relation stated here.
#pragma once

#include <variant>

#include "common/npu/model/ops_layout.h"
#include "common/npu/model/ops_pointwise.h"
#include "common/npu/model/ops_window.h"

namespace plumb::npu {

using OpAttributes = std::variant<Conv2d,
                                  DepthwiseConv2d,
                                  FullyConnected,
                                  TransposeConv2d,
                                  Add,
                                  Mul,
                                  Prelu,
                                  LeakyRelu,
                                  Requantize,
                                  Lookup,
                                  Softmax,
                                  MaxPool2d,
                                  AveragePool2d,
                                  Mean,
                                  Pad,
                                  Concat,
                                  Reshape,
                                  Transpose,
                                  ResizeBilinear,
                                  ResizeNearest,
                                  DepthToSpace,
                                  StridedSlice>;

}  // namespace plumb::npu
