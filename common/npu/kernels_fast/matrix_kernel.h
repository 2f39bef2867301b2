// Convolutions, transposed convolutions and matrix products as products of columns and weights.
#pragma once

#include <cstdint>
#include <vector>

#include "common/npu/kernels_fast/dot.h"
#include "common/npu/kernels_fast/kernel.h"

namespace plumb::npu::fast {

// Weights of some output channels, widened and padded with zeros as dot.h wants them.
struct PackedMatrix {
  size_t channels = 0;  // as computed
  size_t padded_channels = 0;
  size_t stride = 0;
  std::vector<int16_t> values;

  PackedMatrix(size_t channel_count, size_t depth);

  void Set(size_t channel, size_t k, int16_t weight) { values[channel * stride + k] = weight; }
};

// Output pixels that share weights: a group of a convolution, a phase of a transposed one.
struct MatrixPart {
  size_t pixels = 0;
  size_t first_channel = 0;
  PackedMatrix weights;
};

// Subclasses say what a column holds and where a pixel goes.
class MatrixKernel : public Kernel {
 public:
  MatrixKernel(const LinearWeights& linear, const Clamp& clamp, const KernelSite& site);

  void Run(ThreadPool& pool) override;

 protected:
  // Once all parts are known: scratch for every thread.
  void SetParts(std::vector<MatrixPart> parts);
  // Writes the centred inputs of one output pixel; what lies beyond the depth stays zero.
  virtual void FillColumn(size_t part, size_t pixel, int16_t* column) const = 0;
  // Index of the output element of the part's first channel.
  [[nodiscard]] virtual size_t OutputIndex(size_t part, size_t pixel) const = 0;

  [[nodiscard]] const MatrixPart& part(size_t index) const { return parts_[index]; }

 private:
  struct Scratch {
    std::vector<int16_t> columns;
    std::vector<int64_t> sums;
  };

  // Some pixels and channels of a part, computed together.
  struct Tile {
    size_t first_pixel;
    size_t pixels;
    size_t first_channel;  // within the part
    size_t channels;       // padding included
  };

  void RunTile(size_t part_index, size_t tile_index, size_t first_channel, Scratch& scratch) const;
  void StoreTile(size_t part_index, const Tile& tile, const int64_t* sums) const;
  [[nodiscard]] size_t ChannelsPerBlock(const MatrixPart& part, size_t threads) const;

  std::vector<int64_t> bias_;
  std::vector<Multiplier> multipliers_;
  Clamp clamp_;
  RoundingProfile profile_;
  int32_t zero_point_;
  int16_t* output_;
  size_t depth_block_;
  DotFunction dot_;
  std::vector<MatrixPart> parts_;
  std::vector<Scratch> scratch_;  // per thread
};

}  // namespace plumb::npu::fast
