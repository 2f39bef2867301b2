#include <algorithm>

#include "common/npu/kernels_fast/arithmetic.h"
#include "common/npu/kernels_fast/kernel.h"

namespace plumb::npu::fast {
namespace {

// Products of 2^22 at most: so many fit in 32 bits.
constexpr int kTapsPerFlush = 256;

class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const DepthwiseConv2d& conv, const KernelSite& site)
      : window_(conv.window),
        clamp_(conv.clamp),
        bias_(conv.linear.bias),
        multipliers_(conv.linear.multipliers),
        source_(site.inputs[0]),
        input_(site.inputs[0].tensor->shape),
        shape_(site.output_tensor->shape),
        output_(site.output),
        profile_(site.profile),
        zero_point_(site.output_tensor->zero_point),
        channels_(static_cast<size_t>(shape_[3])),
        repeat_(channels_ / static_cast<size_t>(input_[3])),
        scratch_(site.threads) {
    const auto* weights = reinterpret_cast<const int8_t*>(conv.linear.values.data());
    weights_.assign(weights, weights + conv.linear.values.size());
    for (Scratch& scratch : scratch_) {
      scratch.narrow.assign(channels_, 0);
      scratch.wide.assign(channels_, 0);
    }
  }

  void Run(ThreadPool& pool) override {
    const auto rows = static_cast<size_t>(shape_[0] * shape_[1]);
    pool.ParallelFor(rows, [this](size_t thread, size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        for (int64_t x = 0; x < shape_[2]; ++x) {
          RunPixel(row, x, scratch_[thread]);
        }
      }
    });
  }

 private:
  struct Scratch {
    std::vector<int32_t> narrow;
    std::vector<int64_t> wide;
  };

  void RunPixel(size_t row, int64_t x, Scratch& scratch) const {
    const auto height = static_cast<size_t>(shape_[1]);
    const auto batch = static_cast<int64_t>(row / height);
    const auto y = static_cast<int64_t>(row % height);
    std::copy(bias_.begin(), bias_.end(), scratch.wide.begin());
    int taps = 0;
    for (int64_t ky = 0; ky < window_.kernel_height; ++ky) {
      const int64_t iy = y * window_.stride_height - window_.pad_top + ky * window_.dilation_height;
      if (iy < 0 || iy >= input_[1]) {
        continue;
      }
      for (int64_t kx = 0; kx < window_.kernel_width; ++kx) {
        const int64_t ix =
            x * window_.stride_width - window_.pad_left + kx * window_.dilation_width;
        if (ix < 0 || ix >= input_[2]) {
          continue;
        }
        const auto place = static_cast<size_t>((batch * input_[1] + iy) * input_[2] + ix);
        AddTap(place, static_cast<size_t>(ky * window_.kernel_width + kx), scratch.narrow);
        if (++taps % kTapsPerFlush == 0) {
          Flush(scratch);
        }
      }
    }
    Flush(scratch);
    int16_t* output =
        output_ + (row * static_cast<size_t>(shape_[2]) + static_cast<size_t>(x)) * channels_;
    for (size_t c = 0; c < channels_; ++c) {
      output[c] = Finish(Rescale(scratch.wide[c], multipliers_[c], profile_), zero_point_, clamp_);
    }
  }

  void AddTap(size_t place, size_t tap, std::vector<int32_t>& sums) const {
    const int16_t* values = source_.values + place * static_cast<size_t>(input_[3]);
    const int16_t* weights = weights_.data() + tap * channels_;
    const auto zero_point = static_cast<int16_t>(source_.tensor->zero_point);
    int32_t* sum = sums.data();
    if (repeat_ == 1) {
      for (size_t c = 0; c < channels_; ++c) {
        // The difference always fits: that is what lets compilers multiply 16-bit lanes.
        sum[c] += static_cast<int16_t>(values[c] - zero_point) * weights[c];
      }
      return;
    }
    for (size_t c = 0; c < channels_; ++c) {
      sum[c] += (values[c / repeat_] - zero_point) * weights[c];
    }
  }

  static void Flush(Scratch& scratch) {
    for (size_t c = 0; c < scratch.wide.size(); ++c) {
      scratch.wide[c] += scratch.narrow[c];
      scratch.narrow[c] = 0;
    }
  }

  Window2d window_;
  Clamp clamp_;
  std::vector<int64_t> bias_;
  std::vector<Multiplier> multipliers_;
  std::vector<int16_t> weights_;
  Source source_;
  Shape input_;
  Shape shape_;
  int16_t* output_;
  RoundingProfile profile_;
  int32_t zero_point_;
  size_t channels_;
  size_t repeat_;
  std::vector<Scratch> scratch_;
};

}  // namespace

std::unique_ptr<Kernel> MakeKernel(const DepthwiseConv2d& conv, const KernelSite& site) {
  return std::make_unique<DepthwiseKernel>(conv, site);
}

}  // namespace plumb::npu::fast
