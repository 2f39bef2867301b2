// Internal: element by element. See vector_loops.h for V.
#pragma once

#include "common/npu/kernels_fast/vector_kernels.h"
#include "common/npu/kernels_fast/vector_rounding.h"

namespace plumb::npu::fast {
namespace {

template <class V, RoundingProfile kProfile, Pointwise kKind>
class Combiner {
 public:
  using Ints = typename V::Ints;

  explicit Combiner(const Requantizer& r)
      : first_(V::Set(r.mantissas[0]), V::Set(r.shifts[0])),
        second_(V::Set(r.mantissas[1]), V::Set(r.shifts[1])) {}

  Ints operator()(Ints x, Ints y) const {
    if constexpr (kKind == Pointwise::kRescale) {
      return first_(x);
    } else if constexpr (kKind == Pointwise::kMultiply) {
      return first_(V::Mul(x, y));
    } else if constexpr (kKind == Pointwise::kAdd) {
      return first_.Round(V::Add(first_.Multiply(x), second_.Multiply(y)));
    } else {
      const Ints slope = kKind == Pointwise::kPrelu ? y : V::Set(1);
      return V::Select(V::Greater(V::Set(0), x), second_(V::Mul(x, slope)), first_(x));
    }
  }

 private:
  Rounder<V, kProfile> first_;
  Rounder<V, kProfile> second_;
};

template <class V, Pointwise kKind>
struct PointwiseRow {
  template <RoundingProfile kProfile>
  static void Run(const PointwiseArguments& args) {
    using Ints = typename V::Ints;
    const Finisher<V> finish(args.requantizer);
    const Combiner<V, kProfile, kKind> combine(args.requantizer);
    const Ints zero_a = V::Set(args.zero_a);
    const Ints zero_b = V::Set(args.zero_b);
    const auto run = [&](const int16_t* a, const int16_t* b, int16_t* output) {
      const Ints x = V::Sub(V::Load16(a), zero_a);
      const Ints y = V::Sub(V::Load16(b), zero_b);
      V::Store16(output, finish(combine(x, y)));
    };
    size_t i = 0;
    for (; i + V::kLanes <= args.count; i += V::kLanes) {
      run(args.a + i, args.b + i, args.output + i);
    }
    if (i < args.count) {
      int16_t a[V::kLanes] = {};
      int16_t b[V::kLanes] = {};
      for (size_t k = 0; i + k < args.count; ++k) {
        a[k] = args.a[i + k];
        b[k] = args.b[i + k];
      }
      run(a, b, a);
      for (size_t k = 0; i + k < args.count; ++k) {
        args.output[i + k] = a[k];
      }
    }
  }
};

}  // namespace
}  // namespace plumb::npu::fast
