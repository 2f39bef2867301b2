#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "common/npu/kernels_fast/arithmetic.h"
#include "common/npu/kernels_fast/axes.h"
#include "common/npu/kernels_fast/kernel.h"
#include "common/npu/kernels_fast/requantizer.h"

namespace plumb::npu::fast {
namespace {

// Steps of an operand along the axes of the output: 0 where it is broadcast.
std::vector<size_t> BroadcastSteps(const Shape& operand, const Shape& output) {
  std::vector<size_t> steps(output.rank(), 0);
  const size_t missing = output.rank() - operand.rank();
  size_t step = 1;
  for (size_t axis = operand.rank(); axis-- > 0;) {
    steps[axis + missing] = operand[axis] == 1 ? 0 : step;
    step *= static_cast<size_t>(operand[axis]);
  }
  return steps;
}

// What the vector loops need to know about an operation; absent where they cannot do it.
struct VectorForm {
  Pointwise kind;
  RequantizerTable table;
};

// For the first factor |x| ≤ limits[0] is rescaled, for the second likewise.
std::optional<VectorForm> MakeVectorForm(Pointwise kind,
                                         const std::array<Multiplier, 2>& multipliers,
                                         const std::array<int64_t, 2>& limits,
                                         const Clamp& clamp,
                                         const KernelSite& site) {
  auto table = MakeRequantizer(multipliers, limits, clamp, site);
  if (!table.has_value()) {
    return std::nullopt;
  }
  return VectorForm{kind, *std::move(table)};
}

void RunVector(const VectorForm& form,
               const KernelSite& site,
               const std::array<const int16_t*, 2>& operands,
               size_t count,
               int16_t* output) {
  site.vectors->pointwise({form.kind,
                           operands[0],
                           operands[1],
                           site.inputs.front().tensor->zero_point,
                           site.inputs.back().tensor->zero_point,
                           count,
                           output,
                           form.table.From(0)});
}

// output = combine(a − z_a, b − z_b) + z, clamped. Combine is a small functor.
template <class Combine>
class BinaryKernel final : public Kernel {
 public:
  BinaryKernel(const Combine& combine,
               const Clamp& clamp,
               std::optional<VectorForm> form,
               const KernelSite& site)
      : combine_(combine),
        clamp_(clamp),
        form_(std::move(form)),
        site_(site),
        a_(site.inputs[0]),
        b_(site.inputs[1]),
        output_(site.output),
        zero_point_(site.output_tensor->zero_point) {
    const Shape& shape = site.output_tensor->shape;
    const std::vector<size_t> steps_a = BroadcastSteps(a_.tensor->shape, shape);
    const std::vector<size_t> steps_b = BroadcastSteps(b_.tensor->shape, shape);
    for (size_t axis = 0; axis < shape.rank(); ++axis) {
      axes_.Append(static_cast<size_t>(shape[axis]), {steps_a[axis], steps_b[axis]});
    }
    axes_.Finish();
    if (axes_.inner_step() != std::array<size_t, 2>{1, 1}) {
      form_.reset();
    }
  }

  void Run(ThreadPool& pool) override {
    pool.ParallelFor(axes_.count(), [this](size_t /*thread*/, size_t begin, size_t end) {
      int16_t* output = output_ + begin;
      axes_.ForEachRun(begin, end, [&](const std::array<size_t, 2>& offset, size_t length) {
        RunStretch(a_.values + offset[0], b_.values + offset[1], length, output);
        output += length;
      });
    });
  }

 private:
  void RunStretch(const int16_t* a, const int16_t* b, size_t length, int16_t* output) const {
    if (form_.has_value()) {
      RunVector(*form_, site_, {a, b}, length, output);
      return;
    }
    const size_t step_a = axes_.inner_step()[0];
    const size_t step_b = axes_.inner_step()[1];
    for (size_t i = 0; i < length; ++i) {
      const int64_t x = a[i * step_a] - a_.tensor->zero_point;
      const int64_t y = b[i * step_b] - b_.tensor->zero_point;
      output[i] = Finish(combine_(x, y), zero_point_, clamp_);
    }
  }

  Combine combine_;
  Clamp clamp_;
  std::optional<VectorForm> form_;
  KernelSite site_;
  Source a_;
  Source b_;
  int16_t* output_;
  int32_t zero_point_;
  Axes<2> axes_;
};

struct AddCombine {
  Add add;
  RoundingProfile profile;

  int64_t operator()(int64_t x, int64_t y) const {
    return ShiftRound(x * add.mantissa_a + y * add.mantissa_b, add.shift, profile);
  }
};

struct MulCombine {
  Multiplier multiplier;
  RoundingProfile profile;

  int64_t operator()(int64_t x, int64_t y) const { return Rescale(x * y, multiplier, profile); }
};

struct PreluCombine {
  Prelu prelu;
  RoundingProfile profile;

  int64_t operator()(int64_t x, int64_t slope) const {
    return x >= 0 ? Rescale(x, prelu.positive, profile)
                  : Rescale(x * slope, prelu.negative, profile);
  }
};

struct RequantizeMap {
  Multiplier positive;
  Multiplier negative;
  RoundingProfile profile;
  int32_t input_zero_point;
  int32_t zero_point;
  Clamp clamp;

  int16_t operator()(int32_t value) const {
    const int64_t x = value - input_zero_point;
    return Finish(Rescale(x, x >= 0 ? positive : negative, profile), zero_point, clamp);
  }
};

struct InterpolateMap {
  std::vector<int32_t> table;
  RoundingProfile profile;

  int16_t operator()(int32_t value) const {
    const auto position = static_cast<uint32_t>(value + 32768);
    const uint32_t entry = position >> 7;
    const int64_t rise = int64_t{table[entry + 1]} - table[entry];
    const int64_t part = RoundDivideByShift(rise * (position & 127U), 7, profile);
    return static_cast<int16_t>(table[entry] + part);
  }
};

// output = map(input), value by value.
template <class Map>
class UnaryKernel final : public Kernel {
 public:
  UnaryKernel(Map map, const KernelSite& site)
      : map_(std::move(map)),
        input_(site.inputs[0].values),
        output_(site.output),
        count_(site.output_count()) {}

  void Run(ThreadPool& pool) override {
    pool.ParallelFor(count_, [this](size_t /*thread*/, size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        output_[i] = map_(input_[i]);
      }
    });
  }

 private:
  Map map_;
  const int16_t* input_;
  int16_t* output_;
  size_t count_;
};

struct TableMap {
  std::array<int16_t, 256> table{};
  int32_t lowest = 0;

  int16_t operator()(int32_t value) const { return table[static_cast<size_t>(value - lowest)]; }
};

bool IsWide(const KernelSite& site) {
  return site.inputs[0].tensor->element_type == ElementType::kInt16;
}

int32_t LowestOf(const KernelSite& site) {
  return StoredRange(site.inputs[0].tensor->element_type).low;
}

// output = requantised (input − z), a vector at a time.
class RescaleKernel final : public Kernel {
 public:
  RescaleKernel(VectorForm form, const KernelSite& site) : form_(std::move(form)), site_(site) {}

  void Run(ThreadPool& pool) override {
    pool.ParallelFor(site_.output_count(), [this](size_t /*thread*/, size_t begin, size_t end) {
      const int16_t* input = site_.inputs[0].values + begin;
      RunVector(form_, site_, {input, input}, end - begin, site_.output + begin);
    });
  }

 private:
  VectorForm form_;
  KernelSite site_;
};

// 8-bit values have only 256 results: where vectors cannot, compute each once.
std::unique_ptr<Kernel> MakeMapped(const RequantizeMap& map, const KernelSite& site) {
  const int64_t limit = LargestMagnitude(*site.inputs[0].tensor);
  auto form = MakeVectorForm(
      Pointwise::kLeakyRelu, {map.positive, map.negative}, {limit, limit}, map.clamp, site);
  if (form.has_value()) {
    if (map.positive == map.negative) {
      form->kind = Pointwise::kRescale;
    }
    return std::make_unique<RescaleKernel>(*std::move(form), site);
  }
  if (IsWide(site)) {
    return std::make_unique<UnaryKernel<RequantizeMap>>(map, site);
  }
  TableMap table;
  table.lowest = LowestOf(site);
  for (int32_t i = 0; i < 256; ++i) {
    table.table[static_cast<size_t>(i)] = map(i + table.lowest);
  }
  return std::make_unique<UnaryKernel<TableMap>>(table, site);
}

RequantizeMap MapOf(const Multiplier& positive,
                    const Multiplier& negative,
                    const Clamp& clamp,
                    const KernelSite& site) {
  return {positive,
          negative,
          site.profile,
          site.inputs[0].tensor->zero_point,
          site.output_tensor->zero_point,
          clamp};
}

class SoftmaxKernel final : public Kernel {
 public:
  SoftmaxKernel(Softmax softmax, const KernelSite& site)
      : softmax_(std::move(softmax)),
        input_(site.inputs[0].values),
        output_(site.output),
        profile_(site.profile),
        zero_point_(site.output_tensor->zero_point),
        classes_(static_cast<size_t>(site.output_tensor->shape.innermost())),
        rows_(site.output_count() / classes_),
        scratch_(site.threads, std::vector<int64_t>(classes_, 0)) {}

  void Run(ThreadPool& pool) override {
    pool.ParallelFor(rows_, [this](size_t thread, size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        RunRow(input_ + row * classes_, output_ + row * classes_, scratch_[thread]);
      }
    });
  }

 private:
  void RunRow(const int16_t* input, int16_t* output, std::vector<int64_t>& exponentials) const {
    const int32_t largest = *std::max_element(input, input + classes_);
    const bool wide = softmax_.exp_table.size() == 512;
    int64_t sum = 0;
    for (size_t i = 0; i < classes_; ++i) {
      const auto distance = static_cast<uint32_t>(largest - input[i]);
      const uint32_t high = wide ? distance >> 8 : distance;
      const int64_t factor = wide ? softmax_.exp_table[256 + (distance & 255U)] : 1 << 30;
      exponentials[i] = (softmax_.exp_table[high] * factor) >> 30;
      sum += exponentials[i];
    }
    const int64_t divisor = sum << softmax_.output.shift;
    for (size_t i = 0; i < classes_; ++i) {
      const int64_t share =
          RoundDivide(exponentials[i] * softmax_.output.mantissa, divisor, profile_);
      output[i] = Finish(share, zero_point_, softmax_.clamp);
    }
  }

  Softmax softmax_;
  const int16_t* input_;
  int16_t* output_;
  RoundingProfile profile_;
  int32_t zero_point_;
  size_t classes_;
  size_t rows_;
  std::vector<std::vector<int64_t>> scratch_;  // per thread
};

}  // namespace

namespace {

// |(a − z_a) · (b − z_b)|.
int64_t LargestProduct(const KernelSite& site) {
  return LargestMagnitude(*site.inputs[0].tensor) * LargestMagnitude(*site.inputs[1].tensor);
}

// One shift for both products, whose sum must not leave 32 bits once shifted. The shift may be any
// but 0; the mantissas may be negative.
std::optional<VectorForm> AddForm(const Add& add, const KernelSite& site) {
  const int64_t a = LargestMagnitude(*site.inputs[0].tensor) * std::abs(int64_t{add.mantissa_a});
  const int64_t b = LargestMagnitude(*site.inputs[1].tensor) * std::abs(int64_t{add.mantissa_b});
  if (add.shift == 0 || (a + b) >> add.shift >= (int64_t{1} << 30) - 1) {
    return std::nullopt;
  }
  const Multiplier factor{0, add.shift};
  auto form = MakeVectorForm(Pointwise::kAdd, {factor, factor}, {0, 0}, add.clamp, site);
  if (form.has_value()) {
    form->table.mantissas[0] = add.mantissa_a;
    form->table.mantissas[1] = add.mantissa_b;
  }
  return form;
}

}  // namespace

std::unique_ptr<Kernel> MakeKernel(const Add& add, const KernelSite& site) {
  return std::make_unique<BinaryKernel<AddCombine>>(
      AddCombine{add, site.profile}, add.clamp, AddForm(add, site), site);
}

std::unique_ptr<Kernel> MakeKernel(const Mul& mul, const KernelSite& site) {
  const int64_t limit = LargestProduct(site);
  auto form = MakeVectorForm(
      Pointwise::kMultiply, {mul.multiplier, mul.multiplier}, {limit, limit}, mul.clamp, site);
  return std::make_unique<BinaryKernel<MulCombine>>(
      MulCombine{mul.multiplier, site.profile}, mul.clamp, std::move(form), site);
}

std::unique_ptr<Kernel> MakeKernel(const Prelu& prelu, const KernelSite& site) {
  auto form = MakeVectorForm(Pointwise::kPrelu,
                             {prelu.positive, prelu.negative},
                             {LargestMagnitude(*site.inputs[0].tensor), LargestProduct(site)},
                             prelu.clamp,
                             site);
  return std::make_unique<BinaryKernel<PreluCombine>>(
      PreluCombine{prelu, site.profile}, prelu.clamp, std::move(form), site);
}

std::unique_ptr<Kernel> MakeKernel(const LeakyRelu& relu, const KernelSite& site) {
  return MakeMapped(MapOf(relu.positive, relu.negative, relu.clamp, site), site);
}

std::unique_ptr<Kernel> MakeKernel(const Requantize& requantize, const KernelSite& site) {
  const Multiplier& multiplier = requantize.multiplier;
  return MakeMapped(MapOf(multiplier, multiplier, requantize.clamp, site), site);
}

std::unique_ptr<Kernel> MakeKernel(const Lookup& lookup, const KernelSite& site) {
  if (IsWide(site)) {
    return std::make_unique<UnaryKernel<InterpolateMap>>(InterpolateMap{lookup.table, site.profile},
                                                         site);
  }
  TableMap table;
  table.lowest = LowestOf(site);
  for (size_t i = 0; i < table.table.size(); ++i) {
    table.table[i] = static_cast<int16_t>(lookup.table[i]);
  }
  return std::make_unique<UnaryKernel<TableMap>>(table, site);
}

std::unique_ptr<Kernel> MakeKernel(const Softmax& softmax, const KernelSite& site) {
  return std::make_unique<SoftmaxKernel>(softmax, site);
}

}  // namespace plumb::npu::fast
