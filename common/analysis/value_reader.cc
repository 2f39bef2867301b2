#include "common/analysis/value_reader.h"

#include "common/analysis/valid_bytes.h"
#include "common/base/text.h"
#include "common/tensor/convert.h"

namespace plumb::analysis {

ValueReader::ValueReader(const Tensor& tensor, const ValidRegion& region)
    : tensor_(tensor),
      region_(region),
      value_size_(ValueSize(tensor.desc.element_type)),
      size_(region.valid_size() / value_size_) {}

Result<ValueReader> ValueReader::Create(const Tensor& tensor) {
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(tensor.desc));
  if (tensor.bytes.size() < region.extent()) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(tensor.desc.name) + "' has " +
                                std::to_string(tensor.bytes.size()) + " bytes of " +
                                std::to_string(region.extent()));
  }
  return ValueReader(tensor, region);
}

void ValueReader::Read(uint64_t first, std::span<double> values) {
  bytes_.resize(values.size() * value_size_);
  const Status status =
      GatherValid(region_, first * value_size_, ReadFrom(tensor_.bytes.span()), scratch_, bytes_);
  if (status.ok()) {  // always: Create() checked the extent
    ToDoubles(tensor_.desc, bytes_.data(), values);
  }
}

double ValueReader::At(uint64_t index) const {
  const uint64_t byte = index * value_size_;
  const uint64_t row = byte / region_.row_size;
  double value = 0;
  ToDoubles(tensor_.desc,
            tensor_.bytes.data() + row * region_.row_pitch + byte % region_.row_size,
            {&value, 1});
  return value;
}

}  // namespace plumb::analysis
