#include "common/analysis/pair_kernels.h"

#ifdef __x86_64__

#include <immintrin.h>

#define PLUMB_TARGET __attribute__((target("avx512f,avx2,popcnt")))
#define PLUMB_INLINE __attribute__((target("avx512f,avx2,popcnt"), always_inline)) inline

namespace plumb::analysis {
namespace {

struct Eight {
  __m512d all;
};

struct Count {
  uint64_t total = 0;
};

PLUMB_INLINE Eight Broadcast(double value) {
  return {_mm512_set1_pd(value)};
}

PLUMB_INLINE Eight Load(const double* source) {
  return {_mm512_loadu_pd(source)};
}

PLUMB_INLINE void Store(Eight values, double* out) {
  _mm512_storeu_pd(out, values.all);
}

PLUMB_INLINE Eight Add(Eight a, Eight b) {
  return {_mm512_add_pd(a.all, b.all)};
}

PLUMB_INLINE Eight Subtract(Eight a, Eight b) {
  return {_mm512_sub_pd(a.all, b.all)};
}

PLUMB_INLINE Eight Multiply(Eight a, Eight b) {
  return {_mm512_mul_pd(a.all, b.all)};
}

PLUMB_INLINE Eight AddExactProduct(Eight sum, Eight a, Eight b) {
  return {_mm512_fmadd_pd(a.all, b.all, sum.all)};
}

PLUMB_INLINE Eight Divide(Eight a, Eight b) {
  return {_mm512_div_pd(a.all, b.all)};
}

PLUMB_INLINE Eight Absolute(Eight a) {
  return {_mm512_abs_pd(a.all)};
}

PLUMB_INLINE Eight Lower(Eight a, Eight b) {
  return {_mm512_min_pd(a.all, b.all)};
}

PLUMB_INLINE Eight Higher(Eight a, Eight b) {
  return {_mm512_max_pd(a.all, b.all)};
}

PLUMB_INLINE void CountMask(__mmask8 mask, Count& count) {
  count.total += static_cast<uint64_t>(__builtin_popcount(mask));
}

PLUMB_INLINE void CountNonZero(Eight a, Count& count) {
  CountMask(_mm512_cmp_pd_mask(a.all, _mm512_setzero_pd(), _CMP_NEQ_UQ), count);
}

PLUMB_INLINE void CountAbove(Eight a, Eight limit, Count& count) {
  CountMask(_mm512_cmp_pd_mask(a.all, limit.all, _CMP_NLE_UQ), count);
}

PLUMB_INLINE void CountOutside(Eight a, Eight low, Eight high, Count& count) {
  const auto below = static_cast<unsigned>(_mm512_cmp_pd_mask(a.all, low.all, _CMP_LE_OQ));
  const auto above = static_cast<unsigned>(_mm512_cmp_pd_mask(a.all, high.all, _CMP_GE_OQ));
  CountMask(static_cast<__mmask8>(below | above), count);
}

PLUMB_INLINE uint64_t Total(const Count& count) {
  return count.total;
}

PLUMB_INLINE bool AnyAtLeast(Eight a, Eight limit) {
  return _mm512_cmp_pd_mask(a.all, limit.all, _CMP_GE_OQ) != 0;
}

#include "common/analysis/pair_kernels_x86.inc"

template <class T>
PLUMB_INLINE Eight Convert(const uint8_t* source) {
  return {_mm512_cvtepi32_pd(LoadIntegers<T>(source))};
}

template <>
PLUMB_INLINE Eight Convert<float>(const uint8_t* source) {
  const void* values = source;
  return {_mm512_cvtps_pd(_mm256_loadu_ps(static_cast<const float*>(values)))};
}

template <>
PLUMB_INLINE Eight Convert<double>(const uint8_t* source) {
  const void* values = source;
  return Load(static_cast<const double*>(values));
}

PLUMB_INLINE void StoreSteps(Eight quotients, uint8_t* out) {
  const __m256i steps = _mm512_cvtpd_epi32(quotients.all);
  StoreBytes(_mm256_castsi256_si128(steps), _mm256_extracti128_si256(steps, 1), out);
}

#include "common/analysis/pair_kernels_body.inc"

constexpr KernelSet kKernels = MakeKernelSet("avx512");

}  // namespace

const KernelSet* Avx512Kernels() {
  return &kKernels;
}

}  // namespace plumb::analysis

#else

namespace plumb::analysis {

const KernelSet* Avx512Kernels() {
  return nullptr;
}

}  // namespace plumb::analysis

#endif
