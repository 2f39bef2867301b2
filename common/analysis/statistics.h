// Error statistics over pairs of real numbers: one pass, bounded memory, a fixed order of sums.
//
// Element i of a tensor goes to block i / 4096 and there to lane i mod 8. A block's eight lanes are
// added in one order, the blocks in index order. So the digits depend on the data alone and not on
// how it was cut, on threads or on the width of vectors. Blocks may be computed anywhere and in
// parallel; ErrorStatistics::Append takes them in order.
//
// Pairs of doubles are added one by one, which is the definition written down; whole groups of raw
// elements by the kernels of pair_kernels.h, to the same bits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/analysis/sums.h"

namespace plumb::analysis {

// Constant for all pairs of a tensor.
struct StatisticsOptions {
  double lsb = 0;  // step of the output scale; 0: none, no histogram
  std::optional<TypeLimits> reference_limits;
  std::optional<TypeLimits> target_limits;
  bool elementwise = false;  // count pairs beyond atol + rtol·|r|
  double atol = 0;
  double rtol = 0;
};

// Pairs at consecutive indexes. The three spans have one size. `difference` is t − r, computed by
// the caller, who may know it more exactly (64-bit integers).
struct PairSpan {
  std::span<const double> reference;
  std::span<const double> target;
  std::span<const double> difference;
};

// Of pair_kernels.h.
struct RawGroups;
struct PairKernel;

// At most one block; pairs are added in ascending order. Value type.
class BlockStatistics {
 public:
  // `first_index`: of the first pair that will be added.
  explicit BlockStatistics(uint64_t first_index) : next_index_(first_index) {}

  // Adds pairs from next_index() on; they must not cross the end of the block.
  void Add(const PairSpan& pairs, const StatisticsOptions& options);

  // The same with raw elements, at least one group, from a next_index() that is a multiple of
  // kLanes. False when one of them is a NaN or an Inf (or the squares overflow): then nothing was
  // added and Add() has to.
  [[nodiscard]] bool AddGroups(const RawGroups& pairs,
                               const PairKernel& kernel,
                               const StatisticsOptions& options);

  [[nodiscard]] uint64_t next_index() const { return next_index_; }

  [[nodiscard]] bool complete() const { return next_index_ % kBlockElements == 0; }

  [[nodiscard]] Sums sums() const;

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void AddFinite(double r, double t, double d, const StatisticsOptions& options);

  uint64_t next_index_ = 0;
  Lanes lanes_;
  Tally tally_;
};

// A whole tensor. Not thread-safe.
class ErrorStatistics {
 public:
  explicit ErrorStatistics(const StatisticsOptions& options) : options_(options) {}

  // The next pairs in index order, any number of them.
  void Add(const PairSpan& pairs);
  // The next groups, within one block; as BlockStatistics::AddGroups.
  [[nodiscard]] bool AddGroups(const RawGroups& pairs, const PairKernel& kernel);
  // The next complete block, computed elsewhere; only on a block boundary.
  void Append(const BlockStatistics& block);

  [[nodiscard]] uint64_t next_index() const { return open_.next_index(); }

  [[nodiscard]] Sums sums() const;
  [[nodiscard]] Tally tally() const;

 private:
  StatisticsOptions options_;
  Sums closed_sums_;
  Tally closed_tally_;
  BlockStatistics open_{0};
};

}  // namespace plumb::analysis
