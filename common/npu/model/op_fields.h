// Internal to container.h: the fields of every operation in file order, for reading and writing
// alike. Codec is ByteReader or ByteWriter; Op is const when writing.
#pragma once

#include "common/npu/model/ops.h"
#include "common/npu/model/value_fields.h"
#include "common/npu/model/window_fields.h"

namespace plumb::npu {

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

template <class Codec, OpOf<Taps> T>
void Fields(Codec& codec, T& taps) {
  codec.Numbers(taps.lower);
  codec.Numbers(taps.upper);
  codec.Numbers(taps.weight);
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
