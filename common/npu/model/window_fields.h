// Internal to container.h: the fields of ops_window.h in file order (see op_fields.h).
#pragma once

#include <cstdint>

#include "common/npu/model/ops_window.h"
#include "common/npu/model/value_fields.h"

namespace plumb::npu {

template <class Codec, OpOf<Window2d> W>
void Fields(Codec& codec, W& window) {
  codec.Number(window.kernel_height);
  codec.Number(window.kernel_width);
  codec.Number(window.stride_height);
  codec.Number(window.stride_width);
  codec.Number(window.dilation_height);
  codec.Number(window.dilation_width);
  codec.Number(window.pad_top);
  codec.Number(window.pad_left);
}

template <class Codec, OpOf<LinearWeights> L>
void Fields(Codec& codec, L& linear) {
  codec.Blob(linear.values);
  codec.Numbers(linear.bias);
  MultiplierList(codec, linear.multipliers);
}

template <class Codec, OpOf<Conv2d> Op>
void Fields(Codec& codec, Op& op) {
  Fields(codec, op.window);
  codec.Number(op.groups);
  Fields(codec, op.linear);
  Fields(codec, op.clamp);
}

template <class Codec, class Op>
requires OpOf<Op, DepthwiseConv2d> || OpOf<Op, TransposeConv2d>

void Fields(Codec& codec, Op& op) {
  Fields(codec, op.window);
  Fields(codec, op.linear);
  Fields(codec, op.clamp);
}

template <class Codec, OpOf<FullyConnected> Op>
void Fields(Codec& codec, Op& op) {
  Fields(codec, op.linear);
  Fields(codec, op.clamp);
}

template <class Codec, OpOf<MaxPool2d> Op>
void Fields(Codec& codec, Op& op) {
  Fields(codec, op.window);
  Fields(codec, op.clamp);
}

template <class Codec, OpOf<AveragePool2d> Op>
void Fields(Codec& codec, Op& op) {
  Fields(codec, op.window);
  Fields(codec, op.multiplier);
  Fields(codec, op.clamp);
}

template <class Codec, OpOf<Mean> Op>
void Fields(Codec& codec, Op& op) {
  codec.Numbers(op.axes);
  Fields(codec, op.multiplier);
  Fields(codec, op.clamp);
}

}  // namespace plumb::npu
