#include <algorithm>
#include <array>

#include "common/npu/import/onnx/operands.h"

namespace plumb::npu::onnx {
namespace {

int64_t Product(std::span<const int64_t> dims) {
  int64_t product = 1;
  for (const int64_t dim : dims) {
    product *= dim;
  }
  return product;
}

// Constant places of an axis of `size`, negative ones counted from its end.
Result<std::vector<int32_t>> ReadPlaces(const NodeView& node, int64_t size) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> given, node.KnownIntegers(1));
  if (given.empty()) {
    return UnimplementedError("takes nothing");
  }
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(given.size()));
  std::vector<int32_t> places;
  for (const int64_t place : given) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t wrapped, WrapAxis(place, static_cast<size_t>(size)));
    places.push_back(wrapped);
  }
  return places;
}

// Along one axis by places of any shape.
Status ConvertGather(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr places, node.Known(1));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", 0), value->shape.rank()));
  const auto at = static_cast<size_t>(axis);
  GatherAttributes gather;
  PLUMB_ASSIGN_OR_RETURN(gather.indices, ReadPlaces(node, value->shape[at]));
  const bool row = places->shape.rank() == 1;
  const Layout layout = row ? value->home : Layout::kPlain;
  gather.axis = AxisUnder(layout, axis);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, layout));
  if (row) {
    return node.Make(layout, OpKind::kGather, {input}, std::move(gather));
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t taken,
                         node.Step("taken", OpKind::kGather, {input}, std::move(gather)));
  const std::span<const int64_t> dims = value->shape.dims();
  std::vector<int64_t> made(dims.begin(), dims.begin() + axis);
  made.insert(made.end(), places->shape.dims().begin(), places->shape.dims().end());
  made.insert(made.end(), dims.begin() + axis + 1, dims.end());
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(made));
  return node.Make(Layout::kPlain, OpKind::kReshape, {taken}, {}, shape);
}

// `rows` of the tensor taken as [Σ places, elements of one].
Status GatherRows(const NodeView& node,
                  Value& value,
                  std::vector<int32_t> rows,
                  int64_t row_size,
                  const Shape& made) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().UseInOrder(value));
  const int64_t all = Product(value.shape.dims());
  PLUMB_ASSIGN_OR_RETURN(const Shape flat, Shape::Create(std::array{all / row_size, row_size}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t list,
                         node.Step("rows", OpKind::kReshape, {input}, {}, flat));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t taken,
      node.Step("taken", OpKind::kGather, {list}, GatherAttributes{0, std::move(rows)}));
  return node.Make(Layout::kPlain, OpKind::kReshape, {taken}, {}, made);
}

// Element p of the result is the input's element p with its place along the axis replaced.
Status ConvertGatherElements(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr places, node.Known(1));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", 0), value->shape.rank()));
  const auto at = static_cast<size_t>(axis);
  const Shape& input = value->shape;
  const Shape shape = places->shape;
  bool fits = shape.rank() == input.rank();
  for (size_t i = 0; fits && i < shape.rank(); ++i) {
    fits = i == at || shape[i] <= input[i];
  }
  if (!fits) {
    return InvalidArgumentError("takes places " + shape.ToString() + " of " + input.ToString());
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> along, ReadPlaces(node, input[at]));
  std::vector<int32_t> rows;
  for (size_t flat = 0; flat < along.size(); ++flat) {
    auto place = shape.Unravel(flat);
    place.at(at) = along[flat];
    int64_t from = 0;
    for (size_t i = 0; i < shape.rank(); ++i) {
      from = from * input[i] + place.at(i);
    }
    rows.push_back(static_cast<int32_t>(from));
  }
  return GatherRows(node, *value, std::move(rows), 1, shape);
}

// The last axis of the places holds indices of the input's first axes.
Status ConvertGatherNd(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr places, node.Known(1));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> indices, node.KnownIntegers(1));
  const std::span<const int64_t> dims = value->shape.dims();
  const size_t depth =
      places->shape.rank() == 0 ? 0 : static_cast<size_t>(places->shape.innermost());
  if (node.Integer("batch_dims", 0) != 0 || depth < 1 || depth > dims.size() || indices.empty()) {
    return UnimplementedError("takes batches or nothing");
  }
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(indices.size()));
  std::vector<int32_t> rows;
  for (size_t i = 0; i < indices.size(); i += depth) {
    int64_t row = 0;
    for (size_t axis = 0; axis < depth; ++axis) {
      PLUMB_ASSIGN_OR_RETURN(const int32_t place,
                             WrapAxis(indices[i + axis], static_cast<size_t>(dims[axis])));
      row = row * dims[axis] + place;
    }
    rows.push_back(static_cast<int32_t>(row));
  }
  const std::span<const int64_t> outer = places->shape.dims();
  std::vector<int64_t> made(outer.begin(), outer.end() - 1);
  const auto rest = dims.subspan(depth);
  made.insert(made.end(), rest.begin(), rest.end());
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(made));
  return GatherRows(node, *value, std::move(rows), Product(rest), shape);
}

// The places where the condition is not 0; of the flat tensor without an axis.
Status ConvertCompress(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> condition, node.KnownIntegers(1));
  std::vector<int32_t> places;
  for (size_t i = 0; i < condition.size(); ++i) {
    if (condition[i] != 0) {
      places.push_back(static_cast<int32_t>(i));
    }
  }
  if (places.empty()) {
    return UnimplementedError("keeps nothing");
  }
  if (node.Find("axis") == nullptr) {
    const Shape made{static_cast<int64_t>(places.size())};
    return GatherRows(node, *value, std::move(places), 1, made);
  }
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         WrapAxis(node.Integer("axis", 0), value->shape.rank()));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(x.layout,
                   OpKind::kGather,
                   {x.tensor},
                   GatherAttributes{AxisUnder(x.layout, axis), std::move(places)});
}

// The axes 0 … size − 1, `times` over, which is how often an axis repeats.
std::vector<int32_t> Repeated(int64_t size, int64_t times) {
  std::vector<int32_t> places;
  for (int64_t i = 0; i < size * times; ++i) {
    places.push_back(static_cast<int32_t>(i % size));
  }
  return places;
}

// Each axis of a plain tensor repeated `times`; the last step carries the node's name.
Status Repeat(const NodeView& node, uint32_t input, const std::vector<int64_t>& times) {
  constexpr int64_t kMost = 1 << 20;
  const Shape shape = node.graph().ShapeOf(input);
  const auto left = std::count_if(times.begin(), times.end(), [](int64_t n) { return n != 1; });
  if (left == 0) {
    return node.Make(Layout::kPlain, OpKind::kReshape, {input}, {}, shape);
  }
  auto steps = left;
  uint32_t made = input;
  for (size_t axis = 0; axis < times.size(); ++axis) {
    if (times[axis] == 1) {
      continue;
    }
    if (times[axis] < 1 || times[axis] > kMost || shape[axis] > kMost / times[axis]) {
      return UnimplementedError("repeats an axis " + std::to_string(times[axis]) + " times");
    }
    PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(shape[axis] * times[axis])));
    const std::string name = --steps == 0 ? node.output() : node.NewName("repeated");
    GatherAttributes places{static_cast<int32_t>(axis), Repeated(shape[axis], times[axis])};
    PLUMB_ASSIGN_OR_RETURN(made,
                           node.graph().Emit(name, OpKind::kGather, {made}, std::move(places)));
  }
  return node.graph().Define(node.output(), made, Layout::kPlain);
}

Status ConvertTile(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> times, node.KnownIntegers(1));
  if (times.size() != value->shape.rank()) {
    return InvalidArgumentError("has " + std::to_string(times.size()) + " repeats for " +
                                value->shape.ToString());
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPlain));
  return Repeat(node, input, times);
}

Status ConvertExpand(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> target, node.KnownIntegers(1));
  const size_t rank = std::max(target.size(), value->shape.rank());
  if (rank > kMaxGraphRank) {
    return UnimplementedError("makes " + std::to_string(rank) + " dimensions");
  }
  std::vector<int64_t> dims(rank, 1);
  std::copy(value->shape.dims().begin(),
            value->shape.dims().end(),
            dims.end() - static_cast<std::ptrdiff_t>(value->shape.rank()));
  std::vector<int64_t> times(rank, 1);
  for (size_t i = 0; i < target.size(); ++i) {
    const size_t axis = rank - target.size() + i;
    if (dims[axis] == 1) {
      times[axis] = target[i];
    } else if (target[i] != 1 && target[i] != dims[axis]) {
      return InvalidArgumentError("cannot make " + std::to_string(target[i]) + " places of " +
                                  std::to_string(dims[axis]));
    }
  }
  PLUMB_ASSIGN_OR_RETURN(uint32_t input, node.graph().Use(*value, Layout::kPlain));
  if (rank != value->shape.rank()) {
    PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
    PLUMB_ASSIGN_OR_RETURN(input, node.Step("axes", OpKind::kReshape, {input}, {}, shape));
  }
  return Repeat(node, input, times);
}

// The upper or lower triangle of the last two axes; zeros elsewhere.
Status ConvertTrilu(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const Shape shape = value->shape;
  int64_t diagonal = 0;
  if (node.Has(1)) {
    PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> given, node.KnownIntegers(1));
    diagonal = given.empty() ? 0 : given.front();
  }
  if (shape.rank() < 2) {
    return InvalidArgumentError("needs matrices, not " + shape.ToString());
  }
  const int64_t rows = shape[shape.rank() - 2];
  const int64_t columns = shape.innermost();
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(static_cast<uint64_t>(rows * columns)));
  diagonal = std::clamp(diagonal, -rows, columns);
  const bool upper = node.Integer("upper", 1) != 0;
  std::vector<float> kept;
  for (int64_t i = 0; i < rows * columns; ++i) {
    const int64_t distance = i % columns - i / columns;
    kept.push_back((upper ? distance >= diagonal : distance <= diagonal) ? 1.0F : 0.0F);
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*value, Layout::kPlain));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t mask,
      node.graph().AddConstant(node.NewName("kept"), Shape{rows, columns}, std::move(kept)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t zero, node.Scalar("zero", 0));
  return node.Make(Layout::kPlain, OpKind::kSelect, {mask, input, zero});
}

constexpr NamedConverter kConverters[] = {
    {"Compress", ConvertCompress},
    {"Expand", ConvertExpand},
    {"Gather", ConvertGather},
    {"GatherElements", ConvertGatherElements},
    {"GatherND", ConvertGatherNd},
    {"Tile", ConvertTile},
    {"Trilu", ConvertTrilu},
};

}  // namespace

std::span<const NamedConverter> GatherConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
