// Internal: the inner loops over a vector type V, which the file of each instruction set defines.
// Everything has internal linkage and calls nothing from outside, so that no copy compiled for one
// CPU can be linked into code for another.
#pragma once

#include "common/npu/kernels_fast/vector_depthwise.h"
#include "common/npu/kernels_fast/vector_kernels.h"
#include "common/npu/kernels_fast/vector_matrix.h"
#include "common/npu/kernels_fast/vector_pointwise.h"

namespace plumb::npu::fast {
namespace {

template <class Loop, class Arguments>
void ByProfile(const Arguments& args) {
  switch (args.requantizer.profile) {
    case RoundingProfile::kHalfEven:
      return Loop::template Run<RoundingProfile::kHalfEven>(args);
    case RoundingProfile::kHalfAway:
      return Loop::template Run<RoundingProfile::kHalfAway>(args);
    case RoundingProfile::kHalfUp:
      return Loop::template Run<RoundingProfile::kHalfUp>(args);
  }
}

template <class V>
void PointwiseByKind(const PointwiseArguments& args) {
  switch (args.kind) {
    case Pointwise::kRescale:
      return ByProfile<PointwiseRow<V, Pointwise::kRescale>>(args);
    case Pointwise::kMultiply:
      return ByProfile<PointwiseRow<V, Pointwise::kMultiply>>(args);
    case Pointwise::kPrelu:
      return ByProfile<PointwiseRow<V, Pointwise::kPrelu>>(args);
    case Pointwise::kLeakyRelu:
      return ByProfile<PointwiseRow<V, Pointwise::kLeakyRelu>>(args);
    case Pointwise::kAdd:
      return ByProfile<PointwiseRow<V, Pointwise::kAdd>>(args);
  }
}

template <class V>
constexpr VectorKernels LoopsFor() {
  return {V::kLanes,
          V::kTilePixels,
          MultiplyTile<V>,
          ByProfile<StoreTile<V>, StoreArguments>,
          ByProfile<DepthwiseRow<V>, DepthwiseArguments>,
          PointwiseByKind<V>};
}

}  // namespace
}  // namespace plumb::npu::fast
