// Random and block-wise access to a tensor's valid values as doubles, without a copy of the tensor.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb::analysis {

// Not thread-safe. Indexes are those of TensorReport.
class ValueReader {
 public:
  // kInvalidArgument when the descriptor is impossible or bytes are missing.
  static Result<ValueReader> Create(const Tensor& tensor);

  [[nodiscard]] uint64_t size() const { return size_; }

  // Both need first + values.size() <= size(), index < size().
  void Read(uint64_t first, std::span<double> values);
  [[nodiscard]] double At(uint64_t index) const;

 private:
  ValueReader(const Tensor& tensor, const ValidRegion& region);

  Tensor tensor_;
  ValidRegion region_;
  uint64_t value_size_ = 0;
  uint64_t size_ = 0;
  std::vector<uint8_t> bytes_;
  std::vector<uint8_t> scratch_;
};

// Calls visit(first, reference, target) for consecutive blocks of both, which must have one size.
template <class Visit>
void VisitBlocks(ValueReader& reference, ValueReader& target, Visit visit) {
  constexpr uint64_t kBlock = 4096;
  std::vector<double> r(kBlock);
  std::vector<double> t(kBlock);
  for (uint64_t first = 0; first < target.size(); first += kBlock) {
    const auto count =
        static_cast<size_t>(target.size() - first < kBlock ? target.size() - first : kBlock);
    const std::span<double> r_part(r.data(), count);
    const std::span<double> t_part(t.data(), count);
    reference.Read(first, r_part);
    target.Read(first, t_part);
    visit(first, std::span<const double>(r_part), std::span<const double>(t_part));
  }
}

}  // namespace plumb::analysis
