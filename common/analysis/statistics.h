// Error statistics over pairs of real numbers: one pass, bounded memory, a fixed order of sums.
//
// Element i of a tensor goes to block i / 4096 and there to lane i mod 8. A block's eight lanes are
// added in one order, the blocks in index order. So the digits depend on the data alone and not on
// how it was cut, on threads or on the width of vectors. Blocks may be computed anywhere and in
// parallel; ErrorStatistics::Append takes them in order.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"

namespace plumb::analysis {

constexpr uint64_t kBlockElements = 4096;
constexpr size_t kLanes = 8;

// Real values of the lowest and the highest number an integer type holds.
struct TypeLimits {
  double low = 0;
  double high = 0;
};

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

// The sums of one block or of a whole tensor. Pairs with a NaN or an Inf are not in them.
struct Sums {
  double squared_error = 0;      // Σd²
  double absolute_error = 0;     // Σ|d|
  double squared_reference = 0;  // Σr²
  double absolute_reference = 0;
  double squared_target = 0;
  double product = 0;  // Σrt
};

// Of finite values; empty when low > high.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

// What is counted and located; merging is exact.
struct Tally {
  uint64_t pairs = 0;         // all, also those with a NaN or an Inf
  uint64_t finite_pairs = 0;  // the N of the formulas
  uint64_t different = 0;
  uint64_t over_tolerance = 0;
  uint64_t nan_reference = 0;
  uint64_t nan_target = 0;
  uint64_t inf_reference = 0;
  uint64_t inf_target = 0;
  uint64_t nonfinite_mismatches = 0;
  uint64_t saturated_reference = 0;
  uint64_t saturated_target = 0;
  double max_abs_error = -1;  // below every |d|, so that the first pair sets the index
  uint64_t max_abs_error_index = 0;
  std::optional<uint64_t> first_difference;  // of a finite pair
  double first_difference_reference = 0;
  double first_difference_target = 0;
  std::optional<uint64_t> first_nonfinite_mismatch;
  Range reference;
  Range target;
  LsbHistogram lsb;
};

// At most one block; pairs are added in ascending order. Value type.
class BlockStatistics {
 public:
  // `first_index`: of the first pair that will be added.
  explicit BlockStatistics(uint64_t first_index) : next_index_(first_index) {}

  // Adds pairs from next_index() on; they must not cross the end of the block.
  void Add(const PairSpan& pairs, const StatisticsOptions& options);

  [[nodiscard]] uint64_t next_index() const { return next_index_; }

  [[nodiscard]] bool complete() const { return next_index_ % kBlockElements == 0; }

  [[nodiscard]] Sums sums() const;

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void AddFinite(const PairSpan& pairs, const StatisticsOptions& options);
  void AddMixed(const PairSpan& pairs, const StatisticsOptions& options);
  void AddDifferences(const PairSpan& pairs, const StatisticsOptions& options);

  struct Lanes {
    std::array<double, kLanes> squared_error{};
    std::array<double, kLanes> absolute_error{};
    std::array<double, kLanes> squared_reference{};
    std::array<double, kLanes> absolute_reference{};
    std::array<double, kLanes> squared_target{};
    std::array<double, kLanes> product{};
  };

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
