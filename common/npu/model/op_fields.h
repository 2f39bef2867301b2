// Internal to container.h: the fields of every operation in file order, for reading and writing
// alike. Codec is ByteReader or ByteWriter; Op is const when writing.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/npu/model/ops.h"

namespace plumb::npu {

template <class T, class Kind>
concept OpOf = std::is_same_v<std::remove_const_t<T>, Kind>;

template <class Codec, OpOf<Multiplier> M>
void Fields(Codec& codec, M& multiplier) {
  codec.Number(multiplier.mantissa);
  codec.Number(multiplier.shift);
}

template <class Codec, class List>
void MultiplierList(Codec& codec, List& multipliers) {
  codec.List(multipliers, 2 * sizeof(int32_t), [&](auto& item) { Fields(codec, item); });
}

template <class Codec, OpOf<Clamp> C>
void Fields(Codec& codec, C& clamp) {
  codec.Number(clamp.low);
  codec.Number(clamp.high);
}

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

template <class Codec, OpOf<Taps> T>
void Fields(Codec& codec, T& taps) {
  codec.Numbers(taps.lower);
  codec.Numbers(taps.upper);
  codec.Numbers(taps.weight);
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

template <class Codec, OpOf<Add> Op>
void Fields(Codec& codec, Op& op) {
  codec.Number(op.mantissa_a);
  codec.Number(op.mantissa_b);
  codec.Number(op.shift);
  Fields(codec, op.clamp);
}

template <class Codec, class Op>
requires OpOf<Op, Mul> || OpOf<Op, Requantize>

void Fields(Codec& codec, Op& op) {
  Fields(codec, op.multiplier);
  Fields(codec, op.clamp);
}

template <class Codec, class Op>
requires OpOf<Op, Prelu> || OpOf<Op, LeakyRelu>

void Fields(Codec& codec, Op& op) {
  Fields(codec, op.positive);
  Fields(codec, op.negative);
  Fields(codec, op.clamp);
}

template <class Codec, OpOf<Lookup> Op>
void Fields(Codec& codec, Op& op) {
  codec.Numbers(op.table);
}

template <class Codec, OpOf<Softmax> Op>
void Fields(Codec& codec, Op& op) {
  codec.Numbers(op.exp_table);
  Fields(codec, op.output);
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

template <class Codec, OpOf<Pad> Op>
void Fields(Codec& codec, Op& op) {
  codec.Numbers(op.before);
  codec.Number(op.value);
}

template <class Codec, OpOf<Concat> Op>
void Fields(Codec& codec, Op& op) {
  codec.Number(op.axis);
  MultiplierList(codec, op.multipliers);
  Fields(codec, op.clamp);
}

template <class Codec, OpOf<Reshape> Op>
void Fields(Codec& /*codec*/, Op& /*op*/) {}

template <class Codec, OpOf<Transpose> Op>
void Fields(Codec& codec, Op& op) {
  codec.Numbers(op.permutation);
}

template <class Codec, OpOf<ResizeBilinear> Op>
void Fields(Codec& codec, Op& op) {
  Fields(codec, op.rows);
  Fields(codec, op.columns);
}

template <class Codec, OpOf<ResizeNearest> Op>
void Fields(Codec& codec, Op& op) {
  codec.Numbers(op.rows);
  codec.Numbers(op.columns);
}

template <class Codec, OpOf<DepthToSpace> Op>
void Fields(Codec& codec, Op& op) {
  codec.Number(op.block);
}

template <class Codec, OpOf<StridedSlice> Op>
void Fields(Codec& codec, Op& op) {
  codec.Numbers(op.begin);
  codec.Numbers(op.stride);
}

}  // namespace plumb::npu
