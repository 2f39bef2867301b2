#include <algorithm>
#include <optional>

#include "common/npu/kernels_fast/arithmetic.h"
#include "common/npu/kernels_fast/kernel.h"
#include "common/npu/kernels_fast/requantizer.h"

namespace plumb::npu::fast {
namespace {

const int8_t* WeightsOf(const DepthwiseConv2d& conv) {
  return reinterpret_cast<const int8_t*>(conv.linear.values.data());
}

// Input row of a kernel row, or −1 in the padding.
int64_t InputRow(const Window2d& window, int64_t y, int64_t ky, int64_t height) {
  const int64_t row = y * window.stride_height - window.pad_top + ky * window.dilation_height;
  return row >= 0 && row < height ? row : -1;
}

// Sums of 32 bits, a vector of channels at a time.
class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const DepthwiseConv2d& conv, RequantizerTable requantizer, const KernelSite& site)
      : vectors_(*site.vectors),
        window_(conv.window),
        requantizer_(std::move(requantizer)),
        source_(site.inputs[0]),
        input_(site.inputs[0].tensor->shape),
        shape_(site.output_tensor->shape),
        output_(site.output),
        scratch_(site.threads) {
    Pack(conv);
    const size_t scratch_size = DepthwiseScratch(Arguments(), vectors_.lanes);
    for (Scratch& scratch : scratch_) {
      scratch.pairs.assign(scratch_size, 0);
      scratch.rows.assign(static_cast<size_t>(window_.kernel_height), nullptr);
    }
  }

  void Run(ThreadPool& pool) override {
    const auto rows = static_cast<size_t>(shape_[0] * shape_[1]);
    pool.ParallelFor(rows, [this](size_t thread, size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        RunRow(static_cast<int64_t>(row), scratch_[thread]);
      }
    });
  }

 private:
  struct Scratch {
    std::vector<int16_t> pairs;
    std::vector<const int16_t*> rows;
  };

  // All but the row.
  [[nodiscard]] DepthwiseArguments Arguments() const {
    return {nullptr,
            static_cast<size_t>(window_.kernel_height),
            static_cast<size_t>(window_.kernel_width),
            static_cast<size_t>(window_.stride_width),
            static_cast<size_t>(window_.dilation_width),
            window_.pad_left,
            static_cast<size_t>(input_[2]),
            static_cast<size_t>(input_[3]),
            static_cast<size_t>(shape_[2]),
            static_cast<size_t>(shape_[3]),
            static_cast<size_t>(shape_[3] / input_[3]),
            static_cast<int16_t>(source_.tensor->zero_point),
            weights_.data(),
            bias_.data(),
            requantizer_.From(0),
            nullptr,
            nullptr};
  }

  void RunRow(int64_t row, Scratch& scratch) const {
    const int64_t batch = row / shape_[1];
    for (int64_t ky = 0; ky < window_.kernel_height; ++ky) {
      const int64_t y = InputRow(window_, row % shape_[1], ky, input_[1]);
      const int64_t place = (batch * input_[1] + y) * input_[2] * input_[3];
      scratch.rows[static_cast<size_t>(ky)] = y < 0 ? nullptr : source_.values + place;
    }
    DepthwiseArguments args = Arguments();
    args.rows = scratch.rows.data();
    args.scratch = scratch.pairs.data();
    args.output = output_ + row * shape_[2] * shape_[3];
    vectors_.depthwise(args);
  }

  void Pack(const DepthwiseConv2d& conv) {
    const size_t lanes = vectors_.lanes;
    const auto height = static_cast<size_t>(window_.kernel_height);
    const auto width = static_cast<size_t>(window_.kernel_width);
    const auto channels = static_cast<size_t>(shape_[3]);
    const size_t blocks = (channels + lanes - 1) / lanes;
    const size_t row_pairs = (height + 1) / 2;
    const int8_t* weights = WeightsOf(conv);
    weights_.assign(blocks * row_pairs * width * lanes * 2, 0);
    std::vector<int64_t> sums(channels, 0);
    for (size_t i = 0; i < height * width * channels; ++i) {
      const size_t c = i % channels;
      const size_t kx = i / channels % width;
      const size_t ky = i / channels / width;
      const size_t vector = (c / lanes * row_pairs + ky / 2) * width + kx;
      weights_[(vector * lanes + c % lanes) * 2 + ky % 2] = weights[i];
      sums[c] += weights[i];
    }
    bias_.assign(blocks * lanes, 0);
    for (size_t c = 0; c < channels; ++c) {
      bias_[c] = static_cast<int32_t>(conv.linear.bias[c] - source_.tensor->zero_point * sums[c]);
    }
  }

  const VectorKernels& vectors_;
  Window2d window_;
  RequantizerTable requantizer_;
  Source source_;
  Shape input_;
  Shape shape_;
  int16_t* output_;
  std::vector<int16_t> weights_;
  std::vector<int32_t> bias_;
  std::vector<Scratch> scratch_;  // per thread
};

// Sums that need more than 32 bits: rare, so simple.
class WideDepthwiseKernel final : public Kernel {
 public:
  WideDepthwiseKernel(const DepthwiseConv2d& conv, const KernelSite& site)
      : window_(conv.window),
        clamp_(conv.clamp),
        bias_(conv.linear.bias),
        multipliers_(conv.linear.multipliers),
        weights_(WeightsOf(conv), WeightsOf(conv) + conv.linear.values.size()),
        source_(site.inputs[0]),
        input_(site.inputs[0].tensor->shape),
        shape_(site.output_tensor->shape),
        output_(site.output),
        profile_(site.profile),
        zero_point_(site.output_tensor->zero_point),
        channels_(static_cast<size_t>(shape_[3])),
        repeat_(channels_ / static_cast<size_t>(input_[3])),
        scratch_(site.threads, std::vector<int64_t>(channels_, 0)) {}

  void Run(ThreadPool& pool) override {
    const auto pixels = static_cast<size_t>(shape_[0] * shape_[1] * shape_[2]);
    pool.ParallelFor(pixels, [this](size_t thread, size_t begin, size_t end) {
      for (size_t pixel = begin; pixel < end; ++pixel) {
        RunPixel(pixel, scratch_[thread]);
      }
    });
  }

 private:
  void RunPixel(size_t pixel, std::vector<int64_t>& sums) const {
    const auto row = static_cast<int64_t>(pixel) / shape_[2];
    const int64_t x = static_cast<int64_t>(pixel) % shape_[2];
    std::copy(bias_.begin(), bias_.end(), sums.begin());
    for (int64_t ky = 0; ky < window_.kernel_height; ++ky) {
      const int64_t iy = InputRow(window_, row % shape_[1], ky, input_[1]);
      for (int64_t kx = 0; iy >= 0 && kx < window_.kernel_width; ++kx) {
        const int64_t ix =
            x * window_.stride_width - window_.pad_left + kx * window_.dilation_width;
        if (ix >= 0 && ix < input_[2]) {
          const int64_t line = row / shape_[1] * input_[1] + iy;
          AddTap(source_.values + (line * input_[2] + ix) * input_[3],
                 weights_.data() + static_cast<size_t>(ky * window_.kernel_width + kx) * channels_,
                 sums);
        }
      }
    }
    int16_t* output = output_ + pixel * channels_;
    for (size_t c = 0; c < channels_; ++c) {
      output[c] = Finish(Rescale(sums[c], multipliers_[c], profile_), zero_point_, clamp_);
    }
  }

  void AddTap(const int16_t* values, const int8_t* weights, std::vector<int64_t>& sums) const {
    for (size_t c = 0; c < channels_; ++c) {
      sums[c] += (values[c / repeat_] - source_.tensor->zero_point) * weights[c];
    }
  }

  Window2d window_;
  Clamp clamp_;
  std::vector<int64_t> bias_;
  std::vector<Multiplier> multipliers_;
  std::vector<int8_t> weights_;
  Source source_;
  Shape input_;
  Shape shape_;
  int16_t* output_;
  RoundingProfile profile_;
  int32_t zero_point_;
  size_t channels_;
  size_t repeat_;
  std::vector<std::vector<int64_t>> scratch_;  // per thread
};

}  // namespace

std::unique_ptr<Kernel> MakeKernel(const DepthwiseConv2d& conv, const KernelSite& site) {
  const size_t channels = conv.linear.bias.size();
  const auto limits =
      LimitsOf(conv.linear, *site.inputs[0].tensor, [channels](size_t i) { return i % channels; });
  auto requantizer = MakeRequantizer(conv.linear.multipliers, limits, conv.clamp, site);
  if (!requantizer.has_value()) {
    return std::make_unique<WideDepthwiseKernel>(conv, site);
  }
  return std::make_unique<DepthwiseKernel>(conv, *std::move(requantizer), site);
}

}  // namespace plumb::npu::fast
