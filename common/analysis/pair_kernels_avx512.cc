#include "common/analysis/pair_kernels.h"

#ifdef __x86_64__

#include <immintrin.h>

#define PLUMB_TARGET __attribute__((target("avx512f,avx2,popcnt")))
#define PLUMB_INLINE __attribute__((target("avx512f,avx2,popcnt"), always_inline)) inline

namespace plumb::analysis {
namespace {

constexpr size_t kWidth = 8;

struct Vector {
  __m512d all;
};

struct Count {
  uint64_t total = 0;
};

PLUMB_INLINE Vector Broadcast(double value) {
  return {_mm512_set1_pd(value)};
}

PLUMB_INLINE Vector Load(const double* source) {
  return {_mm512_loadu_pd(source)};
}

PLUMB_INLINE void Store(Vector values, double* out) {
  _mm512_storeu_pd(out, values.all);
}

PLUMB_INLINE Vector Add(Vector a, Vector b) {
  return {_mm512_add_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Subtract(Vector a, Vector b) {
  return {_mm512_sub_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Multiply(Vector a, Vector b) {
  return {_mm512_mul_pd(a.all, b.all)};
}

PLUMB_INLINE Vector AddExactProduct(Vector sum, Vector a, Vector b) {
  return {_mm512_fmadd_pd(a.all, b.all, sum.all)};
}

PLUMB_INLINE Vector Divide(Vector a, Vector b) {
  return {_mm512_div_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Absolute(Vector a) {
  return {_mm512_abs_pd(a.all)};
}

PLUMB_INLINE Vector Lower(Vector a, Vector b) {
  return {_mm512_min_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Higher(Vector a, Vector b) {
  return {_mm512_max_pd(a.all, b.all)};
}

PLUMB_INLINE void CountMask(__mmask8 mask, Count& count) {
  count.total += static_cast<uint64_t>(__builtin_popcount(mask));
}

PLUMB_INLINE void CountNonZero(Vector a, Count& count) {
  CountMask(_mm512_cmp_pd_mask(a.all, _mm512_setzero_pd(), _CMP_NEQ_UQ), count);
}

PLUMB_INLINE void CountAbove(Vector a, Vector limit, Count& count) {
  CountMask(_mm512_cmp_pd_mask(a.all, limit.all, _CMP_NLE_UQ), count);
}

PLUMB_INLINE void CountOutside(Vector a, Vector low, Vector high, Count& count) {
  const auto below = static_cast<unsigned>(_mm512_cmp_pd_mask(a.all, low.all, _CMP_LE_OQ));
  const auto above = static_cast<unsigned>(_mm512_cmp_pd_mask(a.all, high.all, _CMP_GE_OQ));
  CountMask(static_cast<__mmask8>(below | above), count);
}

PLUMB_INLINE uint64_t Total(const Count& count) {
  return count.total;
}

PLUMB_INLINE bool AnyAtLeast(Vector a, Vector limit) {
  return _mm512_cmp_pd_mask(a.all, limit.all, _CMP_GE_OQ) != 0;
}

#include "common/analysis/pair_kernels_x86.inc"

template <class T>
PLUMB_INLINE Vector Convert(const uint8_t* source) {
  return {_mm512_cvtepi32_pd(LoadIntegers<T>(source))};
}

template <>
PLUMB_INLINE Vector Convert<float>(const uint8_t* source) {
  const void* values = source;
  return {_mm512_cvtps_pd(_mm256_loadu_ps(static_cast<const float*>(values)))};
}

template <>
PLUMB_INLINE Vector Convert<double>(const uint8_t* source) {
  const void* values = source;
  return Load(static_cast<const double*>(values));
}

// The conversion rounds to nearest even.
PLUMB_INLINE void StoreSteps(Vector quotients, uint8_t* out) {
  StoreSteps(_mm512_cvtpd_epi32(quotients.all), out);
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
