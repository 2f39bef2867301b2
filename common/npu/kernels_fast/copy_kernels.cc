#include <algorithm>
#include <array>

#include "common/npu/kernels_fast/arithmetic.h"
#include "common/npu/kernels_fast/axes.h"
#include "common/npu/kernels_fast/kernel.h"

namespace plumb::npu::fast {
namespace {

// Row-major steps of a shape.
std::vector<size_t> StepsOf(const Shape& shape) {
  std::vector<size_t> steps(shape.rank(), 1);
  for (size_t axis = shape.rank(); axis-- > 1;) {
    steps[axis - 1] = steps[axis] * static_cast<size_t>(shape[axis]);
  }
  return steps;
}

// One strided move: every layout operation is one or more of these.
struct Move {
  const int16_t* source;
  int16_t* target;
  Axes<2> axes;  // steps of source and target
};

// Elements of `move` that go through unchanged.
void RunMove(const Move& move, ThreadPool& pool) {
  const auto [source_step, target_step] = move.axes.inner_step();
  pool.ParallelFor(move.axes.count(),
                   [&, source_step = source_step, target_step = target_step](
                       size_t /*thread*/, size_t begin, size_t end) {
                     move.axes.ForEachRun(
                         begin, end, [&](const std::array<size_t, 2>& offset, size_t length) {
                           const int16_t* source = move.source + offset[0];
                           int16_t* target = move.target + offset[1];
                           if (source_step == 1 && target_step == 1) {
                             std::copy_n(source, length, target);
                             return;
                           }
                           for (size_t i = 0; i < length; ++i) {
                             target[i * target_step] = source[i * source_step];
                           }
                         });
                   });
}

class MoveKernel final : public Kernel {
 public:
  explicit MoveKernel(Move move) : move_(std::move(move)) {}

  void Run(ThreadPool& pool) override { RunMove(move_, pool); }

 private:
  Move move_;
};

class PadKernel final : public Kernel {
 public:
  PadKernel(const Pad& pad, Move move, const KernelSite& site)
      : move_(std::move(move)),
        value_(static_cast<int16_t>(pad.value)),
        output_(site.output),
        count_(site.output_count()) {}

  void Run(ThreadPool& pool) override {
    std::fill_n(output_, count_, value_);
    RunMove(move_, pool);
  }

 private:
  Move move_;
  int16_t value_;
  int16_t* output_;
  size_t count_;
};

// One input of a CONCATENATION, rescaled to the output's scale on the way.
struct ConcatPart {
  Move move;
  Multiplier multiplier;
  int32_t zero_point;
  bool copies;
};

class ConcatKernel final : public Kernel {
 public:
  ConcatKernel(std::vector<ConcatPart> parts, const Clamp& clamp, const KernelSite& site)
      : parts_(std::move(parts)),
        clamp_(clamp),
        profile_(site.profile),
        zero_point_(site.output_tensor->zero_point) {}

  void Run(ThreadPool& pool) override {
    for (const ConcatPart& part : parts_) {
      if (part.copies) {
        RunMove(part.move, pool);
      } else {
        RunRescaled(part, pool);
      }
    }
  }

 private:
  void RunRescaled(const ConcatPart& part, ThreadPool& pool) const {
    const Axes<2>& axes = part.move.axes;
    const std::array<size_t, 2> step = axes.inner_step();
    pool.ParallelFor(axes.count(), [&](size_t /*thread*/, size_t begin, size_t end) {
      axes.ForEachRun(begin, end, [&](const std::array<size_t, 2>& offset, size_t length) {
        for (size_t i = 0; i < length; ++i) {
          const int64_t x = part.move.source[offset[0] + i * step[0]] - part.zero_point;
          part.move.target[offset[1] + i * step[1]] =
              Finish(Rescale(x, part.multiplier, profile_), zero_point_, clamp_);
        }
      });
    });
  }

  std::vector<ConcatPart> parts_;
  Clamp clamp_;
  RoundingProfile profile_;
  int32_t zero_point_;
};

// The whole of `shape` with the given steps.
Axes<2> AxesOf(const Shape& shape,
               const std::vector<size_t>& source_steps,
               const std::vector<size_t>& target_steps) {
  Axes<2> axes;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    axes.Append(static_cast<size_t>(shape[axis]), {source_steps[axis], target_steps[axis]});
  }
  axes.Finish();
  return axes;
}

bool SpansType(const Clamp& clamp, ElementType type) {
  const Clamp range = StoredRange(type);
  return clamp.low == range.low && clamp.high == range.high;
}

}  // namespace

std::unique_ptr<Kernel> MakeKernel(const Pad& pad, const KernelSite& site) {
  const Source& input = site.inputs[0];
  const std::vector<size_t> steps = StepsOf(site.output_tensor->shape);
  size_t offset = 0;
  for (size_t axis = 0; axis < steps.size(); ++axis) {
    offset += static_cast<size_t>(pad.before[axis]) * steps[axis];
  }
  Move move{input.values,
            site.output + offset,
            AxesOf(input.tensor->shape, StepsOf(input.tensor->shape), steps)};
  return std::make_unique<PadKernel>(pad, std::move(move), site);
}

std::unique_ptr<Kernel> MakeKernel(const Concat& concat, const KernelSite& site) {
  const auto axis = static_cast<size_t>(concat.axis);
  const FixedTensor& output = *site.output_tensor;
  const std::vector<size_t> steps = StepsOf(output.shape);
  std::vector<ConcatPart> parts;
  int16_t* target = site.output;
  for (size_t k = 0; k < site.inputs.size(); ++k) {
    const FixedTensor& input = *site.inputs[k].tensor;
    const Shape& shape = input.shape;
    const bool copies =
        concat.multipliers[k] == Multiplier{1, 0} && input.zero_point == output.zero_point &&
        input.element_type == output.element_type && SpansType(concat.clamp, output.element_type);
    parts.push_back({{site.inputs[k].values, target, AxesOf(shape, StepsOf(shape), steps)},
                     concat.multipliers[k],
                     input.zero_point,
                     copies});
    target += static_cast<size_t>(shape[axis]) * steps[axis];
  }
  return std::make_unique<ConcatKernel>(std::move(parts), concat.clamp, site);
}

std::unique_ptr<Kernel> MakeKernel(const Reshape& /*reshape*/, const KernelSite& site) {
  Axes<2> axes;
  axes.Append(site.output_count(), {1, 1});
  axes.Finish();
  return std::make_unique<MoveKernel>(Move{site.inputs[0].values, site.output, std::move(axes)});
}

std::unique_ptr<Kernel> MakeKernel(const Transpose& transpose, const KernelSite& site) {
  const Source& input = site.inputs[0];
  const std::vector<size_t> input_steps = StepsOf(input.tensor->shape);
  std::vector<size_t> steps;
  for (const int32_t axis : transpose.permutation) {
    steps.push_back(input_steps[static_cast<size_t>(axis)]);
  }
  const Shape& shape = site.output_tensor->shape;
  return std::make_unique<MoveKernel>(
      Move{input.values, site.output, AxesOf(shape, steps, StepsOf(shape))});
}

std::unique_ptr<Kernel> MakeKernel(const StridedSlice& slice, const KernelSite& site) {
  const Source& input = site.inputs[0];
  std::vector<size_t> steps = StepsOf(input.tensor->shape);
  size_t offset = 0;
  for (size_t axis = 0; axis < steps.size(); ++axis) {
    offset += static_cast<size_t>(slice.begin[axis]) * steps[axis];
    steps[axis] *= static_cast<size_t>(slice.stride[axis]);
  }
  const Shape& shape = site.output_tensor->shape;
  return std::make_unique<MoveKernel>(
      Move{input.values + offset, site.output, AxesOf(shape, steps, StepsOf(shape))});
}

std::unique_ptr<Kernel> MakeKernel(const DepthToSpace& depth_to_space, const KernelSite& site) {
  const Source& input = site.inputs[0];
  const Shape& shape = input.tensor->shape;
  const auto block = static_cast<size_t>(depth_to_space.block);
  const auto channels = static_cast<size_t>(site.output_tensor->shape[3]);
  const auto height = static_cast<size_t>(shape[1]);
  const auto width = static_cast<size_t>(shape[2]);
  const size_t cell = block * block * channels;
  const size_t output_row = width * block * channels;
  // Output order: image, row, row in block, column, column in block, channel.
  Axes<2> axes;
  axes.Append(static_cast<size_t>(shape[0]), {height * width * cell, height * block * output_row});
  axes.Append(height, {width * cell, block * output_row});
  axes.Append(block, {block * channels, output_row});
  axes.Append(width, {cell, block * channels});
  axes.Append(block, {channels, channels});
  axes.Append(channels, {1, 1});
  axes.Finish();
  return std::make_unique<MoveKernel>(Move{input.values, site.output, std::move(axes)});
}

}  // namespace plumb::npu::fast
