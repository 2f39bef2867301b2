#include "common/tensor/shape.h"

#include <algorithm>
#include <cstdlib>

#include "common/base/checked.h"

namespace plumb {
namespace {

constexpr int64_t kMaxDim = 0x7FFFFFFF;

std::optional<uint64_t> Product(std::span<const int64_t> dims) {
  uint64_t product = 1;
  for (const int64_t dim : dims) {
    const auto next = CheckedMul(product, static_cast<uint64_t>(dim));
    if (!next) {
      return std::nullopt;
    }
    product = *next;
  }
  return product;
}

}  // namespace

Shape::Shape(std::initializer_list<int64_t> dims) {
  auto made = Create({dims.begin(), dims.size()});
  if (!made.ok()) {
    std::abort();
  }
  *this = *made;
}

Result<Shape> Shape::Create(std::span<const int64_t> dims) {
  if (dims.size() > kMaxRank) {
    return InvalidArgumentError("a tensor has at most " + std::to_string(kMaxRank) +
                                " dimensions, not " + std::to_string(dims.size()));
  }
  Shape shape;
  for (const int64_t dim : dims) {
    if (dim < 0 || dim > kMaxDim) {
      return InvalidArgumentError("a dimension must be 0 to 2147483647, not " +
                                  std::to_string(dim));
    }
    shape.dims_.at(shape.rank_++) = dim;
  }
  return shape;
}

std::optional<uint64_t> Shape::element_count() const {
  // A zero anywhere makes it empty, even where the other dimensions overflow on the way.
  const auto all = dims();
  if (std::find(all.begin(), all.end(), 0) != all.end()) {
    return 0;
  }
  return Product(all);
}

std::optional<uint64_t> Shape::row_count() const {
  if (rank_ == 0) {
    return 1;
  }
  const auto rows = Product(dims().first(rank_ - 1));
  return rows || element_count() != 0 ? rows : 0;  // of nothing there are no rows
}

std::string Shape::ToString() const {
  std::string text;
  for (size_t axis = 0; axis < rank_; ++axis) {
    text += (axis == 0 ? "" : "x") + std::to_string(dims_.at(axis));
  }
  return text;
}

std::array<int64_t, Shape::kMaxRank> Shape::Unravel(uint64_t flat_index) const {
  std::array<int64_t, kMaxRank> position{};
  for (size_t axis = rank_; axis-- > 0;) {
    const auto dim = static_cast<uint64_t>(std::max<int64_t>(dims_.at(axis), 1));
    position.at(axis) = static_cast<int64_t>(flat_index % dim);
    flat_index /= dim;
  }
  return position;
}

bool operator==(const Shape& a, const Shape& b) {
  return std::equal(a.dims().begin(), a.dims().end(), b.dims().begin(), b.dims().end());
}

}  // namespace plumb
