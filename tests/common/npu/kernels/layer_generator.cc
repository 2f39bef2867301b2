#include "tests/common/npu/kernels/layer_generator.h"

#include <algorithm>
#include <array>

#include "common/npu/model/freeze.h"
#include "tests/common/npu/kernels/layer_builder.h"

namespace plumb::npu {

int64_t LayerGenerator::Uniform(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
}

ElementType LayerGenerator::AnyType() {
  constexpr std::array kTypes = {ElementType::kUint8, ElementType::kInt8, ElementType::kInt16};
  return kTypes.at(static_cast<size_t>(Uniform(0, 2)));
}

FixedTensor LayerGenerator::Tensor(const std::string& name, const Shape& shape, ElementType type) {
  const Clamp range = StoredRange(type);
  const bool symmetric = type == ElementType::kInt16;
  return MakeTensor(
      name, shape, type, symmetric ? 0 : static_cast<int32_t>(Uniform(range.low, range.high)));
}

FixedTensor LayerGenerator::SameType(const FixedTensor& tensor, const Shape& shape) {
  return MakeTensor("output", shape, tensor.element_type, tensor.zero_point);
}

// Half of them powers of two, which make ties; some without any shift.
Multiplier LayerGenerator::AnyMultiplier() {
  if (Uniform(0, 15) == 0) {
    return {static_cast<int32_t>(Uniform(1, 7)), static_cast<int32_t>(Uniform(0, 3))};
  }
  const auto mantissa = Uniform(0, 1) == 0 ? int64_t{1} << 30 : Uniform(1 << 30, INT32_MAX);
  return {static_cast<int32_t>(mantissa), static_cast<int32_t>(Uniform(28, 45))};
}

Clamp LayerGenerator::AnyClamp(const FixedTensor& output) {
  const Clamp range = StoredRange(output.element_type);
  if (Uniform(0, 2) == 0) {
    return {std::max(range.low, output.zero_point), range.high};
  }
  return range;
}

LinearWeights LayerGenerator::Linear(int64_t channels, int64_t weights_per_channel) {
  LinearWeights linear;
  // Half of the layers as real ones: sums and results far from the limits of 32 bits.
  const bool tame = Uniform(0, 1) == 0;
  const int64_t heaviest = tame ? Uniform(1, 40) : 128;
  std::vector<int> weights;
  for (int64_t i = 0; i < channels * weights_per_channel; ++i) {
    weights.push_back(static_cast<int>(Uniform(-heaviest, heaviest - 1)));
  }
  linear.values = Int8Buffer(weights);
  for (int64_t c = 0; c < channels; ++c) {
    linear.bias.push_back(Uniform(-100000, 100000));
    linear.multipliers.push_back(AnyMultiplier());
    if (tame) {
      linear.multipliers.back() = {1 << 30, static_cast<int32_t>(Uniform(35, 48))};
      linear.multipliers.back().mantissa +=
          static_cast<int32_t>(Uniform(0, 1) * Uniform(0, 1 << 29));
    }
  }
  return linear;
}

Window2d LayerGenerator::AnyWindow(bool dilate) {
  Window2d window;
  window.kernel_height = static_cast<int32_t>(Uniform(1, 4));
  window.kernel_width = static_cast<int32_t>(Uniform(1, 4));
  window.stride_height = static_cast<int32_t>(Uniform(1, 3));
  window.stride_width = static_cast<int32_t>(Uniform(1, 3));
  window.dilation_height = dilate ? static_cast<int32_t>(Uniform(1, 2)) : 1;
  window.dilation_width = dilate ? static_cast<int32_t>(Uniform(1, 3)) : 1;
  window.pad_top = static_cast<int32_t>(Uniform(0, window.kernel_height - 1));
  window.pad_left = static_cast<int32_t>(Uniform(0, window.kernel_width - 1));
  return window;
}

Shape LayerGenerator::AnyShape(size_t rank) {
  std::vector<int64_t> dims;
  for (size_t i = 0; i < rank; ++i) {
    dims.push_back(Uniform(1, 6));
  }
  return Shape::Create(dims).value();
}

// As many windows as start inside the padded picture.
Shape LayerGenerator::WindowedShape(const Shape& input, const Window2d& window, int64_t channels) {
  const int64_t height = (input[1] - 1 + window.pad_top) / window.stride_height + 1;
  const int64_t width = (input[2] - 1 + window.pad_left) / window.stride_width + 1;
  return {input[0], height, width, channels};
}

FixedModel LayerGenerator::MakeConv(ElementType type) {
  Conv2d conv;
  conv.window = AnyWindow(true);
  conv.groups = static_cast<int32_t>(Uniform(1, 3));
  const int64_t group_inputs = Uniform(1, 40);
  const int64_t group_outputs = Uniform(1, 40);
  const Shape input = {Uniform(1, 2), Uniform(1, 8), Uniform(1, 8), group_inputs * conv.groups};
  const int64_t outputs = group_outputs * conv.groups;
  FixedTensor output = Tensor("output", WindowedShape(input, conv.window, outputs), AnyType());
  const int64_t area = int64_t{conv.window.kernel_height} * conv.window.kernel_width;
  conv.linear = Linear(outputs, area * group_inputs);
  conv.clamp = AnyClamp(output);
  return MakeLayer(conv, {Tensor("input", input, type)}, output);
}

FixedModel LayerGenerator::MakeDepthwise(ElementType type) {
  DepthwiseConv2d conv;
  conv.window = AnyWindow(true);
  const Shape input = {Uniform(1, 2), Uniform(1, 8), Uniform(1, 14), Uniform(1, 40)};
  const int64_t outputs = input[3] * Uniform(1, 3);
  FixedTensor output = Tensor("output", WindowedShape(input, conv.window, outputs), AnyType());
  conv.linear = Linear(outputs, int64_t{conv.window.kernel_height} * conv.window.kernel_width);
  conv.clamp = AnyClamp(output);
  return MakeLayer(conv, {Tensor("input", input, type)}, output);
}

FixedModel LayerGenerator::MakeFullyConnected(ElementType type) {
  FullyConnected full;
  const Shape input = {Uniform(1, 3), Uniform(1, 5), Uniform(1, 100)};
  const int64_t outputs = Uniform(1, 30);
  FixedTensor output = Tensor("output", {input[0], outputs}, AnyType());
  full.linear = Linear(outputs, input[1] * input[2]);
  full.clamp = AnyClamp(output);
  return MakeLayer(full, {Tensor("input", input, type)}, output);
}

FixedModel LayerGenerator::MakeTransposeConv(ElementType type) {
  TransposeConv2d conv;
  conv.window = AnyWindow(false);
  const Shape input = {Uniform(1, 2), Uniform(1, 5), Uniform(1, 5), Uniform(1, 9)};
  const Shape shape = {input[0], Uniform(1, 14), Uniform(1, 14), Uniform(1, 24)};
  FixedTensor output = Tensor("output", shape, AnyType());
  const int64_t area = int64_t{conv.window.kernel_height} * conv.window.kernel_width;
  conv.linear = Linear(shape[3], area * input[3]);
  conv.clamp = AnyClamp(output);
  return MakeLayer(conv, {Tensor("input", input, type)}, output);
}

FixedModel LayerGenerator::MakeMaxPool(ElementType type) {
  MaxPool2d pool;
  pool.window = AnyWindow(false);
  const Shape shape = {Uniform(1, 2), Uniform(1, 8), Uniform(1, 8), Uniform(1, 9)};
  const FixedTensor input = Tensor("input", shape, type);
  const FixedTensor output = SameType(input, WindowedShape(shape, pool.window, shape[3]));
  pool.clamp = AnyClamp(output);
  return MakeLayer(pool, {input}, output);
}

FixedModel LayerGenerator::MakeAveragePool(ElementType type) {
  AveragePool2d pool;
  pool.window = AnyWindow(false);
  const Shape shape = {Uniform(1, 2), Uniform(1, 8), Uniform(1, 8), Uniform(1, 9)};
  const FixedTensor output =
      Tensor("output", WindowedShape(shape, pool.window, shape[3]), AnyType());
  pool.multiplier = Uniform(0, 1) == 0 ? Multiplier{1, 0} : FreezePoolMultiplier(0.731, 16).value();
  pool.clamp = AnyClamp(output);
  return MakeLayer(pool, {Tensor("input", shape, type)}, output);
}

FixedModel LayerGenerator::MakeMean(ElementType type) {
  Mean mean;
  const Shape shape = AnyShape(static_cast<size_t>(Uniform(1, 5)));
  std::vector<int64_t> kept;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    if (Uniform(0, 1) == 0) {
      mean.axes.push_back(static_cast<int32_t>(axis));
    } else {
      kept.push_back(shape[axis]);
    }
  }
  const FixedTensor output = Tensor("output", Shape::Create(kept).value(), AnyType());
  mean.multiplier =
      Uniform(0, 1) == 0 ? Multiplier{1, 0} : FreezePoolMultiplier(1.37, 7776).value();
  mean.clamp = AnyClamp(output);
  return MakeLayer(mean, {Tensor("input", shape, type)}, output);
}

FixedModel LayerGenerator::MakeBinary(size_t kind, ElementType type) {
  const Shape shape = AnyShape(static_cast<size_t>(Uniform(1, 5)));
  // The second operand lacks some leading axes and has some of size 1.
  const auto missing = static_cast<size_t>(Uniform(0, static_cast<int64_t>(shape.rank()) - 1));
  std::vector<int64_t> dims;
  for (size_t axis = missing; axis < shape.rank(); ++axis) {
    dims.push_back(Uniform(0, 2) == 0 ? 1 : shape[axis]);
  }
  FixedTensor a = Tensor("a", shape, type);
  FixedTensor b = Tensor("b", Shape::Create(dims).value(), AnyType());
  const FixedTensor output = Tensor("output", shape, AnyType());
  const Clamp clamp = AnyClamp(output);
  if (kind == KindOf<Add>()) {
    const auto sign = Uniform(0, 1) == 0 ? 1 : -1;
    const bool tie = Uniform(0, 1) == 0;
    const auto first = static_cast<int32_t>(tie ? 1 << 30 : Uniform(1, INT32_MAX));
    const auto second = static_cast<int32_t>(tie ? 1 << 29 : Uniform(1, INT32_MAX));
    const Add add{first, sign * second, static_cast<int32_t>(Uniform(29, 40)), clamp};
    if (Uniform(0, 1) == 0) {
      std::swap(a, b);
    }
    return MakeLayer(add, {a, b}, output);
  }
  if (kind == KindOf<Mul>()) {
    return MakeLayer(Mul{AnyMultiplier(), clamp}, {a, b}, output);
  }
  return MakeLayer(Prelu{AnyMultiplier(), AnyMultiplier(), clamp}, {a, b}, output);
}

FixedModel LayerGenerator::MakeUnary(size_t kind, ElementType type) {
  const Shape shape = AnyShape(static_cast<size_t>(Uniform(0, 5)));
  const FixedTensor output = Tensor("output", shape, AnyType());
  const FixedTensor input = Tensor("input", shape, type);
  const Clamp clamp = AnyClamp(output);
  if (kind == KindOf<LeakyRelu>()) {
    return MakeLayer(LeakyRelu{AnyMultiplier(), AnyMultiplier(), clamp}, {input}, output);
  }
  if (kind == KindOf<Requantize>()) {
    return MakeLayer(Requantize{AnyMultiplier(), clamp}, {input}, output);
  }
  Lookup lookup;
  const Clamp range = StoredRange(output.element_type);
  const size_t entries = type == ElementType::kInt16 ? 513 : 256;
  for (size_t i = 0; i < entries; ++i) {
    lookup.table.push_back(static_cast<int32_t>(Uniform(range.low, range.high)));
  }
  return MakeLayer(lookup, {input}, output);
}

FixedModel LayerGenerator::MakeSoftmax(ElementType type) {
  const Shape shape = {Uniform(1, 4), Uniform(1, 40)};
  const FixedTensor output = Tensor("output", shape, AnyType());
  const bool wide = type == ElementType::kInt16;
  Softmax softmax =
      FreezeSoftmax(wide ? 0.0007 : 0.09,
                    wide ? 16 : 8,
                    output.element_type == ElementType::kInt16 ? 1.0 / 32768 : 1.0 / 256)
          .value();
  softmax.clamp = AnyClamp(output);
  return MakeLayer(softmax, {Tensor("input", shape, type)}, output);
}

FixedModel LayerGenerator::MakePad(ElementType type) {
  const Shape shape = AnyShape(static_cast<size_t>(Uniform(1, 5)));
  const FixedTensor input = Tensor("input", shape, type);
  Pad pad;
  pad.value = input.zero_point;
  std::vector<int64_t> dims;
  for (const int64_t dim : shape.dims()) {
    pad.before.push_back(static_cast<int32_t>(Uniform(0, 2)));
    dims.push_back(dim + pad.before.back() + Uniform(0, 2));
  }
  return MakeLayer(pad, {input}, SameType(input, Shape::Create(dims).value()));
}

FixedModel LayerGenerator::MakeConcat(ElementType type) {
  const Shape shape = AnyShape(static_cast<size_t>(Uniform(1, 4)));
  Concat concat;
  concat.axis = static_cast<int32_t>(Uniform(0, static_cast<int64_t>(shape.rank()) - 1));
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().end());
  int64_t total = 0;
  std::vector<FixedTensor> inputs;
  for (int64_t i = Uniform(1, 4); i > 0; --i) {
    dims[static_cast<size_t>(concat.axis)] = Uniform(1, 5);
    total += dims[static_cast<size_t>(concat.axis)];
    inputs.push_back(Tensor("input" + std::to_string(i), Shape::Create(dims).value(), type));
  }
  dims[static_cast<size_t>(concat.axis)] = total;
  FixedTensor output = Tensor("output", Shape::Create(dims).value(), AnyType());
  if (Uniform(0, 1) == 0) {
    output = SameType(inputs[0], output.shape);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    concat.multipliers.push_back(Uniform(0, 1) == 0 ? Multiplier{1, 0} : AnyMultiplier());
  }
  concat.clamp = AnyClamp(output);
  return MakeLayer(concat, inputs, output);
}

FixedModel LayerGenerator::MakeTranspose(ElementType type) {
  const Shape shape = AnyShape(static_cast<size_t>(Uniform(1, 5)));
  Transpose transpose;
  for (size_t i = 0; i < shape.rank(); ++i) {
    transpose.permutation.push_back(static_cast<int32_t>(i));
  }
  std::shuffle(transpose.permutation.begin(), transpose.permutation.end(), random_);
  std::vector<int64_t> dims;
  for (const int32_t axis : transpose.permutation) {
    dims.push_back(shape[static_cast<size_t>(axis)]);
  }
  const FixedTensor input = Tensor("input", shape, type);
  return MakeLayer(transpose, {input}, SameType(input, Shape::Create(dims).value()));
}

FixedModel LayerGenerator::MakeResize(size_t kind, ElementType type) {
  const Shape in = {Uniform(1, 2), Uniform(1, 6), Uniform(1, 6), Uniform(1, 5)};
  const Shape out = {in[0], Uniform(1, 13), Uniform(1, 13), in[3]};
  const FixedTensor input = Tensor("input", in, type);
  const bool align = Uniform(0, 1) == 0;
  const bool half = !align && Uniform(0, 1) == 0;
  const auto dim = [](const Shape& shape, size_t axis) {
    return static_cast<int32_t>(shape[axis]);
  };
  if (kind == KindOf<ResizeNearest>()) {
    return MakeLayer(ResizeNearest{FreezeNearestIndices(dim(in, 1), dim(out, 1), align, half),
                                   FreezeNearestIndices(dim(in, 2), dim(out, 2), align, half)},
                     {input},
                     SameType(input, out));
  }
  return MakeLayer(ResizeBilinear{FreezeBilinearTaps(dim(in, 1), dim(out, 1), align, half),
                                  FreezeBilinearTaps(dim(in, 2), dim(out, 2), align, half)},
                   {input},
                   SameType(input, out));
}

FixedModel LayerGenerator::MakeDepthToSpace(ElementType type) {
  const int64_t block = Uniform(1, 3);
  const Shape out = {Uniform(1, 2), block * Uniform(1, 4), block * Uniform(1, 4), Uniform(1, 5)};
  const Shape in = {out[0], out[1] / block, out[2] / block, out[3] * block * block};
  const FixedTensor input = Tensor("input", in, type);
  return MakeLayer(DepthToSpace{static_cast<int32_t>(block)}, {input}, SameType(input, out));
}

FixedModel LayerGenerator::MakeSlice(ElementType type) {
  const Shape shape = AnyShape(static_cast<size_t>(Uniform(1, 5)));
  StridedSlice slice;
  std::vector<int64_t> dims;
  for (const int64_t dim : shape.dims()) {
    slice.begin.push_back(static_cast<int32_t>(Uniform(0, dim - 1)));
    slice.stride.push_back(static_cast<int32_t>(Uniform(1, 3)));
    dims.push_back((dim - 1 - slice.begin.back()) / slice.stride.back() + 1);
  }
  const FixedTensor input = Tensor("input", shape, type);
  return MakeLayer(slice, {input}, SameType(input, Shape::Create(dims).value()));
}

FixedModel LayerGenerator::Make(size_t kind, ElementType input_type) {
  switch (kind) {
    case KindOf<Conv2d>():
      return MakeConv(input_type);
    case KindOf<DepthwiseConv2d>():
      return MakeDepthwise(input_type);
    case KindOf<FullyConnected>():
      return MakeFullyConnected(input_type);
    case KindOf<TransposeConv2d>():
      return MakeTransposeConv(input_type);
    case KindOf<Add>():
    case KindOf<Mul>():
    case KindOf<Prelu>():
      return MakeBinary(kind, input_type);
    case KindOf<LeakyRelu>():
    case KindOf<Requantize>():
    case KindOf<Lookup>():
      return MakeUnary(kind, input_type);
    case KindOf<Softmax>():
      return MakeSoftmax(input_type);
    case KindOf<MaxPool2d>():
      return MakeMaxPool(input_type);
    case KindOf<AveragePool2d>():
      return MakeAveragePool(input_type);
    case KindOf<Mean>():
      return MakeMean(input_type);
    case KindOf<Pad>():
      return MakePad(input_type);
    case KindOf<Concat>():
      return MakeConcat(input_type);
    case KindOf<Transpose>():
      return MakeTranspose(input_type);
    case KindOf<ResizeBilinear>():
    case KindOf<ResizeNearest>():
      return MakeResize(kind, input_type);
    case KindOf<DepthToSpace>():
      return MakeDepthToSpace(input_type);
    case KindOf<StridedSlice>():
      return MakeSlice(input_type);
    default:
      break;
  }
  const Shape shape = AnyShape(3);
  const FixedTensor input = Tensor("input", shape, input_type);
  return MakeLayer(Reshape{}, {input}, SameType(input, {shape[0] * shape[1], shape[2]}));
}

std::vector<std::vector<int16_t>> LayerGenerator::MakeInputs(const FixedModel& model) {
  std::vector<std::vector<int16_t>> inputs;
  for (const ModelInput& input : model.inputs) {
    const FixedTensor& tensor = model.tensors[input.tensor];
    const Clamp range = StoredRange(tensor.element_type);
    std::vector<int16_t>& values = inputs.emplace_back();
    for (uint64_t i = 0; i < *tensor.shape.element_count(); ++i) {
      const bool extreme = Uniform(0, 9) == 0;
      const int64_t value =
          extreme ? (Uniform(0, 1) == 0 ? range.low : range.high) : Uniform(range.low, range.high);
      values.push_back(static_cast<int16_t>(value));
    }
  }
  return inputs;
}

}  // namespace plumb::npu
