// Internal to container.h: the values that operations share, in file order (see op_fields.h).
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/npu/model/multiplier.h"

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

}  // namespace plumb::npu
