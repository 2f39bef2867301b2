// Internal: one prepared operation, and the factories that prepare it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/npu/kernels_fast/thread_pool.h"
#include "common/npu/kernels_fast/vector_kernels.h"
#include "common/npu/model/model.h"

namespace plumb::npu::fast {

// Prepared once: buffers, packed weights, tables and scratch are fixed; Run allocates nothing.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  virtual void Run(ThreadPool& pool) = 0;
};

struct Source {
  const FixedTensor* tensor;
  const int16_t* values;
};

// What a kernel is built over; the buffers outlive it and never move.
struct KernelSite {
  std::vector<Source> inputs;
  const FixedTensor* output_tensor;
  int16_t* output;
  RoundingProfile profile;
  size_t threads;
  const VectorKernels* vectors;

  [[nodiscard]] size_t output_count() const {
    return static_cast<size_t>(output_tensor->shape.element_count().value_or(0));
  }
};

std::unique_ptr<Kernel> MakeKernel(const Conv2d& conv, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const DepthwiseConv2d& conv, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const FullyConnected& full, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const TransposeConv2d& conv, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const MaxPool2d& pool, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const AveragePool2d& pool, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Mean& mean, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Add& add, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Mul& mul, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Prelu& prelu, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const LeakyRelu& relu, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Requantize& requantize, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Lookup& lookup, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Softmax& softmax, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Pad& pad, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Concat& concat, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Reshape& reshape, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const Transpose& transpose, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const ResizeBilinear& resize, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const ResizeNearest& resize, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const DepthToSpace& depth_to_space, const KernelSite& site);
std::unique_ptr<Kernel> MakeKernel(const StridedSlice& slice, const KernelSite& site);

}  // namespace plumb::npu::fast
