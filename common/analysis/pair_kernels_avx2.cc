#include "common/analysis/pair_kernels.h"

#ifdef __x86_64__

#include <immintrin.h>

#define PLUMB_TARGET __attribute__((target("avx2,fma")))
#define PLUMB_INLINE __attribute__((target("avx2,fma"), always_inline)) inline

namespace plumb::analysis {
namespace {

constexpr size_t kWidth = 4;

struct Vector {
  __m256d all;
};

struct Count {
  __m256i lanes = {};
};

PLUMB_INLINE Vector Broadcast(double value) {
  return {_mm256_set1_pd(value)};
}

PLUMB_INLINE Vector Load(const double* source) {
  return {_mm256_loadu_pd(source)};
}

PLUMB_INLINE void Store(Vector values, double* out) {
  _mm256_storeu_pd(out, values.all);
}

PLUMB_INLINE Vector Add(Vector a, Vector b) {
  return {_mm256_add_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Subtract(Vector a, Vector b) {
  return {_mm256_sub_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Multiply(Vector a, Vector b) {
  return {_mm256_mul_pd(a.all, b.all)};
}

PLUMB_INLINE Vector AddExactProduct(Vector sum, Vector a, Vector b) {
  return {_mm256_fmadd_pd(a.all, b.all, sum.all)};
}

PLUMB_INLINE Vector Divide(Vector a, Vector b) {
  return {_mm256_div_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Absolute(Vector a) {
  return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.all)};
}

PLUMB_INLINE Vector Lower(Vector a, Vector b) {
  return {_mm256_min_pd(a.all, b.all)};
}

PLUMB_INLINE Vector Higher(Vector a, Vector b) {
  return {_mm256_max_pd(a.all, b.all)};
}

// A mask is −1 where it holds.
PLUMB_INLINE void CountMask(__m256d mask, Count& count) {
  count.lanes = _mm256_sub_epi64(count.lanes, _mm256_castpd_si256(mask));
}

PLUMB_INLINE void CountNonZero(Vector a, Count& count) {
  CountMask(_mm256_cmp_pd(a.all, _mm256_setzero_pd(), _CMP_NEQ_UQ), count);
}

PLUMB_INLINE void CountAbove(Vector a, Vector limit, Count& count) {
  CountMask(_mm256_cmp_pd(a.all, limit.all, _CMP_NLE_UQ), count);
}

PLUMB_INLINE void CountOutside(Vector a, Vector low, Vector high, Count& count) {
  CountMask(_mm256_or_pd(_mm256_cmp_pd(a.all, low.all, _CMP_LE_OQ),
                         _mm256_cmp_pd(a.all, high.all, _CMP_GE_OQ)),
            count);
}

PLUMB_INLINE uint64_t Total(const Count& count) {
  const __m128i pair =
      _mm_add_epi64(_mm256_castsi256_si128(count.lanes), _mm256_extracti128_si256(count.lanes, 1));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(pair)) +
         static_cast<uint64_t>(_mm_extract_epi64(pair, 1));
}

PLUMB_INLINE bool AnyAtLeast(Vector a, Vector limit) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a.all, limit.all, _CMP_GE_OQ)) != 0;
}

#include "common/analysis/pair_kernels_x86.inc"

// Four stored integers as 32-bit ones.
template <class T>
PLUMB_INLINE __m128i LoadFour(const uint8_t* source) {
  if constexpr (sizeof(T) == sizeof(int32_t)) {
    return LoadWhole(source);
  } else if constexpr (sizeof(T) == sizeof(int16_t)) {
    return T(-1) < T(0) ? _mm_cvtepi16_epi32(LoadHalf(source))
                        : _mm_cvtepu16_epi32(LoadHalf(source));
  } else {
    const void* bytes = source;
    const __m128i four = _mm_loadu_si32(bytes);
    return T(-1) < T(0) ? _mm_cvtepi8_epi32(four) : _mm_cvtepu8_epi32(four);
  }
}

template <class T>
PLUMB_INLINE Vector Convert(const uint8_t* source) {
  return {_mm256_cvtepi32_pd(LoadFour<T>(source))};
}

template <>
PLUMB_INLINE Vector Convert<float>(const uint8_t* source) {
  const void* values = source;
  return {_mm256_cvtps_pd(_mm_loadu_ps(static_cast<const float*>(values)))};
}

template <>
PLUMB_INLINE Vector Convert<double>(const uint8_t* source) {
  const void* values = source;
  return Load(static_cast<const double*>(values));
}

// The conversion rounds to nearest even.
PLUMB_INLINE void StoreSteps(Vector quotients, uint8_t* out) {
  const __m128i steps = _mm256_cvtpd_epi32(quotients.all);
  void* bytes = out;
  _mm_storeu_si32(bytes, ToBytes(steps, steps));
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
