#include "common/tensor/tensor.h"

#include "common/tensor/convert.h"

namespace plumb {

Result<std::vector<double>> RealValues(const Tensor& tensor) {
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(tensor.desc));
  if (tensor.bytes.size() < region.extent()) {
    return InvalidArgumentError("tensor '" + tensor.desc.name + "' has " +
                                std::to_string(tensor.bytes.size()) + " bytes of " +
                                std::to_string(region.extent()));
  }
  // Both fit: there are as many bytes as the region says.
  const auto rows = static_cast<size_t>(region.rows);
  const auto per_row = static_cast<size_t>(ValuesIn(tensor.desc.element_type, region.row_size));
  std::vector<double> values(rows * per_row);
  for (size_t row = 0; row < rows; ++row) {
    ToDoubles(tensor.desc,
              tensor.bytes.data() + row * region.row_pitch,
              {values.data() + row * per_row, per_row});
  }
  return values;
}

}  // namespace plumb
