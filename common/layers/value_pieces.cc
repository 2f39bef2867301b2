#include "common/layers/value_pieces.h"

#include "common/tensor/convert.h"

namespace plumb::layers {

Result<ValuePieces> ValuePieces::Create(const TensorDesc& desc, analysis::ReadRange read) {
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(desc));
  return ValuePieces(desc, region, std::move(read));
}

ValuePieces::ValuePieces(const TensorDesc& desc,
                         const ValidRegion& region,
                         analysis::ReadRange read)
    : desc_(desc),
      region_(region),
      read_(std::move(read)),
      value_size_(analysis::ValueSize(desc.element_type)),
      count_(region.valid_size() / value_size_) {}

Status ValuePieces::Read(uint64_t values) {
  bytes_.resize(static_cast<size_t>(values * value_size_));
  PLUMB_RETURN_IF_ERROR(
      analysis::GatherValid(region_, next_ * value_size_, read_, scratch_, bytes_));
  next_ += values;
  return OkStatus();
}

std::span<const double> ValuePieces::doubles() {
  doubles_.resize(bytes_.size() / static_cast<size_t>(value_size_));
  ToDoubles(desc_, bytes_.data(), doubles_);
  return doubles_;
}

std::span<const float> ValuePieces::floats() {
  if (is_float()) {
    // A vector's memory is aligned for any number.
    return {reinterpret_cast<const float*>(bytes_.data()), bytes_.size() / sizeof(float)};
  }
  const std::span<const double> values = doubles();
  floats_.assign(values.size(), 0);
  for (size_t i = 0; i < values.size(); ++i) {
    floats_[i] = static_cast<float>(values[i]);
  }
  return floats_;
}

}  // namespace plumb::layers
