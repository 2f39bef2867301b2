// Vectors of 128 bits in the compilers' own notation, which every CPU can be given.
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "common/npu/kernels_fast/vector_loops.h"
#include "common/npu/kernels_fast/vector_tables.h"

namespace plumb::npu::fast {
namespace {

struct Baseline {
  static constexpr size_t kLanes = 4;
  static constexpr size_t kTilePixels = 4;
  using Ints [[gnu::vector_size(16)]] = int32_t;
  using Shorts [[gnu::vector_size(16)]] = int16_t;
  using Longs [[gnu::vector_size(16)]] = int64_t;
  using UnsignedLongs [[gnu::vector_size(16)]] = uint64_t;

  struct Wide {
    Longs low;
    Longs high;
  };

  static Ints Load(const int32_t* p) {
    Ints v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }

  static void Store(int32_t* p, Ints v) { __builtin_memcpy(p, &v, sizeof(v)); }

  static Ints Load16(const int16_t* p) { return Ints{p[0], p[1], p[2], p[3]}; }

  // Values fit in 16 bits.
  static void Store16(int16_t* p, Ints v) {
    for (size_t i = 0; i < kLanes; ++i) {
      p[i] = static_cast<int16_t>(v[i]);
    }
  }

  static Ints Set(int32_t value) { return Ints{value, value, value, value}; }

  static Ints Pairs(const int16_t* p) {
    Ints v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }

  static void StorePairs(int16_t* p, Ints v) { __builtin_memcpy(p, &v, sizeof(v)); }

  static Ints BroadcastPair(const int16_t* p) {
    int32_t pair = 0;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return Set(pair);
  }

  // Lane by lane the pair (low, high), each in its low 16 bits; little-endian, as all our CPUs.
  static Ints MakePairs(Ints low, Ints high) { return (low & 0xFFFF) | (high << 16); }

  static Ints AddProducts(Ints sum, Ints a, Ints b) {
#if defined(__SSE2__)
    return sum + reinterpret_cast<Ints>(
                     _mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#elif defined(__aarch64__)
    const int16x8_t x = vreinterpretq_s16_s32(reinterpret_cast<int32x4_t>(a));
    const int16x8_t y = vreinterpretq_s16_s32(reinterpret_cast<int32x4_t>(b));
    const int32x4_t first = vmull_s16(vget_low_s16(x), vget_low_s16(y));
    const int32x4_t second = vmull_high_s16(x, y);
    return sum + reinterpret_cast<Ints>(vpaddq_s32(first, second));
#else
    const Ints low = ((a << 16) >> 16) * ((b << 16) >> 16);
    return sum + low + (a >> 16) * (b >> 16);
#endif
  }

  static Ints Add(Ints a, Ints b) {
    return a + b;
  }

  static Ints Sub(Ints a, Ints b) {
    return a - b;
  }

  static Ints Mul(Ints a, Ints b) {
    return a * b;
  }

  static Ints And(Ints a, Ints b) {
    return a & b;
  }

  static Ints Min(Ints a, Ints b) {
    return Select(a < b, a, b);
  }

  static Ints Max(Ints a, Ints b) {
    return Select(a > b, a, b);
  }

  // All bits where a > b.
  static Ints Greater(Ints a, Ints b) {
    return a > b;
  }

  static Ints Select(Ints mask, Ints yes, Ints no) {
    return (mask & yes) | (~mask & no);
  }

  static Ints ShiftLeft(Ints v, Ints counts) {
    return v << counts;
  }

  static Ints ShiftRight(Ints v, Ints counts) {
    return v >> counts;
  }

  static Wide Multiply(Ints a, Ints b) {
#if defined(__ARM_NEON)
    const auto x = reinterpret_cast<int32x4_t>(a);
    const auto y = reinterpret_cast<int32x4_t>(b);
    return {reinterpret_cast<Longs>(vmull_s32(vget_low_s32(x), vget_low_s32(y))),
            reinterpret_cast<Longs>(vmull_s32(vget_high_s32(x), vget_high_s32(y)))};
#else
    return {Longs{int64_t{a[0]} * b[0], int64_t{a[1]} * b[1]},
            Longs{int64_t{a[2]} * b[2], int64_t{a[3]} * b[3]}};
#endif
  }

  static Wide WidenCount(Ints v) {
    return {Longs{v[0], v[1]}, Longs{v[2], v[3]}};
  }

  static Wide SetWide(int64_t v) {
    return {Longs{v, v}, Longs{v, v}};
  }

  static Wide Add(const Wide& a, const Wide& b) {
    return {a.low + b.low, a.high + b.high};
  }

  static Wide Sub(const Wide& a, const Wide& b) {
    return {a.low - b.low, a.high - b.high};
  }

  static Wide And(const Wide& a, const Wide& b) {
    return {a.low & b.low, a.high & b.high};
  }

  static Wide ShiftLeft(const Wide& v, const Wide& counts) {
    return {v.low << counts.low, v.high << counts.high};
  }

  // Fills with zeros.
  static Wide ShiftRightLogical(const Wide& v, const Wide& counts) {
    return {reinterpret_cast<Longs>(reinterpret_cast<UnsignedLongs>(v.low) >>
                                    reinterpret_cast<UnsignedLongs>(counts.low)),
            reinterpret_cast<Longs>(reinterpret_cast<UnsignedLongs>(v.high) >>
                                    reinterpret_cast<UnsignedLongs>(counts.high))};
  }

  static Wide ShiftRight(const Wide& v, const Wide& counts) {
    return {v.low >> counts.low, v.high >> counts.high};
  }

  static Ints Narrow(const Wide& v) {
    return Ints{static_cast<int32_t>(v.low[0]),
                static_cast<int32_t>(v.low[1]),
                static_cast<int32_t>(v.high[0]),
                static_cast<int32_t>(v.high[1])};
  }
};

}  // namespace

constinit const VectorKernels kBaselineKernels = LoopsFor<Baseline>();

}  // namespace plumb::npu::fast
