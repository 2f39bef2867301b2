#include "common/layers/layer_values.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/layers/value_pieces.h"

namespace plumb::layers {

Result<std::vector<float>> ReadLayer(const Layer& layer) {
  PLUMB_ASSIGN_OR_RETURN(auto pieces, ValuePieces::Create(layer.desc, layer.open()));
  if (pieces.count() > kMaxHeldValues) {
    return ResourceExhaustedError("layer '" + EscapeForDisplay(layer.desc.name) + "' has " +
                                  std::to_string(pieces.count()) + " values, too many to hold");
  }
  std::vector<float> values;
  values.reserve(static_cast<size_t>(pieces.count()));
  while (pieces.next() < pieces.count()) {
    PLUMB_RETURN_IF_ERROR(pieces.Read(std::min(kPieceValues, pieces.count() - pieces.next())));
    const std::span<const float> piece = pieces.floats();
    values.insert(values.end(), piece.begin(), piece.end());
  }
  return values;
}

std::vector<float> TurnBlocks(std::span<const float> values,
                              uint64_t outer,
                              uint64_t rows,
                              uint64_t columns) {
  std::vector<float> turned;
  turned.reserve(values.size());
  for (uint64_t block = 0; block < outer; ++block) {
    const uint64_t base = block * rows * columns;
    for (uint64_t column = 0; column < columns; ++column) {
      for (uint64_t row = 0; row < rows; ++row) {
        turned.push_back(values[static_cast<size_t>(base + row * columns + column)]);
      }
    }
  }
  return turned;
}

}  // namespace plumb::layers
