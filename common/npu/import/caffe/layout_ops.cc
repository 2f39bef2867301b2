#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/npu/import/caffe/ops.h"

namespace plumb::npu::caffe {
namespace {

using importing::OrdersAgree;
using importing::ToPicture;

// Axis of a parameter with an older name.
Result<int32_t> ReadAxis(const Param& param,
                         std::string_view name,
                         std::string_view old_name,
                         int64_t otherwise,
                         size_t rank) {
  const bool old = !old_name.empty() && param.Has(old_name);
  if (old && param.Has(name)) {
    return InvalidArgumentError("has both " + std::string(name) + " and " + std::string(old_name));
  }
  PLUMB_ASSIGN_OR_RETURN(const int64_t axis, param.Integer(old ? old_name : name, otherwise));
  return WrapAxis(axis, rank);
}

Status ConvertConcat(const LayerView& layer) {
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("concat_param"));
  const size_t rank = layer.bottom().shape.rank();
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, ReadAxis(param, "axis", "concat_dim", 1, rank));
  Layout layout = Layout::kPlain;
  for (const Value* value : layer.bottoms()) {
    if (value->shape.rank() != rank) {
      return InvalidArgumentError("joins " + layer.bottom().shape.ToString() + " and " +
                                  value->shape.ToString());
    }
    layout = value->is_picture() ? Layout::kPicture : layout;
  }
  std::vector<uint32_t> operands;
  for (Value* value : layer.bottoms()) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t operand, layer.graph().Use(*value, layout));
    operands.push_back(operand);
  }
  return layer.Make(
      layout, OpKind::kConcat, std::move(operands), ConcatAttributes{AxisUnder(layout, axis)});
}

// The part of `value` from `begin` with the dimensions `size`, both of Caffe's axes.
Status MakeCut(const LayerView& layer,
               const std::string& name,
               Value& value,
               const std::vector<int64_t>& begin,
               const std::vector<int64_t>& size) {
  StridedSliceAttributes cut;
  cut.begin.resize(size.size());
  cut.stride.resize(size.size(), 1);
  cut.size.resize(size.size());
  std::vector<int64_t> dims(size.size());
  for (size_t axis = 0; axis < size.size(); ++axis) {
    const auto place = static_cast<size_t>(AxisUnder(value.home, static_cast<int32_t>(axis)));
    cut.begin[place] = static_cast<int32_t>(begin[axis]);
    cut.size[place] = static_cast<int32_t>(size[axis]);
    dims[place] = size[axis];
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, value));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t tensor,
      layer.graph().Emit(name, OpKind::kStridedSlice, {x.tensor}, std::move(cut), shape));
  return layer.graph().Define(name, tensor, x.layout);
}

// Where each part ends along an axis of `total`.
Result<std::vector<int64_t>> PartEnds(const Param& param, int64_t total, size_t parts) {
  PLUMB_ASSIGN_OR_RETURN(std::vector<int64_t> ends, param.Integers("slice_point"));
  const auto count = static_cast<int64_t>(parts);
  if (ends.empty()) {
    if (total % count != 0) {
      return InvalidArgumentError("cuts " + std::to_string(total) + " into " +
                                  std::to_string(count) + " equal parts");
    }
    for (int64_t i = 1; i <= count; ++i) {
      ends.push_back(total / count * i);
    }
    return ends;
  }
  ends.push_back(total);
  int64_t last = 0;
  for (const int64_t end : ends) {
    if (end <= last || end > total) {
      return InvalidArgumentError("has slice points that do not rise from 0 to " +
                                  std::to_string(total));
    }
    last = end;
  }
  if (ends.size() != parts) {
    return InvalidArgumentError("has " + std::to_string(ends.size() - 1) + " slice points for " +
                                std::to_string(parts) + " tops");
  }
  return ends;
}

Status ConvertSlice(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("slice_param"));
  Value& value = layer.bottom();
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis,
                         ReadAxis(param, "axis", "slice_dim", 1, value.shape.rank()));
  const auto place = static_cast<size_t>(axis);
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> ends,
                         PartEnds(param, value.shape[place], layer.tops().size()));
  std::vector<int64_t> begin(value.shape.rank(), 0);
  std::vector<int64_t> size(value.shape.dims().begin(), value.shape.dims().end());
  for (size_t i = 0; i < ends.size(); ++i) {
    size[place] = ends[i] - begin[place];
    PLUMB_RETURN_IF_ERROR(MakeCut(layer, layer.tops()[i], value, begin, size));
    begin[place] = ends[i];
  }
  return OkStatus();
}

// The first bottom cut to the second one's size from `axis` on.
Status ConvertCrop(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(2));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("crop_param"));
  Value& value = layer.bottom();
  const Shape& like = layer.bottoms()[1]->shape;
  const size_t rank = value.shape.rank();
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, ReadAxis(param, "axis", "", 2, rank));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> offsets, param.Integers("offset"));
  const size_t cut = rank - static_cast<size_t>(axis);
  if (like.rank() != rank || (offsets.size() > 1 && offsets.size() != cut)) {
    return InvalidArgumentError("cuts " + value.shape.ToString() + " to the size of " +
                                like.ToString() + " with " + std::to_string(offsets.size()) +
                                " offsets");
  }
  std::vector<int64_t> begin(rank, 0);
  std::vector<int64_t> size(value.shape.dims().begin(), value.shape.dims().end());
  for (auto i = static_cast<size_t>(axis); i < rank; ++i) {
    const size_t which = offsets.size() > 1 ? i - static_cast<size_t>(axis) : 0;
    begin[i] = offsets.empty() ? 0 : offsets[which];
    size[i] = like[i];
    if (begin[i] < 0 || begin[i] > value.shape[i] - size[i]) {
      return InvalidArgumentError("cuts " + like.ToString() + " from " + value.shape.ToString() +
                                  " beyond its end");
    }
  }
  return MakeCut(layer, layer.top(), value, begin, size);
}

// The bottom's elements in Caffe's order under another shape.
Status MakeReshape(const LayerView& layer, const std::vector<int64_t>& dims) {
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  Value& value = layer.bottom();
  if (shape == value.shape) {
    return layer.MakeCopies();
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, layer.graph().UseInOrder(value));
  return layer.Make(Layout::kPlain, OpKind::kReshape, {input}, {}, shape);
}

Status ConvertFlatten(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("flatten_param"));
  const Shape& shape = layer.bottom().shape;
  PLUMB_ASSIGN_OR_RETURN(const int32_t first, ReadAxis(param, "axis", "", 1, shape.rank()));
  PLUMB_ASSIGN_OR_RETURN(const int32_t last, ReadAxis(param, "end_axis", "", -1, shape.rank()));
  if (last < first) {
    return InvalidArgumentError("flattens axis " + std::to_string(first) + " to " +
                                std::to_string(last));
  }
  std::vector<int64_t> dims;
  for (int32_t i = 0; i < static_cast<int32_t>(shape.rank()); ++i) {
    const int64_t dim = shape[static_cast<size_t>(i)];
    if (i > first && i <= last) {
      dims.back() *= dim;
    } else {
      dims.push_back(dim);
    }
  }
  return MakeReshape(layer, dims);
}

// `dims` where 0 copies the dimension of `from` and one −1 takes what is left of `elements`.
Status ResolveDims(std::vector<int64_t>& dims, std::span<const int64_t> from, uint64_t elements) {
  uint64_t known = 1;
  int64_t* open = nullptr;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && i < from.size()) {
      dims[i] = from[i];
    }
    if (dims[i] == -1 && open == nullptr) {
      open = &dims[i];
      continue;
    }
    if (dims[i] < 1 || static_cast<uint64_t>(dims[i]) > elements / known) {
      return InvalidArgumentError("cannot make a dimension of " + std::to_string(dims[i]) + " of " +
                                  std::to_string(elements) + " elements");
    }
    known *= static_cast<uint64_t>(dims[i]);
  }
  if (elements % known != 0 || (open == nullptr && elements != known)) {
    return InvalidArgumentError("makes " + std::to_string(known) + " elements of " +
                                std::to_string(elements));
  }
  if (open != nullptr) {
    *open = static_cast<int64_t>(elements / known);
  }
  return OkStatus();
}

Status ConvertReshape(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("reshape_param"));
  PLUMB_ASSIGN_OR_RETURN(const TextMessage* const message, param.Message("shape"));
  PLUMB_ASSIGN_OR_RETURN(std::vector<int64_t> middle, Param(message).Integers("dim"));
  PLUMB_ASSIGN_OR_RETURN(const int64_t axis, param.Integer("axis", 0));
  PLUMB_ASSIGN_OR_RETURN(const int64_t axes, param.Integer("num_axes", -1));
  const Shape& shape = layer.bottom().shape;
  const auto rank = static_cast<int64_t>(shape.rank());
  const int64_t first = axis < 0 ? axis + rank + 1 : axis;
  if (first < 0 || first > rank || axes < -1 || axes > rank - first) {
    return InvalidArgumentError("replaces " + std::to_string(axes) + " axes from axis " +
                                std::to_string(axis) + " of " + shape.ToString());
  }
  const auto begin = static_cast<size_t>(first);
  const auto count = static_cast<size_t>(axes == -1 ? rank - first : axes);
  const auto replaced = shape.dims().subspan(begin, count);
  uint64_t elements = 1;
  for (const int64_t dim : replaced) {
    elements *= static_cast<uint64_t>(dim);
  }
  PLUMB_RETURN_IF_ERROR(ResolveDims(middle, replaced, elements));
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().begin() + first);
  dims.insert(dims.end(), middle.begin(), middle.end());
  const auto behind = shape.dims().subspan(begin + count);
  dims.insert(dims.end(), behind.begin(), behind.end());
  return MakeReshape(layer, dims);
}

// The axes named in `order` first, the others behind them as they are.
Result<std::vector<int32_t>> ReadOrder(const Param& param, size_t rank) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> named, param.Integers("order"));
  std::vector<int32_t> order;
  for (const int64_t axis : named) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t wrapped, WrapAxis(axis, rank));
    if (std::find(order.begin(), order.end(), wrapped) != order.end()) {
      return InvalidArgumentError("orders axis " + std::to_string(axis) + " twice");
    }
    order.push_back(wrapped);
  }
  for (int32_t axis = 0; axis < static_cast<int32_t>(rank); ++axis) {
    if (std::find(order.begin(), order.end(), axis) == order.end()) {
      order.push_back(axis);
    }
  }
  return order;
}

Status ConvertPermute(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("permute_param"));
  Value& value = layer.bottom();
  PLUMB_ASSIGN_OR_RETURN(std::vector<int32_t> order, ReadOrder(param, value.shape.rank()));
  if (std::is_sorted(order.begin(), order.end())) {
    return layer.MakeCopies();
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, value));
  for (int32_t& axis : order) {
    axis = AxisUnder(x.layout, axis);
  }
  // Turning [N, C, H, W] to [N, H, W, C] moves nothing in a picture.
  if (std::is_sorted(order.begin(), order.end())) {
    const Shape shape = layer.graph().ShapeOf(x.tensor);
    return layer.Make(Layout::kPlain, OpKind::kReshape, {x.tensor}, {}, shape);
  }
  return layer.Make(
      Layout::kPlain, OpKind::kTranspose, {x.tensor}, TransposeAttributes{std::move(order)});
}

Status ConvertSoftmax(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("softmax_param"));
  Value& value = layer.bottom();
  const size_t rank = value.shape.rank();
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, ReadAxis(param, "axis", "", 1, rank));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, value));
  const auto place = static_cast<size_t>(AxisUnder(x.layout, axis));
  if (place + 1 == rank) {
    return layer.Make(x.layout, OpKind::kSoftmax, {x.tensor}, SoftmaxAttributes{1});
  }
  // A swap with the last axis is its own inverse.
  TransposeAttributes swap;
  for (size_t i = 0; i < rank; ++i) {
    swap.permutation.push_back(static_cast<int32_t>(i));
  }
  std::swap(swap.permutation[place], swap.permutation.back());
  PLUMB_ASSIGN_OR_RETURN(const uint32_t turned,
                         layer.Step("turned", OpKind::kTranspose, {x.tensor}, swap));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t result,
                         layer.Step("softmax", OpKind::kSoftmax, {turned}, SoftmaxAttributes{1}));
  return layer.Make(x.layout, OpKind::kTranspose, {result}, swap);
}

// Channel j of group i becomes channel i of group j.
Status ConvertShuffle(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_RETURN_IF_ERROR(layer.NeedPicture());
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("shuffle_channel_param"));
  PLUMB_ASSIGN_OR_RETURN(const int32_t groups, param.Size("group", 1, 1));
  const Shape& shape = layer.bottom().shape;
  if (shape[1] % groups != 0) {
    return InvalidArgumentError("shuffles " + std::to_string(groups) + " groups of " +
                                std::to_string(shape[1]) + " channels");
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, layer.graph().Use(layer.bottom(), Layout::kPicture));
  const Shape picture = layer.graph().ShapeOf(input);
  PLUMB_ASSIGN_OR_RETURN(const Shape grouped,
                         Shape::Create(std::array<int64_t, 3>{
                             shape[0] * shape[2] * shape[3], int64_t{groups}, shape[1] / groups}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t split,
                         layer.Step("groups", OpKind::kReshape, {input}, {}, grouped));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t turned,
      layer.Step("turned", OpKind::kTranspose, {split}, TransposeAttributes{{0, 2, 1}}));
  return layer.Make(Layout::kPicture, OpKind::kReshape, {turned}, {}, picture);
}

struct Sizes {
  int64_t height, width;
};

Status MakeResize(const LayerView& layer, OpKind kind, bool corners, const Sizes& sizes) {
  const Shape& shape = layer.bottom().shape;
  PLUMB_ASSIGN_OR_RETURN(const Shape output,
                         Shape::Create(std::array{shape[0], sizes.height, sizes.width, shape[1]}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, layer.graph().Use(layer.bottom(), Layout::kPicture));
  return layer.Make(Layout::kPicture, kind, {input}, ResizeAttributes{corners, false}, output);
}

Status ConvertUpsample(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_RETURN_IF_ERROR(layer.NeedPicture());
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("upsample_param"));
  PLUMB_ASSIGN_OR_RETURN(const int32_t scale, param.Size("scale", 1, 2));
  const Shape& shape = layer.bottom().shape;
  return MakeResize(layer, OpKind::kResizeNearest, false, {shape[2] * scale, shape[3] * scale});
}

// Bilinear with the corners in place, to a size or by factors.
Status ConvertInterp(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_RETURN_IF_ERROR(layer.NeedPicture());
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("interp_param"));
  PLUMB_ASSIGN_OR_RETURN(const int64_t before, param.Integer("pad_beg", 0));
  PLUMB_ASSIGN_OR_RETURN(const int64_t behind, param.Integer("pad_end", 0));
  if (before != 0 || behind != 0) {
    return UnimplementedError("crops with pad_beg or pad_end");
  }
  const Shape& shape = layer.bottom().shape;
  Sizes sizes{shape[2], shape[3]};
  if (param.Has("shrink_factor")) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t factor, param.Size("shrink_factor", 1, 1));
    sizes = {(sizes.height - 1) / factor + 1, (sizes.width - 1) / factor + 1};
  }
  if (param.Has("zoom_factor")) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t factor, param.Size("zoom_factor", 1, 1));
    sizes = {sizes.height + (sizes.height - 1) * (factor - 1),
             sizes.width + (sizes.width - 1) * (factor - 1)};
  } else if (param.Has("height") || param.Has("width")) {
    PLUMB_ASSIGN_OR_RETURN(sizes.height, param.Size("height", 1, 0));
    PLUMB_ASSIGN_OR_RETURN(sizes.width, param.Size("width", 1, 0));
  }
  return MakeResize(layer, OpKind::kResizeBilinear, true, sizes);
}

constexpr NamedConverter kConverters[] = {
    {"Concat", ConvertConcat},
    {"Crop", ConvertCrop},
    {"Flatten", ConvertFlatten},
    {"Interp", ConvertInterp},
    {"Permute", ConvertPermute},
    {"Reshape", ConvertReshape},
    {"ShuffleChannel", ConvertShuffle},
    {"Slice", ConvertSlice},
    {"Softmax", ConvertSoftmax},
    {"Upsample", ConvertUpsample},
};

}  // namespace

std::span<const NamedConverter> LayoutConverters() {
  return kConverters;
}

}  // namespace plumb::npu::caffe
