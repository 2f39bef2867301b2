// Compiled with -mavx512f and its relatives; see vector_avx2.cc for what must not be called here.
#include <immintrin.h>

#include "common/npu/kernels_fast/vector_loops.h"
#include "common/npu/kernels_fast/vector_tables.h"

namespace plumb::npu::fast {
namespace {

struct Avx512 {
  static constexpr size_t kLanes = 16;
  static constexpr size_t kTilePixels = 8;
  using Ints = __m512i;

  // 64-bit lanes: the even and the odd ones of the 32-bit lanes they stand for.
  struct Wide {
    __m512i even;
    __m512i odd;
  };

  static Ints Load(const int32_t* p) { return _mm512_loadu_si512(p); }

  static void Store(int32_t* p, Ints v) { _mm512_storeu_si512(p, v); }

  static Ints Load16(const int16_t* p) {
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p)));
  }

  // Values fit in 16 bits.
  static void Store16(int16_t* p, Ints v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(p), _mm512_cvtepi32_epi16(v));
  }

  static Ints Set(int32_t value) { return _mm512_set1_epi32(value); }

  static Ints Pairs(const int16_t* p) { return _mm512_loadu_si512(p); }

  static void StorePairs(int16_t* p, Ints v) { _mm512_storeu_si512(p, v); }

  static Ints BroadcastPair(const int16_t* p) {
    int32_t pair = 0;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return _mm512_set1_epi32(pair);
  }

  // Lane by lane the pair (low, high), each in its low 16 bits.
  static Ints MakePairs(Ints low, Ints high) {
    return _mm512_mask_blend_epi16(0xAAAAAAAA, low, _mm512_slli_epi32(high, 16));
  }

  static Ints AddProducts(Ints sum, Ints a, Ints b) { return _mm512_dpwssd_epi32(sum, a, b); }

  static Ints Add(Ints a, Ints b) { return _mm512_add_epi32(a, b); }

  static Ints Sub(Ints a, Ints b) { return _mm512_sub_epi32(a, b); }

  static Ints Mul(Ints a, Ints b) { return _mm512_mullo_epi32(a, b); }

  static Ints And(Ints a, Ints b) { return _mm512_and_si512(a, b); }

  static Ints Min(Ints a, Ints b) { return _mm512_min_epi32(a, b); }

  static Ints Max(Ints a, Ints b) { return _mm512_max_epi32(a, b); }

  // All bits where a > b.
  static Ints Greater(Ints a, Ints b) { return _mm512_movm_epi32(_mm512_cmpgt_epi32_mask(a, b)); }

  static Ints Select(Ints mask, Ints yes, Ints no) {
    return _mm512_mask_blend_epi32(_mm512_movepi32_mask(mask), no, yes);
  }

  static Ints ShiftLeft(Ints v, Ints counts) { return _mm512_sllv_epi32(v, counts); }

  static Ints ShiftRight(Ints v, Ints counts) { return _mm512_srav_epi32(v, counts); }

  static __m512i Odd(Ints v) { return _mm512_srli_epi64(v, 32); }

  static Wide Multiply(Ints a, Ints b) {
    return {_mm512_mul_epi32(a, b), _mm512_mul_epi32(Odd(a), Odd(b))};
  }

  static Wide WidenCount(Ints v) {
    return {_mm512_and_si512(v, _mm512_set1_epi64(0xFFFFFFFF)), Odd(v)};
  }

  static Wide SetWide(int64_t v) { return {_mm512_set1_epi64(v), _mm512_set1_epi64(v)}; }

  static Wide Add(const Wide& a, const Wide& b) {
    return {_mm512_add_epi64(a.even, b.even), _mm512_add_epi64(a.odd, b.odd)};
  }

  static Wide Sub(const Wide& a, const Wide& b) {
    return {_mm512_sub_epi64(a.even, b.even), _mm512_sub_epi64(a.odd, b.odd)};
  }

  static Wide And(const Wide& a, const Wide& b) {
    return {_mm512_and_si512(a.even, b.even), _mm512_and_si512(a.odd, b.odd)};
  }

  static Wide ShiftLeft(const Wide& v, const Wide& counts) {
    return {_mm512_sllv_epi64(v.even, counts.even), _mm512_sllv_epi64(v.odd, counts.odd)};
  }

  // Fills with zeros.
  static Wide ShiftRightLogical(const Wide& v, const Wide& counts) {
    return {_mm512_srlv_epi64(v.even, counts.even), _mm512_srlv_epi64(v.odd, counts.odd)};
  }

  static Wide ShiftRight(const Wide& v, const Wide& counts) {
    return {_mm512_srav_epi64(v.even, counts.even), _mm512_srav_epi64(v.odd, counts.odd)};
  }

  static Ints Narrow(const Wide& v) {
    return _mm512_mask_blend_epi32(0xAAAA, v.even, _mm512_slli_epi64(v.odd, 32));
  }
};

}  // namespace

constinit const VectorKernels kAvx512VnniKernels = LoopsFor<Avx512>();

}  // namespace plumb::npu::fast
