#include <algorithm>

#include "common/npu/kernels_fast/arithmetic.h"
#include "common/npu/kernels_fast/kernel.h"

namespace plumb::npu::fast {
namespace {

// The part of a window that lies inside the picture.
struct Span {
  int64_t begin;
  int64_t end;

  [[nodiscard]] int64_t size() const { return end - begin; }
};

Span SpanOf(int64_t position, int32_t stride, int32_t pad, int32_t kernel, int64_t size) {
  const int64_t start = position * stride - pad;
  return {std::max<int64_t>(start, 0), std::min(start + kernel, size)};
}

// numerator / denominator to nearest; bounds as RoundDivide. `down_at`: ties go down where the
// upper neighbour does not exceed it, else up.
int64_t RoundAverage(int64_t numerator, int64_t denominator, int64_t down_at) {
  const int64_t shifted = numerator + denominator / 2;
  int64_t quotient = shifted / denominator;
  const int64_t rest = shifted - quotient * denominator;
  quotient -= rest < 0 ? 1 : 0;
  const bool tie = rest == 0 && denominator % 2 == 0;
  return quotient - (tie && quotient <= down_at ? 1 : 0);
}

class PoolKernel : public Kernel {
 public:
  PoolKernel(const Window2d& window, const Clamp& clamp, const KernelSite& site)
      : window_(window),
        clamp_(clamp),
        source_(site.inputs[0]),
        input_(site.inputs[0].tensor->shape),
        shape_(site.output_tensor->shape),
        output_(site.output) {}

  void Run(ThreadPool& pool) override {
    const auto rows = static_cast<size_t>(shape_[0] * shape_[1]);
    pool.ParallelFor(rows, [this](size_t thread, size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        RunRow(thread, static_cast<int64_t>(row));
      }
    });
  }

 protected:
  virtual void RunWindow(
      size_t thread, int64_t batch, const Span& rows, const Span& columns, int16_t* output) = 0;

  [[nodiscard]] size_t channels() const { return static_cast<size_t>(shape_[3]); }

  [[nodiscard]] const Clamp& clamp() const { return clamp_; }

  // Calls visit(channel values) for every place of the window.
  template <class Visit>
  void ForEachPlace(int64_t batch, const Span& rows, const Span& columns, Visit&& visit) const {
    for (int64_t y = rows.begin; y < rows.end; ++y) {
      const int64_t line = (batch * input_[1] + y) * input_[2];
      for (int64_t x = columns.begin; x < columns.end; ++x) {
        visit(source_.values + static_cast<size_t>(line + x) * channels());
      }
    }
  }

 private:
  void RunRow(size_t thread, int64_t row) {
    const int64_t batch = row / shape_[1];
    const Span rows = SpanOf(
        row % shape_[1], window_.stride_height, window_.pad_top, window_.kernel_height, input_[1]);
    for (int64_t x = 0; x < shape_[2]; ++x) {
      const Span columns =
          SpanOf(x, window_.stride_width, window_.pad_left, window_.kernel_width, input_[2]);
      const auto place = static_cast<size_t>(row * shape_[2] + x);
      RunWindow(thread, batch, rows, columns, output_ + place * channels());
    }
  }

  Window2d window_;
  Clamp clamp_;
  Source source_;
  Shape input_;
  Shape shape_;
  int16_t* output_;
};

class MaxPoolKernel final : public PoolKernel {
 public:
  MaxPoolKernel(const MaxPool2d& pool, const KernelSite& site)
      : PoolKernel(pool.window, pool.clamp, site) {}

 protected:
  void RunWindow(size_t /*thread*/,
                 int64_t batch,
                 const Span& rows,
                 const Span& columns,
                 int16_t* output) override {
    std::fill_n(output, channels(), INT16_MIN);
    ForEachPlace(batch, rows, columns, [&](const int16_t* values) {
      for (size_t c = 0; c < channels(); ++c) {
        output[c] = std::max(output[c], values[c]);
      }
    });
    for (size_t c = 0; c < channels(); ++c) {
      output[c] = Finish(output[c], 0, clamp());
    }
  }
};

class AveragePoolKernel final : public PoolKernel {
 public:
  AveragePoolKernel(const AveragePool2d& pool, const KernelSite& site)
      : PoolKernel(pool.window, pool.clamp, site),
        multiplier_(pool.multiplier),
        input_zero_point_(site.inputs[0].tensor->zero_point),
        zero_point_(site.output_tensor->zero_point),
        ties_down_at_(site.profile == RoundingProfile::kHalfUp ? INT64_MIN : -int64_t{zero_point_}),
        sums_(site.threads, std::vector<int64_t>(channels(), 0)) {}

 protected:
  void RunWindow(size_t thread,
                 int64_t batch,
                 const Span& rows,
                 const Span& columns,
                 int16_t* output) override {
    std::vector<int64_t>& sums = sums_[thread];
    const int64_t count = rows.size() * columns.size();
    std::fill(sums.begin(), sums.end(), -count * input_zero_point_);
    ForEachPlace(batch, rows, columns, [&](const int16_t* values) {
      for (size_t c = 0; c < sums.size(); ++c) {
        sums[c] += values[c];
      }
    });
    const int64_t divisor = count << multiplier_.shift;
    for (size_t c = 0; c < sums.size(); ++c) {
      output[c] = Finish(RoundAverage(sums[c] * multiplier_.mantissa, divisor, ties_down_at_),
                         zero_point_,
                         clamp());
    }
  }

 private:
  Multiplier multiplier_;
  int32_t input_zero_point_;
  int32_t zero_point_;
  int64_t ties_down_at_;                    // of the result without the zero point: stored 0
  std::vector<std::vector<int64_t>> sums_;  // per thread
};

class MeanKernel final : public Kernel {
 public:
  MeanKernel(const Mean& mean, const KernelSite& site)
      : mean_(mean),
        source_(site.inputs[0]),
        input_(site.inputs[0].tensor->shape),
        output_(site.output),
        profile_(site.profile),
        zero_point_(site.output_tensor->zero_point),
        sums_(site.output_count(), 0),
        steps_(input_.rank(), 0) {
    // The step of an averaged axis in the output is 0.
    size_t step = 1;
    for (size_t axis = input_.rank(); axis-- > 0;) {
      if (!std::binary_search(mean.axes.begin(), mean.axes.end(), static_cast<int32_t>(axis))) {
        steps_[axis] = step;
        step *= static_cast<size_t>(input_[axis]);
      }
    }
    count_ = static_cast<int64_t>(input_.element_count().value_or(0) / sums_.size());
  }

  void Run(ThreadPool& /*pool*/) override {
    std::fill(sums_.begin(), sums_.end(), -count_ * source_.tensor->zero_point);
    const int16_t* values = source_.values;
    AddAxis(0, 0, values);
    const int64_t divisor = count_ << mean_.multiplier.shift;
    for (size_t i = 0; i < sums_.size(); ++i) {
      output_[i] = Finish(RoundDivide(sums_[i] * mean_.multiplier.mantissa, divisor, profile_),
                          zero_point_,
                          mean_.clamp);
    }
  }

 private:
  // Adds the block of `axis` and what is inside it; `values` moves on. At most 8 levels deep.
  void AddAxis(size_t axis, size_t target, const int16_t*& values) {
    if (axis >= input_.rank()) {
      sums_[target] += *values++;
      return;
    }
    for (int64_t i = 0; i < input_[axis]; ++i) {
      AddAxis(axis + 1, target, values);
      target += steps_[axis];
    }
  }

  Mean mean_;
  Source source_;
  Shape input_;
  int16_t* output_;
  RoundingProfile profile_;
  int32_t zero_point_;
  int64_t count_ = 1;
  std::vector<int64_t> sums_;
  std::vector<size_t> steps_;
};

}  // namespace

std::unique_ptr<Kernel> MakeKernel(const MaxPool2d& pool, const KernelSite& site) {
  return std::make_unique<MaxPoolKernel>(pool, site);
}

std::unique_ptr<Kernel> MakeKernel(const AveragePool2d& pool, const KernelSite& site) {
  return std::make_unique<AveragePoolKernel>(pool, site);
}

std::unique_ptr<Kernel> MakeKernel(const Mean& mean, const KernelSite& site) {
  return std::make_unique<MeanKernel>(mean, site);
}

}  // namespace plumb::npu::fast
