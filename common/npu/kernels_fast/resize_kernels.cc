#include <algorithm>
#include <utility>

#include "common/npu/kernels_fast/arithmetic.h"
#include "common/npu/kernels_fast/kernel.h"

namespace plumb::npu::fast {
namespace {

constexpr int32_t kTapUnit = 2048;
constexpr int kTapShift = 22;  // of two weights

// Both kinds fill the output row by row.
class ResizeKernel : public Kernel {
 public:
  explicit ResizeKernel(const KernelSite& site)
      : input_(site.inputs[0].values),
        output_(site.output),
        shape_(site.output_tensor->shape),
        input_height_(site.inputs[0].tensor->shape[1]),
        input_width_(site.inputs[0].tensor->shape[2]) {}

  void Run(ThreadPool& pool) override {
    const auto rows = static_cast<size_t>(shape_[0] * shape_[1]);
    const auto height = static_cast<size_t>(shape_[1]);
    const size_t row_size = static_cast<size_t>(shape_[2]) * channels();
    pool.ParallelFor(rows, [&](size_t /*thread*/, size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        RunRow(row / height, row % height, output_ + row * row_size);
      }
    });
  }

 protected:
  virtual void RunRow(size_t batch, size_t y, int16_t* output) const = 0;

  [[nodiscard]] size_t channels() const { return static_cast<size_t>(shape_[3]); }

  [[nodiscard]] size_t width() const { return static_cast<size_t>(shape_[2]); }

  [[nodiscard]] const int16_t* InputRow(size_t batch, int32_t row) const {
    const auto index = static_cast<int64_t>(batch) * input_height_ + row;
    return input_ + static_cast<size_t>(index * input_width_) * channels();
  }

 private:
  const int16_t* input_;
  int16_t* output_;
  Shape shape_;
  int64_t input_height_;
  int64_t input_width_;
};

class NearestKernel final : public ResizeKernel {
 public:
  NearestKernel(ResizeNearest resize, const KernelSite& site)
      : ResizeKernel(site),
        resize_(std::move(resize)) {}

 protected:
  void RunRow(size_t batch, size_t y, int16_t* output) const override {
    const int16_t* row = InputRow(batch, resize_.rows[y]);
    for (const int32_t column : resize_.columns) {
      output = std::copy_n(row + static_cast<size_t>(column) * channels(), channels(), output);
    }
  }

 private:
  ResizeNearest resize_;
};

class BilinearKernel final : public ResizeKernel {
 public:
  BilinearKernel(ResizeBilinear resize, const KernelSite& site)
      : ResizeKernel(site),
        resize_(std::move(resize)),
        profile_(site.profile) {}

 protected:
  void RunRow(size_t batch, size_t y, int16_t* output) const override {
    const int16_t* upper = InputRow(batch, resize_.rows.lower[y]);
    const int16_t* lower = InputRow(batch, resize_.rows.upper[y]);
    const int32_t weight = resize_.rows.weight[y];
    for (size_t x = 0; x < width(); ++x) {
      const size_t left = static_cast<size_t>(resize_.columns.lower[x]) * channels();
      const size_t right = static_cast<size_t>(resize_.columns.upper[x]) * channels();
      const int64_t across = resize_.columns.weight[x];
      for (size_t c = 0; c < channels(); ++c) {
        // First down, then across: each step is exact, so the order does not matter.
        const int64_t at_left = upper[left + c] * (kTapUnit - weight) + lower[left + c] * weight;
        const int64_t at_right = upper[right + c] * (kTapUnit - weight) + lower[right + c] * weight;
        const int64_t sum = at_left * (kTapUnit - across) + at_right * across;
        *output++ = static_cast<int16_t>(RoundDivideByShift(sum, kTapShift, profile_));
      }
    }
  }

 private:
  ResizeBilinear resize_;
  RoundingProfile profile_;
};

}  // namespace

std::unique_ptr<Kernel> MakeKernel(const ResizeBilinear& resize, const KernelSite& site) {
  return std::make_unique<BilinearKernel>(resize, site);
}

std::unique_ptr<Kernel> MakeKernel(const ResizeNearest& resize, const KernelSite& site) {
  return std::make_unique<NearestKernel>(resize, site);
}

}  // namespace plumb::npu::fast
