#include "common/npu/model/op_checker.h"

#include <algorithm>
#include <utility>

#include "common/base/checked.h"

namespace plumb::npu {
namespace {

constexpr int32_t kTapUnit = 2048;

Status Bad(std::string what) {
  return InvalidArgumentError(std::move(what));
}

Status CheckIndices(const std::vector<int32_t>& indices, int64_t limit) {
  const bool fits = std::all_of(indices.begin(), indices.end(), [limit](int32_t index) {
    return index >= 0 && index < limit;
  });
  return fits ? OkStatus() : Bad("a source position lies outside the input");
}

Status CheckTaps(const Taps& taps, int64_t input_size) {
  if (taps.upper.size() != taps.lower.size() || taps.weight.size() != taps.lower.size()) {
    return Bad("the lists of taps differ in length");
  }
  PLUMB_RETURN_IF_ERROR(CheckIndices(taps.lower, input_size));
  PLUMB_RETURN_IF_ERROR(CheckIndices(taps.upper, input_size));
  return CheckIndices(taps.weight, kTapUnit + 1);
}

}  // namespace

uint64_t CountOf(const FixedTensor& tensor) {
  return tensor.shape.element_count().value_or(0);
}

OpChecker::OpChecker(const FixedModel& model, const FixedOp& op)
    : model_(model),
      op_(op),
      output_(model.tensors[op.output]) {}

Status OpChecker::Check() const {
  return std::visit(*this, op_.attributes);
}

const FixedTensor& OpChecker::Input(size_t index) const {
  return model_.tensors[op_.inputs[index]];
}

Status OpChecker::InputCount(size_t count) const {
  return op_.inputs.size() == count ? OkStatus()
                                    : Bad("it has " + std::to_string(op_.inputs.size()) +
                                          " inputs instead of " + std::to_string(count));
}

Status OpChecker::SameShape() const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  return Input().shape == output_.shape
             ? OkStatus()
             : Bad("input and output differ in shape: " + Input().shape.ToString() + " and " +
                   output_.shape.ToString());
}

Status OpChecker::SameQuantization() const {
  const FixedTensor& input = Input();
  return input.element_type == output_.element_type && input.scale == output_.scale &&
                 input.zero_point == output_.zero_point
             ? OkStatus()
             : Bad("input and output must share type, scale and zero point");
}

Status OpChecker::ClampFits(const Clamp& clamp) const {
  const Clamp range = StoredRange(output_.element_type);
  return range.low <= clamp.low && clamp.low <= clamp.high && clamp.high <= range.high
             ? OkStatus()
             : Bad("its clamp is empty or exceeds the output's type");
}

Status CheckMultiplier(const Multiplier& multiplier) {
  const int32_t shift = multiplier.shift;
  const bool fits = multiplier.mantissa >= 0 && shift >= 0 && shift <= 62 &&
                    (shift >= 16 || multiplier.mantissa < int64_t{1} << (15 + shift));
  return fits ? OkStatus() : Bad("a multiplier is not in [0, 32768)");
}

Status OpChecker::Broadcasts() const {
  PLUMB_RETURN_IF_ERROR(InputCount(2));
  const Shape& a = Input(0).shape;
  const Shape& b = Input(1).shape;
  const size_t rank = std::max(a.rank(), b.rank());
  bool fits = output_.shape.rank() == rank;
  for (size_t i = 0; fits && i < rank; ++i) {
    const auto dim_from_end = [i](const Shape& shape) {
      return i < shape.rank() ? shape[shape.rank() - 1 - i] : 1;
    };
    const int64_t x = dim_from_end(a);
    const int64_t y = dim_from_end(b);
    fits = (x == y || x == 1 || y == 1) && dim_from_end(output_.shape) == std::max(x, y);
  }
  return fits ? OkStatus()
              : Bad("shapes " + a.ToString() + " and " + b.ToString() + " do not broadcast to " +
                    output_.shape.ToString());
}

Status OpChecker::operator()(const Add& add) const {
  PLUMB_RETURN_IF_ERROR(Broadcasts());
  if (add.shift < 0 || add.shift > 62) {
    return Bad("its shift is not in 0…62");
  }
  return ClampFits(add.clamp);
}

Status OpChecker::operator()(const Mul& mul) const {
  PLUMB_RETURN_IF_ERROR(Broadcasts());
  PLUMB_RETURN_IF_ERROR(CheckMultiplier(mul.multiplier));
  return ClampFits(mul.clamp);
}

Status OpChecker::operator()(const Prelu& prelu) const {
  PLUMB_RETURN_IF_ERROR(Broadcasts());
  if (!(Input().shape == output_.shape)) {
    return Bad("its slope is larger than its input");
  }
  PLUMB_RETURN_IF_ERROR(CheckMultiplier(prelu.positive));
  PLUMB_RETURN_IF_ERROR(CheckMultiplier(prelu.negative));
  return ClampFits(prelu.clamp);
}

Status OpChecker::operator()(const LeakyRelu& relu) const {
  PLUMB_RETURN_IF_ERROR(SameShape());
  PLUMB_RETURN_IF_ERROR(CheckMultiplier(relu.positive));
  PLUMB_RETURN_IF_ERROR(CheckMultiplier(relu.negative));
  return ClampFits(relu.clamp);
}

Status OpChecker::operator()(const Requantize& requantize) const {
  PLUMB_RETURN_IF_ERROR(SameShape());
  PLUMB_RETURN_IF_ERROR(CheckMultiplier(requantize.multiplier));
  return ClampFits(requantize.clamp);
}

Status OpChecker::operator()(const Lookup& lookup) const {
  PLUMB_RETURN_IF_ERROR(SameShape());
  const size_t entries = Input().element_type == ElementType::kInt16 ? 513 : 256;
  if (lookup.table.size() != entries) {
    return Bad("its table has " + std::to_string(lookup.table.size()) + " entries instead of " +
               std::to_string(entries));
  }
  const Clamp range = StoredRange(output_.element_type);
  const auto [lowest, highest] = std::minmax_element(lookup.table.begin(), lookup.table.end());
  return *lowest >= range.low && *highest <= range.high
             ? OkStatus()
             : Bad("its table exceeds the output's type");
}

Status OpChecker::operator()(const Softmax& softmax) const {
  PLUMB_RETURN_IF_ERROR(SameShape());
  constexpr int32_t kUnit = 1 << 30;
  constexpr int64_t kMaxClasses = 1 << 20;
  const std::vector<int32_t>& table = softmax.exp_table;
  const bool wide = Input().element_type == ElementType::kInt16;
  if (table.size() != (wide ? 512U : 256U)) {
    return Bad("its table has " + std::to_string(table.size()) + " entries");
  }
  const auto [lowest, highest] = std::minmax_element(table.begin(), table.end());
  // With both ones in place the sum is at least the largest element's own 2^30, never 0.
  if (*lowest < 0 || *highest > kUnit || table[0] != kUnit || (wide && table[256] != kUnit)) {
    return Bad("its table is not one of exp(−x) · 2^30");
  }
  if (Input().shape.innermost() > kMaxClasses || softmax.output.mantissa < 0 ||
      softmax.output.shift < 0 || softmax.output.shift > kSoftmaxMaxShift) {
    return Bad("its output factor or last axis is too large");
  }
  return ClampFits(softmax.clamp);
}

Status OpChecker::operator()(const Pad& pad) const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  PLUMB_RETURN_IF_ERROR(SameQuantization());
  const Shape& input = Input().shape;
  bool fits = input.rank() == output_.shape.rank() && pad.before.size() == input.rank();
  for (size_t i = 0; fits && i < input.rank(); ++i) {
    fits = pad.before[i] >= 0 && input[i] + pad.before[i] <= output_.shape[i];
  }
  if (!fits) {
    return Bad("its padding does not lead from " + input.ToString() + " to " +
               output_.shape.ToString());
  }
  return ClampFits({pad.value, pad.value});
}

Status OpChecker::operator()(const Concat& concat) const {
  const Shape& output = output_.shape;
  if (op_.inputs.empty() || concat.multipliers.size() != op_.inputs.size() || concat.axis < 0 ||
      concat.axis >= static_cast<int64_t>(output.rank())) {
    return Bad("its axis or the number of its multipliers does not fit");
  }
  const auto axis = static_cast<size_t>(concat.axis);
  int64_t sum = 0;
  for (size_t k = 0; k < op_.inputs.size(); ++k) {
    const Shape& input = Input(k).shape;
    bool fits = input.rank() == output.rank();
    for (size_t i = 0; fits && i < output.rank(); ++i) {
      fits = i == axis || input[i] == output[i];
    }
    if (!fits) {
      return Bad("input " + std::to_string(k) + " of shape " + input.ToString() +
                 " does not fit into " + output.ToString());
    }
    sum += input[axis];
    PLUMB_RETURN_IF_ERROR(CheckMultiplier(concat.multipliers[k]));
  }
  if (sum != output[axis]) {
    return Bad("its inputs do not add up to the output's axis");
  }
  return ClampFits(concat.clamp);
}

Status OpChecker::operator()(const Reshape& /*reshape*/) const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  PLUMB_RETURN_IF_ERROR(SameQuantization());
  return CountOf(Input()) == CountOf(output_) ? OkStatus()
                                              : Bad("it changes the number of elements");
}

Status OpChecker::operator()(const Transpose& transpose) const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  PLUMB_RETURN_IF_ERROR(SameQuantization());
  const Shape& input = Input().shape;
  const auto& permutation = transpose.permutation;
  bool fits = input.rank() == output_.shape.rank() && permutation.size() == input.rank();
  std::vector<bool> seen(input.rank(), false);
  for (size_t i = 0; fits && i < permutation.size(); ++i) {
    const auto axis = static_cast<size_t>(permutation[i]);
    fits = permutation[i] >= 0 && axis < input.rank() && !seen[axis] &&
           output_.shape[i] == input[axis];
    if (fits) {
      seen[axis] = true;
    }
  }
  return fits ? OkStatus() : Bad("its permutation does not fit the shapes");
}

Status OpChecker::ResizeFits(size_t rows, size_t columns) const {
  PLUMB_RETURN_IF_ERROR(OnePicture());
  PLUMB_RETURN_IF_ERROR(SameQuantization());
  const Shape& output = output_.shape;
  const bool fits = Input().shape[3] == output[3] && std::cmp_equal(rows, output[1]) &&
                    std::cmp_equal(columns, output[2]);
  return fits ? OkStatus() : Bad("its tables do not fit the shapes");
}

Status OpChecker::operator()(const ResizeBilinear& resize) const {
  PLUMB_RETURN_IF_ERROR(ResizeFits(resize.rows.lower.size(), resize.columns.lower.size()));
  PLUMB_RETURN_IF_ERROR(CheckTaps(resize.rows, Input().shape[1]));
  return CheckTaps(resize.columns, Input().shape[2]);
}

Status OpChecker::operator()(const ResizeNearest& resize) const {
  PLUMB_RETURN_IF_ERROR(ResizeFits(resize.rows.size(), resize.columns.size()));
  PLUMB_RETURN_IF_ERROR(CheckIndices(resize.rows, Input().shape[1]));
  return CheckIndices(resize.columns, Input().shape[2]);
}

Status OpChecker::operator()(const DepthToSpace& depth_to_space) const {
  PLUMB_RETURN_IF_ERROR(OnePicture());
  PLUMB_RETURN_IF_ERROR(SameQuantization());
  const int64_t block = depth_to_space.block;
  const Shape& input = Input().shape;
  const Shape& output = output_.shape;
  const bool fits = block >= 1 && block <= 256 && output[1] == input[1] * block &&
                    output[2] == input[2] * block && input[3] == output[3] * block * block;
  return fits ? OkStatus() : Bad("its block does not fit the shapes");
}

Status OpChecker::operator()(const StridedSlice& slice) const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  PLUMB_RETURN_IF_ERROR(SameQuantization());
  const Shape& input = Input().shape;
  const Shape& output = output_.shape;
  bool fits = output.rank() == input.rank() && slice.begin.size() == input.rank() &&
              slice.stride.size() == input.rank();
  for (size_t i = 0; fits && i < input.rank(); ++i) {
    fits = slice.begin[i] >= 0 && slice.stride[i] >= 1 &&
           slice.begin[i] + (output[i] - 1) * slice.stride[i] < input[i];
  }
  return fits ? OkStatus() : Bad("it reaches outside its input");
}

}  // namespace plumb::npu
