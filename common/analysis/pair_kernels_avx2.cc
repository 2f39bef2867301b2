#include "common/analysis/pair_kernels.h"

#ifdef __x86_64__

#include <immintrin.h>

#define PLUMB_TARGET __attribute__((target("avx2,fma")))
#define PLUMB_INLINE __attribute__((target("avx2,fma"), always_inline)) inline

namespace plumb::analysis {
namespace {

struct Eight {
  __m256d low;
  __m256d high;
};

struct Count {
  __m256i lanes[2] = {};
};

PLUMB_INLINE Eight Broadcast(double value) {
  return {_mm256_set1_pd(value), _mm256_set1_pd(value)};
}

PLUMB_INLINE Eight Load(const double* source) {
  return {_mm256_loadu_pd(source), _mm256_loadu_pd(source + 4)};
}

PLUMB_INLINE void Store(Eight values, double* out) {
  _mm256_storeu_pd(out, values.low);
  _mm256_storeu_pd(out + 4, values.high);
}

PLUMB_INLINE Eight Add(Eight a, Eight b) {
  return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)};
}

PLUMB_INLINE Eight Subtract(Eight a, Eight b) {
  return {_mm256_sub_pd(a.low, b.low), _mm256_sub_pd(a.high, b.high)};
}

PLUMB_INLINE Eight Multiply(Eight a, Eight b) {
  return {_mm256_mul_pd(a.low, b.low), _mm256_mul_pd(a.high, b.high)};
}

PLUMB_INLINE Eight AddExactProduct(Eight sum, Eight a, Eight b) {
  return {_mm256_fmadd_pd(a.low, b.low, sum.low), _mm256_fmadd_pd(a.high, b.high, sum.high)};
}

PLUMB_INLINE Eight Divide(Eight a, Eight b) {
  return {_mm256_div_pd(a.low, b.low), _mm256_div_pd(a.high, b.high)};
}

PLUMB_INLINE Eight Absolute(Eight a) {
  const __m256d sign = _mm256_set1_pd(-0.0);
  return {_mm256_andnot_pd(sign, a.low), _mm256_andnot_pd(sign, a.high)};
}

PLUMB_INLINE Eight Lower(Eight a, Eight b) {
  return {_mm256_min_pd(a.low, b.low), _mm256_min_pd(a.high, b.high)};
}

PLUMB_INLINE Eight Higher(Eight a, Eight b) {
  return {_mm256_max_pd(a.low, b.low), _mm256_max_pd(a.high, b.high)};
}

// A mask is −1 where it holds.
PLUMB_INLINE void CountMasks(__m256d low, __m256d high, Count& count) {
  count.lanes[0] = _mm256_sub_epi64(count.lanes[0], _mm256_castpd_si256(low));
  count.lanes[1] = _mm256_sub_epi64(count.lanes[1], _mm256_castpd_si256(high));
}

PLUMB_INLINE void CountNonZero(Eight a, Count& count) {
  const __m256d zero = _mm256_setzero_pd();
  CountMasks(
      _mm256_cmp_pd(a.low, zero, _CMP_NEQ_UQ), _mm256_cmp_pd(a.high, zero, _CMP_NEQ_UQ), count);
}

PLUMB_INLINE void CountAbove(Eight a, Eight limit, Count& count) {
  CountMasks(_mm256_cmp_pd(a.low, limit.low, _CMP_NLE_UQ),
             _mm256_cmp_pd(a.high, limit.high, _CMP_NLE_UQ),
             count);
}

PLUMB_INLINE void CountOutside(Eight a, Eight low, Eight high, Count& count) {
  CountMasks(_mm256_or_pd(_mm256_cmp_pd(a.low, low.low, _CMP_LE_OQ),
                          _mm256_cmp_pd(a.low, high.low, _CMP_GE_OQ)),
             _mm256_or_pd(_mm256_cmp_pd(a.high, low.high, _CMP_LE_OQ),
                          _mm256_cmp_pd(a.high, high.high, _CMP_GE_OQ)),
             count);
}

PLUMB_INLINE uint64_t Total(const Count& count) {
  const __m256i sum = _mm256_add_epi64(count.lanes[0], count.lanes[1]);
  const __m128i pair = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(pair)) +
         static_cast<uint64_t>(_mm_extract_epi64(pair, 1));
}

PLUMB_INLINE bool AnyAtLeast(Eight a, Eight limit) {
  return _mm256_movemask_pd(_mm256_or_pd(_mm256_cmp_pd(a.low, limit.low, _CMP_GE_OQ),
                                         _mm256_cmp_pd(a.high, limit.high, _CMP_GE_OQ))) != 0;
}

#include "common/analysis/pair_kernels_x86.inc"

template <class T>
PLUMB_INLINE Eight Convert(const uint8_t* source) {
  const __m256i integers = LoadIntegers<T>(source);
  return {_mm256_cvtepi32_pd(_mm256_castsi256_si128(integers)),
          _mm256_cvtepi32_pd(_mm256_extracti128_si256(integers, 1))};
}

template <>
PLUMB_INLINE Eight Convert<float>(const uint8_t* source) {
  const void* values = source;
  return {_mm256_cvtps_pd(_mm_loadu_ps(static_cast<const float*>(values))),
          _mm256_cvtps_pd(_mm_loadu_ps(static_cast<const float*>(values) + 4))};
}

template <>
PLUMB_INLINE Eight Convert<double>(const uint8_t* source) {
  const void* values = source;
  return Load(static_cast<const double*>(values));
}

PLUMB_INLINE void StoreSteps(Eight quotients, uint8_t* out) {
  StoreBytes(_mm256_cvtpd_epi32(quotients.low), _mm256_cvtpd_epi32(quotients.high), out);
}

#include "common/analysis/pair_kernels_body.inc"

constexpr KernelSet kKernels = MakeKernelSet("avx2");

}  // namespace

const KernelSet* Avx2Kernels() {
  return &kKernels;
}

}  // namespace plumb::analysis

#else

namespace plumb::analysis {

const KernelSet* Avx2Kernels() {
  return nullptr;
}

}  // namespace plumb::analysis

#endif
