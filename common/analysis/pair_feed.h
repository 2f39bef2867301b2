// Raw elements of reference and target, without padding, into error statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/analysis/pair_kernels.h"
#include "common/analysis/statistics.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::analysis {

// Where the bytes lie that will be needed after those that are being added, for both sides; they
// are fetched meanwhile, never read. Null: behind the ones being added.
struct Ahead {
  const uint8_t* reference = nullptr;
  const uint8_t* target = nullptr;
};

// Elements of one type on both sides are read where they are; others are converted to doubles, a
// few KiB at a time. Pairs that no kernel takes (the rest of a group, groups with a NaN) are added
// one by one. The result depends on the elements alone, not on how they were cut or on `kernels`.
// Not thread-safe; movable.
class PairFeed {
 public:
  // Both descriptors must have passed ValidRegionOf; `kernels` must outlive the feed.
  PairFeed(const TensorDesc& reference,
           const TensorDesc& target,
           const StatisticsOptions& options,
           const KernelSet& kernels = BestKernels());

  // The next `values` pairs, values as ValueSize() counts them.
  void Add(const uint8_t* reference,
           const uint8_t* target,
           uint64_t values,
           const Ahead& ahead = {});

  [[nodiscard]] const ErrorStatistics& statistics() const { return statistics_; }

  // Equal bytes are equal values: one type and, of integers, one scale and zero point.
  [[nodiscard]] bool same_encoding() const { return same_encoding_; }

 private:
  bool AddGroups(const uint8_t* reference,
                 const uint8_t* target,
                 size_t values,
                 const Ahead& ahead);
  void AddSingly(const uint8_t* reference, const uint8_t* target, size_t values);
  void FillDifferences(const uint8_t* reference, const uint8_t* target, size_t values);

  struct Side {
    TensorDesc desc;
    uint64_t value_size = 0;
    Encoding encoding;
    std::vector<double> values;
  };

  static Side MakeSide(const TensorDesc& desc);

  Side reference_;
  Side target_;
  bool same_encoding_ = false;
  std::optional<RawType> raw_type_;  // of both sides; empty: they are converted first
  const KernelSet* kernels_;
  ErrorStatistics statistics_;
  std::vector<double> differences_;
};

}  // namespace plumb::analysis
