// The inner loops of a comparison: pairs of raw elements to sums, counts and places, eight at a
// time.
//
// There is one implementation for every CPU and faster ones that are chosen when the program runs.
// All give the same bits: each lane sees the same IEEE operations on doubles in the same order, no
// multiplication is contracted with an addition, and nothing depends on the width of a vector.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/analysis/sums.h"
#include "common/tensor/element_type.h"

namespace plumb::analysis {

// Real number of a stored integer q: (q − zero_point) · scale. Floats are not touched.
struct Encoding {
  double scale = 1;
  double zero_point = 0;
};

// Consecutive pairs of one element type, unaligned and without padding. The first has an index that
// is a multiple of kLanes.
struct RawGroups {
  const uint8_t* reference = nullptr;
  const uint8_t* target = nullptr;
  size_t groups = 0;  // of kLanes pairs
  // Fetched while these pairs are added, as many bytes as they have: what is needed next. Never
  // read, so they may point anywhere.
  const uint8_t* reference_ahead = nullptr;
  const uint8_t* target_ahead = nullptr;
  Encoding reference_encoding;
  Encoding target_encoding;
  bool same_encoding = false;  // equal bytes are equal numbers
};

// What a kernel adds to. Ranges keep no sign of zero.
struct GroupStatistics {
  Lanes lanes;
  double max_abs_error = -1;
  uint64_t different = 0;
  size_t equal_groups = 0;  // before the first with other bytes; kernels leave it alone
  Range reference;
  Range target;
};

struct FoundPair {
  size_t at = 0;
  double reference = 0;
  double target = 0;
};

// The loops for one element type. With a NaN or an Inf among the values the results are
// meaningless, but then lanes.squared_reference or lanes.squared_target is not finite either.
struct PairKernel {
  size_t element_size = 0;

  // Adds groups while the bytes of both sides are equal and returns how many; needs same_encoding.
  size_t (*add_equal)(const RawGroups& pairs, GroupStatistics& statistics) = nullptr;

  // Adds all groups.
  void (*add)(const RawGroups& pairs, GroupStatistics& statistics) = nullptr;

  // The first pair with |d| ≥ magnitude.
  std::optional<FoundPair> (*find)(const RawGroups& pairs, double magnitude) = nullptr;

  // d in steps of `lsb`, rounded to nearest even, kept within −9 … 9, plus 9: one byte per pair.
  void (*steps)(const RawGroups& pairs, double lsb, uint8_t* steps) = nullptr;

  // The same bytes for integers of at most 16 bits that share an encoding, with a positive scale as
  // `lsb`. Null for other types.
  void (*integer_steps)(const RawGroups& pairs, uint8_t* steps) = nullptr;

  // Pairs beyond atol + rtol·|r|.
  uint64_t (*count_beyond)(const RawGroups& pairs, double atol, double rtol) = nullptr;

  // Elements of one side at or beyond the limits.
  uint64_t (*count_saturated)(const uint8_t* elements,
                              size_t groups,
                              const Encoding& encoding,
                              const TypeLimits& limits) = nullptr;
};

enum class RawType : uint8_t { kFloat32, kFloat64, kInt8, kUint8, kInt16, kUint16, kInt32 };
constexpr size_t kRawTypes = 7;

// Nothing for the types that have to be converted first: Float16, Int64, unknown.
std::optional<RawType> RawTypeOf(ElementType type);

struct KernelSet {
  const char* name = "";  // "portable", "avx2", "avx512"
  std::array<PairKernel, kRawTypes> kernels;

  [[nodiscard]] const PairKernel& For(RawType type) const {
    return kernels[static_cast<size_t>(type)];
  }
};

// All that this CPU can run, the portable one first and the fastest last.
std::span<const KernelSet* const> SupportedKernels();
// The fastest of them.
const KernelSet& BestKernels();

// Null where the program was built for another architecture; asks nothing of the CPU.
const KernelSet* PortableKernels();
const KernelSet* Avx2Kernels();
const KernelSet* Avx512Kernels();

}  // namespace plumb::analysis
