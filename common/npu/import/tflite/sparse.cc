#include "common/npu/import/tflite/sparse.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "common/npu/graph/graph.h"
#include "common/npu/import/tflite/schema.h"

namespace plumb::npu::tflite {
namespace {

// One dimension in the order of storage. A blocked dimension comes twice: its blocks, then the
// places within one.
struct Level {
  bool is_sparse = false;
  uint64_t size = 0;
  uint64_t stride = 0;             // dense elements from one index to the next
  std::vector<uint32_t> segments;  // of each node of the level before, its part of `indices`
  std::vector<uint32_t> indices;
};

Status Unfit(const char* what) {
  return InvalidArgumentError(std::string("its sparsity ") + what);
}

Result<std::vector<uint32_t>> ReadNumbers(const FlatTable& table, uint32_t field) {
  PLUMB_ASSIGN_OR_RETURN(const uint8_t width, table.Scalar<uint8_t>(field, 0));
  PLUMB_ASSIGN_OR_RETURN(const FlatTable holder, table.Table(field + 1));
  std::vector<uint32_t> numbers;
  const auto read = [&](auto zero) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const FlatVector vector, holder.Vector(0, sizeof(zero)));
    for (uint32_t i = 0; i < vector.size(); ++i) {
      numbers.push_back(vector.At<decltype(zero)>(i));
    }
    return OkStatus();
  };
  switch (static_cast<SparseIndex>(width)) {
    case SparseIndex::kInt32:
      PLUMB_RETURN_IF_ERROR(read(uint32_t{0}));
      break;
    case SparseIndex::kUint16:
      PLUMB_RETURN_IF_ERROR(read(uint16_t{0}));
      break;
    case SparseIndex::kUint8:
      PLUMB_RETURN_IF_ERROR(read(uint8_t{0}));
      break;
    default:
      return Unfit("has indices of an unknown type");
  }
  return numbers;
}

Result<std::vector<int32_t>> ReadInts(const FlatTable& table, uint32_t field) {
  PLUMB_ASSIGN_OR_RETURN(const FlatVector vector, table.Vector(field, sizeof(int32_t)));
  if (vector.size() > 2 * Shape::kMaxRank) {
    return Unfit("has too many dimensions");
  }
  std::vector<int32_t> values;
  for (uint32_t i = 0; i < vector.size(); ++i) {
    values.push_back(vector.At<int32_t>(i));
  }
  return values;
}

class Densifier {
 public:
  explicit Densifier(const Shape& shape) : shape_(shape), blocks_(shape.rank(), 1) {}

  Status Read(const FlatTable& sparsity);
  // The dense place of every stored element.
  [[nodiscard]] Result<std::vector<uint64_t>> Places(uint64_t limit) const;

 private:
  Status ReadBlocks(const FlatVector& dimensions);
  Result<Level> ReadLevel(const FlatTable& table, size_t dimension) const;
  [[nodiscard]] uint64_t StrideOf(size_t dimension) const;

  Shape shape_;
  std::vector<uint64_t> blocks_;   // by dimension; 1 where it has none
  std::vector<size_t> order_;      // by level, a dimension or rank + index of a block
  std::vector<size_t> block_map_;  // by block, its dimension
  std::vector<Level> levels_;
};

uint64_t Densifier::StrideOf(size_t dimension) const {
  uint64_t stride = 1;
  for (size_t i = dimension + 1; i < shape_.rank(); ++i) {
    stride *= static_cast<uint64_t>(shape_[i]);
  }
  return stride;
}

Status Densifier::ReadBlocks(const FlatVector& dimensions) {
  for (size_t level = 0; level < order_.size(); ++level) {
    if (order_[level] < shape_.rank()) {
      continue;
    }
    const size_t dimension = block_map_[order_[level] - shape_.rank()];
    PLUMB_ASSIGN_OR_RETURN(const FlatTable table, dimensions.TableAt(static_cast<uint32_t>(level)));
    PLUMB_ASSIGN_OR_RETURN(const int32_t size,
                           table.Scalar<int32_t>(DimensionField::kDenseSize, 0));
    if (size < 1 || blocks_[dimension] != 1 || shape_[dimension] % size != 0) {
      return Unfit("has blocks that do not divide the tensor");
    }
    blocks_[dimension] = static_cast<uint64_t>(size);
  }
  return OkStatus();
}

Result<Level> Densifier::ReadLevel(const FlatTable& table, size_t dimension) const {
  Level level;
  PLUMB_ASSIGN_OR_RETURN(const int8_t format, table.Scalar<int8_t>(DimensionField::kFormat, 0));
  level.is_sparse = format != 0;
  if (dimension < shape_.rank()) {
    level.size = static_cast<uint64_t>(shape_[dimension]) / blocks_[dimension];
    level.stride = StrideOf(dimension) * blocks_[dimension];
  } else {
    const size_t blocked = block_map_[dimension - shape_.rank()];
    level.size = blocks_[blocked];
    level.stride = StrideOf(blocked);
  }
  if (level.is_sparse) {
    PLUMB_ASSIGN_OR_RETURN(level.segments, ReadNumbers(table, DimensionField::kSegmentsType));
    PLUMB_ASSIGN_OR_RETURN(level.indices, ReadNumbers(table, DimensionField::kIndicesType));
    return level;
  }
  PLUMB_ASSIGN_OR_RETURN(const int32_t size, table.Scalar<int32_t>(DimensionField::kDenseSize, 0));
  if (static_cast<uint64_t>(size) != level.size) {
    return Unfit("has a dense dimension of another size than the tensor");
  }
  return level;
}

Status Densifier::Read(const FlatTable& sparsity) {
  PLUMB_ASSIGN_OR_RETURN(const auto order, ReadInts(sparsity, SparsityField::kOrder));
  PLUMB_ASSIGN_OR_RETURN(const auto map, ReadInts(sparsity, SparsityField::kBlockMap));
  PLUMB_ASSIGN_OR_RETURN(const FlatVector dimensions, sparsity.Tables(SparsityField::kDimensions));
  std::vector<int32_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool fits = order.size() == shape_.rank() + map.size() && dimensions.size() == order.size();
  for (size_t i = 0; fits && i < sorted.size(); ++i) {
    fits = sorted[i] == static_cast<int32_t>(i);
  }
  for (const int32_t dimension : map) {
    fits = fits && dimension >= 0 && static_cast<size_t>(dimension) < shape_.rank();
  }
  if (!fits) {
    return Unfit("does not name each dimension once");
  }
  order_.assign(order.begin(), order.end());
  block_map_.assign(map.begin(), map.end());
  PLUMB_RETURN_IF_ERROR(ReadBlocks(dimensions));
  for (size_t i = 0; i < order_.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const FlatTable table, dimensions.TableAt(static_cast<uint32_t>(i)));
    PLUMB_ASSIGN_OR_RETURN(Level level, ReadLevel(table, order_[i]));
    levels_.push_back(std::move(level));
  }
  return OkStatus();
}

// Adds what `level` lists below each of `nodes` to `next`.
Status FollowIndices(const Level& level,
                     const std::vector<uint64_t>& nodes,
                     std::vector<uint64_t>& next) {
  const std::vector<uint32_t>& segments = level.segments;
  if (segments.size() != nodes.size() + 1 || segments.front() != 0 ||
      segments.back() != level.indices.size() ||
      !std::is_sorted(segments.begin(), segments.end())) {
    return Unfit("has segments that do not divide its indices");
  }
  for (size_t node = 0; node < nodes.size(); ++node) {
    for (uint32_t i = segments[node]; i < segments[node + 1]; ++i) {
      if (level.indices[i] >= level.size) {
        return Unfit("has an index outside the tensor");
      }
      next.push_back(nodes[node] + level.indices[i] * level.stride);
    }
  }
  return OkStatus();
}

Result<std::vector<uint64_t>> Densifier::Places(uint64_t limit) const {
  std::vector<uint64_t> nodes = {0};
  for (const Level& level : levels_) {
    std::vector<uint64_t> next;
    if (level.is_sparse) {
      PLUMB_RETURN_IF_ERROR(FollowIndices(level, nodes, next));
    } else if (nodes.size() > limit / level.size) {
      return Unfit("has more elements than the tensor");
    } else {
      for (const uint64_t node : nodes) {
        for (uint64_t i = 0; i < level.size; ++i) {
          next.push_back(node + i * level.stride);
        }
      }
    }
    nodes = std::move(next);
  }
  return nodes;
}

}  // namespace

Result<std::vector<uint8_t>> Densify(const FlatTable& sparsity,
                                     const Shape& shape,
                                     std::span<const uint8_t> values,
                                     size_t element_size) {
  const std::optional<uint64_t> count = shape.element_count();
  if (!count || *count == 0 || *count > kMaxGraphElements) {
    return InvalidArgumentError("has the shape " + shape.ToString() +
                                ", which is empty or larger than 2^28 elements");
  }
  Densifier densifier(shape);
  PLUMB_RETURN_IF_ERROR(densifier.Read(sparsity));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<uint64_t> places, densifier.Places(*count));
  if (values.size() != places.size() * element_size) {
    return Unfit("lists another number of elements than are stored");
  }
  std::vector<uint8_t> dense(*count * element_size);
  for (size_t i = 0; i < places.size(); ++i) {
    std::memcpy(
        dense.data() + places[i] * element_size, values.data() + i * element_size, element_size);
  }
  return dense;
}

}  // namespace plumb::npu::tflite
