// Compiled with -mavx2. Nothing inline from outside may be called here: the linker keeps one copy
// of such a function for the whole program, and it could be this one.
#include <immintrin.h>

#include "common/npu/kernels_fast/vector_loops.h"
#include "common/npu/kernels_fast/vector_tables.h"

namespace plumb::npu::fast {
namespace {

struct Avx2 {
  static constexpr size_t kLanes = 8;
  static constexpr size_t kTilePixels = 6;
  using Ints = __m256i;

  // 64-bit lanes: the even and the odd ones of the 32-bit lanes they stand for.
  struct Wide {
    __m256i even;
    __m256i odd;
  };

  static Ints Load(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p));
  }

  static void Store(int32_t* p, Ints v) { _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(p), v); }

  static Ints Load16(const int16_t* p) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p)));
  }

  // Values fit in 16 bits.
  static void Store16(int16_t* p, Ints v) {
    const __m256i packed = _mm256_packs_epi32(v, v);
    const __m256i ordered = _mm256_permute4x64_epi64(packed, 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i_u*>(p), _mm256_castsi256_si128(ordered));
  }

  static Ints Set(int32_t value) { return _mm256_set1_epi32(value); }

  static Ints Pairs(const int16_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p));
  }

  static void StorePairs(int16_t* p, Ints v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(p), v);
  }

  static Ints BroadcastPair(const int16_t* p) {
    int32_t pair = 0;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return _mm256_set1_epi32(pair);
  }

  // Lane by lane the pair (low, high), each in its low 16 bits.
  static Ints MakePairs(Ints low, Ints high) {
    return _mm256_blend_epi16(low, _mm256_slli_epi32(high, 16), 0xAA);
  }

  static Ints AddProducts(Ints sum, Ints a, Ints b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
  }

  static Ints Add(Ints a, Ints b) { return _mm256_add_epi32(a, b); }

  static Ints Sub(Ints a, Ints b) { return _mm256_sub_epi32(a, b); }

  static Ints Mul(Ints a, Ints b) { return _mm256_mullo_epi32(a, b); }

  static Ints And(Ints a, Ints b) { return _mm256_and_si256(a, b); }

  static Ints Min(Ints a, Ints b) { return _mm256_min_epi32(a, b); }

  static Ints Max(Ints a, Ints b) { return _mm256_max_epi32(a, b); }

  // All bits where a > b.
  static Ints Greater(Ints a, Ints b) { return _mm256_cmpgt_epi32(a, b); }

  static Ints Select(Ints mask, Ints yes, Ints no) { return _mm256_blendv_epi8(no, yes, mask); }

  static Ints ShiftLeft(Ints v, Ints counts) { return _mm256_sllv_epi32(v, counts); }

  static Ints ShiftRight(Ints v, Ints counts) { return _mm256_srav_epi32(v, counts); }

  static __m256i Odd(Ints v) { return _mm256_srli_epi64(v, 32); }

  static Wide Multiply(Ints a, Ints b) {
    return {_mm256_mul_epi32(a, b), _mm256_mul_epi32(Odd(a), Odd(b))};
  }

  static Wide WidenCount(Ints v) {
    return {_mm256_and_si256(v, _mm256_set1_epi64x(0xFFFFFFFF)), Odd(v)};
  }

  static Wide SetWide(int64_t v) { return {_mm256_set1_epi64x(v), _mm256_set1_epi64x(v)}; }

  static Wide Add(const Wide& a, const Wide& b) {
    return {_mm256_add_epi64(a.even, b.even), _mm256_add_epi64(a.odd, b.odd)};
  }

  static Wide Sub(const Wide& a, const Wide& b) {
    return {_mm256_sub_epi64(a.even, b.even), _mm256_sub_epi64(a.odd, b.odd)};
  }

  static Wide And(const Wide& a, const Wide& b) {
    return {_mm256_and_si256(a.even, b.even), _mm256_and_si256(a.odd, b.odd)};
  }

  static Wide ShiftLeft(const Wide& v, const Wide& counts) {
    return {_mm256_sllv_epi64(v.even, counts.even), _mm256_sllv_epi64(v.odd, counts.odd)};
  }

  // Fills with zeros.
  static Wide ShiftRightLogical(const Wide& v, const Wide& counts) {
    return {_mm256_srlv_epi64(v.even, counts.even), _mm256_srlv_epi64(v.odd, counts.odd)};
  }

  // AVX2 has no arithmetic shift of 64 bits: (v + 2^63) >> n, less 2^63 >> n.
  static Wide ShiftRight(const Wide& v, const Wide& counts) {
    const Wide top = SetWide(INT64_MIN);
    return Sub(ShiftRightLogical(Add(v, top), counts), ShiftRightLogical(top, counts));
  }

  static Ints Narrow(const Wide& v) {
    return _mm256_blend_epi32(v.even, _mm256_slli_epi64(v.odd, 32), 0xAA);
  }
};

}  // namespace

constinit const VectorKernels kAvx2Kernels = LoopsFor<Avx2>();

}  // namespace plumb::npu::fast
