// Convolutions, transposed convolutions and matrix products as products of rows and weights.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/npu/kernels_fast/kernel.h"
#include "common/npu/kernels_fast/requantizer.h"
#include "common/npu/kernels_fast/vector_kernels.h"

namespace plumb::npu::fast {

// Weights of some output channels, widened and laid out as TileArguments wants them. The input of
// an output pixel is `taps` rows of `depth` elements each.
class PackedMatrix {
 public:
  PackedMatrix(size_t channels, size_t taps, size_t depth, size_t lanes);

  void Set(size_t channel, size_t tap, size_t k, int8_t weight);

  [[nodiscard]] size_t blocks() const { return (channels_ + lanes_ - 1) / lanes_; }

  [[nodiscard]] size_t channels() const { return channels_; }

  [[nodiscard]] size_t taps() const { return taps_; }

  [[nodiscard]] size_t depth() const { return depth_; }

  [[nodiscard]] size_t pairs() const { return (depth_ + 1) / 2; }

  // From pair `pair` of the first tap of `block`.
  [[nodiscard]] const int16_t* At(size_t block, size_t pair) const {
    return values_.data() + (block * taps_ * pairs() + pair) * lanes_ * 2;
  }

  // Σ of a channel's weights.
  [[nodiscard]] int64_t Sum(size_t channel) const { return sums_[channel]; }

 private:
  size_t channels_;
  size_t taps_;
  size_t depth_;
  size_t lanes_;
  std::vector<int16_t> values_;
  std::vector<int64_t> sums_;
};

// Output pixels that share weights: a group of a convolution, a phase of a transposed one.
struct MatrixPart {
  size_t pixels = 0;
  size_t first_channel = 0;
  PackedMatrix weights;
};

// Subclasses say where a pixel's rows are and where the pixel goes.
class MatrixKernel : public Kernel {
 public:
  MatrixKernel(const LinearWeights& linear, const Clamp& clamp, const KernelSite& site);

  void Run(ThreadPool& pool) override;

 protected:
  // Once all parts are known: biases, and scratch for every thread.
  void SetParts(std::vector<MatrixPart> parts);

  // Sets rows[tap · pitch] for every tap of one output pixel: depth stored values each and, where
  // depth is odd, one more that can be read. `spare` has room for all rows.
  virtual void LocateRows(
      size_t part, size_t pixel, const int16_t** rows, size_t pitch, int16_t* spare) const = 0;
  // Index of the output element of the part's first channel.
  [[nodiscard]] virtual size_t OutputIndex(size_t part, size_t pixel) const = 0;

  [[nodiscard]] const MatrixPart& part(size_t index) const { return parts_[index]; }

  [[nodiscard]] size_t lanes() const { return vectors_.lanes; }

 private:
  struct Scratch {
    std::vector<const int16_t*> rows;
    std::vector<const int16_t*> block_rows;  // of one stretch of the wide path
    std::vector<int16_t> spare;
    std::vector<int32_t> sums;
    std::vector<int64_t> wide_sums;
    std::vector<int16_t*> outputs;
  };

  // What one call of the inner loops computes.
  struct Tile {
    size_t part;
    size_t first_pixel;
    size_t pixels;
    size_t first_block;
    size_t blocks;

    [[nodiscard]] size_t first_channel(size_t lanes) const { return first_block * lanes; }
  };

  void RunTile(const Tile& tile, Scratch& scratch) const;
  void MultiplyNarrow(const Tile& tile, Scratch& scratch) const;
  void MultiplyWide(const Tile& tile, Scratch& scratch) const;
  void AddStretch(const Tile& tile, size_t tap, size_t first_pair, Scratch& scratch) const;
  void StoreWide(const Tile& tile, const Scratch& scratch) const;
  [[nodiscard]] size_t ChannelsOf(const Tile& tile) const;
  [[nodiscard]] size_t TilesOf(const MatrixPart& part) const;
  [[nodiscard]] size_t BlocksPerTask(const MatrixPart& part, size_t threads) const;

  const VectorKernels& vectors_;
  std::vector<int64_t> bias_;
  std::vector<Multiplier> multipliers_;
  Clamp clamp_;
  RoundingProfile profile_;
  int32_t input_zero_point_;
  int32_t zero_point_;
  int16_t* output_;
  std::optional<RequantizerTable> narrow_;  // absent: sums need 64 bits
  std::vector<MatrixPart> parts_;
  std::vector<std::vector<int32_t>> part_bias_;  // less zero point · Σ weights, padded
  std::vector<int32_t> no_bias_;
  std::vector<Scratch> scratch_;  // per thread
};

}  // namespace plumb::npu::fast
