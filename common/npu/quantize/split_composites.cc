#include "common/npu/quantize/split_composites.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace plumb::npu {
namespace {

constexpr size_t kMostRuns = 64;

// Places begin, begin + stride, …, `size` of them.
struct Run {
  int32_t begin;
  int32_t stride;
  int32_t size;
};

std::vector<Run> RunsOf(const std::vector<int32_t>& places) {
  std::vector<Run> runs;
  for (const int32_t place : places) {
    if (!runs.empty()) {
      Run& run = runs.back();
      const int32_t step = place - (run.begin + (run.size - 1) * run.stride);
      if (step >= 1 && (run.size == 1 || step == run.stride)) {
        run.stride = step;
        ++run.size;
        continue;
      }
    }
    runs.push_back({place, 1, 1});
  }
  return runs;
}

class Splitter {
 public:
  explicit Splitter(CalibratedGraph calibrated) : made_(std::move(calibrated)) {}

  CalibratedGraph Split() {
    for (GraphOp& op : std::exchange(made_.graph.ops, {})) {
      SplitOp(std::move(op));
    }
    return std::move(made_);
  }

 private:
  void SplitOp(GraphOp op);
  void SplitGather(GraphOp op);
  void SplitExtreme(GraphOp op);
  bool ClipInstead(GraphOp& op);
  // A tensor of the shape of `like`, but `size` along `axis`.
  uint32_t AddTensor(const GraphOp& op, uint32_t like, size_t axis, int64_t size);
  [[nodiscard]] ValueRange RangeOf(uint32_t tensor) const;

  CalibratedGraph made_;
};

uint32_t Splitter::AddTensor(const GraphOp& op, uint32_t like, size_t axis, int64_t size) {
  const Shape& shape = made_.graph.tensors[like].shape;
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().end());
  if (axis < dims.size()) {
    dims[axis] = size;
  }
  const auto index = static_cast<uint32_t>(made_.graph.tensors.size());
  GraphTensor tensor;
  tensor.name = op.name.substr(0, 200) + ":part" + std::to_string(index);
  tensor.shape = *Shape::Create(dims);
  made_.graph.tensors.push_back(std::move(tensor));
  made_.ranges.tensors.emplace_back();
  return index;
}

ValueRange Splitter::RangeOf(uint32_t tensor) const {
  if (!made_.graph.tensors[tensor].is_constant()) {
    return made_.ranges.tensors[tensor];
  }
  const std::vector<float> values = ConstantAsFloats(made_.graph.tensors[tensor]);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high, true};
}

void Splitter::SplitGather(GraphOp op) {
  const auto& gather = std::get<GatherAttributes>(op.attributes);
  const std::vector<Run> runs = RunsOf(gather.indices);
  if (runs.size() > kMostRuns) {
    made_.graph.ops.push_back(std::move(op));
    return;
  }
  const auto axis = static_cast<size_t>(gather.axis);
  const uint32_t input = op.inputs[0];
  const Shape shape = made_.graph.tensors[input].shape;
  std::vector<uint32_t> parts;
  for (const Run& run : runs) {
    StridedSliceAttributes slice;
    slice.begin.resize(shape.rank(), 0);
    slice.stride.resize(shape.rank(), 1);
    slice.size.assign(shape.dims().begin(), shape.dims().end());
    slice.begin[axis] = run.begin;
    slice.stride[axis] = run.stride;
    slice.size[axis] = run.size;
    GraphOp part;
    part.kind = OpKind::kStridedSlice;
    part.name = op.name;
    part.inputs = {input};
    part.attributes = std::move(slice);
    part.output = runs.size() == 1 ? op.output : AddTensor(op, input, axis, run.size);
    parts.push_back(part.output);
    made_.graph.ops.push_back(std::move(part));
  }
  if (runs.size() > 1) {
    op.kind = OpKind::kConcat;
    op.attributes = ConcatAttributes{static_cast<int32_t>(axis)};
    op.inputs = std::move(parts);
    made_.graph.ops.push_back(std::move(op));
  }
}

// True when one operand is a constant number and the other has the result's shape.
bool Splitter::ClipInstead(GraphOp& op) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < 2; ++i) {
    const GraphTensor& bound = made_.graph.tensors[op.inputs[i]];
    const GraphTensor& other = made_.graph.tensors[op.inputs[1 - i]];
    if (!bound.is_constant() || bound.shape.element_count() != 1U || other.is_constant() ||
        !(other.shape == made_.graph.tensors[op.output].shape) ||
        op.activation != Activation::kNone) {
      continue;
    }
    const float value = ConstantAsFloats(bound).front();
    if (std::isnan(value)) {
      return false;
    }
    op.attributes = op.kind == OpKind::kMaximum ? ClipAttributes{value, kInfinity}
                                                : ClipAttributes{-kInfinity, value};
    op.kind = OpKind::kClip;
    op.inputs = {op.inputs[1 - i]};
    return true;
  }
  return false;
}

void Splitter::SplitExtreme(GraphOp op) {
  if (ClipInstead(op)) {
    made_.graph.ops.push_back(std::move(op));
    return;
  }
  const bool largest = op.kind == OpKind::kMaximum;
  const uint32_t a = op.inputs[0];
  const uint32_t b = op.inputs[1];
  const uint32_t from = largest ? a : b;
  const uint32_t to = largest ? b : a;
  const Shape shape = made_.graph.tensors[op.output].shape;
  GraphOp difference;
  difference.kind = OpKind::kSub;
  difference.name = op.name;
  difference.inputs = {from, to};
  difference.activation = Activation::kRelu;
  difference.output = AddTensor(op, op.output, shape.rank(), 0);
  const ValueRange above = RangeOf(from);
  const ValueRange below = RangeOf(to);
  made_.ranges.tensors[difference.output] = {
      0, std::max(above.high - below.low, 0.0F), above.seen && below.seen};
  op.kind = largest ? OpKind::kAdd : OpKind::kSub;
  op.inputs = {b, difference.output};
  made_.graph.ops.push_back(std::move(difference));
  made_.graph.ops.push_back(std::move(op));
}

void Splitter::SplitOp(GraphOp op) {
  switch (op.kind) {
    case OpKind::kGather:
      return SplitGather(std::move(op));
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      return SplitExtreme(std::move(op));
    default:
      made_.graph.ops.push_back(std::move(op));
  }
}

}  // namespace

CalibratedGraph SplitComposites(CalibratedGraph calibrated) {
  return Splitter(std::move(calibrated)).Split();
}

}  // namespace plumb::npu
