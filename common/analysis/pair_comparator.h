// Compares one output of reference and target while its bytes arrive, or two whole tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/analysis/pair_feed.h"
#include "common/analysis/report.h"
#include "common/analysis/statistics.h"
#include "common/analysis/tolerance.h"
#include "common/analysis/valid_bytes.h"
#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb::analysis {

// How much of one side's buffer is there ([0, available) raw bytes) and how to come by it: `memory`
// where all of it lies in memory (then it is compared where it is), else `read`.
struct LegBytes {
  uint64_t available = 0;
  ReadRange read;
  const uint8_t* memory = nullptr;
};

// All of a buffer in memory, which must live as long as the LegBytes.
LegBytes LegInMemory(std::span<const uint8_t> bytes);

// The two descriptors may differ in element type, stride, scale and sizes; the shapes must be
// equal, otherwise every verdict is a mismatch and no number exists. Equal quantisation on both
// sides compares the integers, anything else real values. Padding is read over, never looked at.
// Integers without a scale take the other side's (adopted_scale.h), which the report's reason says.
// Complex numbers count as two values. Memory: a few hundred KiB whatever the tensor's size.
// Not thread-safe; movable.
class PairComparator {
 public:
  // kInvalidArgument when a descriptor is impossible (ValidRegionOf). The name, type and shape in
  // the report are the target's.
  static Result<PairComparator> Create(const TensorDesc& reference,
                                       const TensorDesc& target,
                                       const Tolerance& tolerance,
                                       const KernelSet& kernels = BestKernels());

  // False when the shapes differ; nothing can be fed then.
  [[nodiscard]] bool comparable() const { return incomparable_reason_.empty(); }

  // Values in the whole tensor, and how many of them were compared.
  [[nodiscard]] uint64_t value_count() const { return value_count_; }

  [[nodiscard]] uint64_t compared() const { return feed_.statistics().next_index(); }

  [[nodiscard]] bool complete() const { return comparable() && compared() == value_count_; }

  // Compares the next values, given as valid bytes without padding; both spans hold the same
  // number of whole values. `first_value` must be compared(). kInvalidArgument otherwise.
  Status Compare(uint64_t first_value,
                 std::span<const uint8_t> reference,
                 std::span<const uint8_t> target);

  // Compares all that both sides have and that was not compared yet, reading it in pieces.
  Status Advance(const LegBytes& reference, const LegBytes& target);

  // The report of what was compared so far: final once complete() (or not comparable()). Before
  // that the verdict is kNotCompared, unless equality was demanded and is already broken.
  [[nodiscard]] TensorReport Report() const;

 private:
  struct Side {
    TensorDesc desc;
    ValidRegion region;
    uint64_t value_size = 0;
    std::vector<uint8_t> bytes;
  };

  PairComparator(Side reference, Side target, const Tolerance& tolerance, const KernelSet& kernels);

  static Result<Side> MakeSide(const TensorDesc& desc);
  [[nodiscard]] uint64_t PieceValues(const LegBytes& reference, const LegBytes& target) const;
  static const uint8_t* NextBytes(const Side& side, const LegBytes& leg, uint64_t next);
  Result<const uint8_t*> ValidBytes(Side& side,
                                    const LegBytes& leg,
                                    uint64_t first,
                                    uint64_t values);

  Side reference_;
  Side target_;
  Tolerance tolerance_;
  std::string incomparable_reason_;
  std::string scale_note_;  // of a scale that one side took from the other
  uint64_t value_count_ = 0;
  double lsb_ = 0;
  PairFeed feed_;
  std::vector<uint8_t> scratch_;
};

// Two whole tensors at once.
Result<TensorReport> CompareTensors(const Tensor& reference,
                                    const Tensor& target,
                                    const Tolerance& tolerance);

}  // namespace plumb::analysis
