#include "common/npu/kernels_fast/matrix_kernel.h"

#include <algorithm>

#include "common/npu/kernels_fast/arithmetic.h"

namespace plumb::npu::fast {
namespace {

// The longest run of products that 32 bits can hold: 255 · 128 · 2^15 and 2^15 · 128 · 2^8.
constexpr size_t kNarrowBlock = size_t{1} << 15;
constexpr size_t kWideBlock = size_t{1} << 8;

size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

size_t TilesOf(const MatrixPart& part) {
  return (part.pixels + kColumnTile - 1) / kColumnTile;
}

}  // namespace

PackedMatrix::PackedMatrix(size_t channel_count, size_t depth)
    : channels(channel_count),
      padded_channels(RoundUp(channel_count, kChannelTile)),
      stride(RoundUp(depth, kDepthPadding)),
      values(padded_channels * stride, 0) {}

MatrixKernel::MatrixKernel(const LinearWeights& linear, const Clamp& clamp, const KernelSite& site)
    : bias_(linear.bias),
      multipliers_(linear.multipliers),
      clamp_(clamp),
      profile_(site.profile),
      zero_point_(site.output_tensor->zero_point),
      output_(site.output),
      depth_block_(site.inputs[0].tensor->element_type == ElementType::kInt16 ? kWideBlock
                                                                              : kNarrowBlock),
      dot_(ChooseDot()),
      scratch_(site.threads) {}

void MatrixKernel::SetParts(std::vector<MatrixPart> parts) {
  parts_ = std::move(parts);
  size_t column_size = 0;
  size_t channels = 0;
  for (const MatrixPart& part : parts_) {
    column_size = std::max(column_size, part.weights.stride);
    channels = std::max(channels, part.weights.padded_channels);
  }
  for (Scratch& scratch : scratch_) {
    scratch.columns.assign(column_size * kColumnTile, 0);
    scratch.sums.assign(channels * kColumnTile, 0);
  }
}

// A tile is one task where there are tiles enough; else its channels are divided as well.
size_t MatrixKernel::ChannelsPerBlock(const MatrixPart& part, size_t threads) const {
  const size_t padded = part.weights.padded_channels;
  const size_t tiles = TilesOf(part);
  if (tiles >= threads) {
    return padded;
  }
  return RoundUp((padded + threads - 1) / threads, kChannelTile);
}

void MatrixKernel::Run(ThreadPool& pool) {
  for (size_t index = 0; index < parts_.size(); ++index) {
    const MatrixPart& part = parts_[index];
    const size_t block = ChannelsPerBlock(part, pool.threads());
    const size_t blocks = (part.weights.padded_channels + block - 1) / block;
    // A column shorter than the last part's would leave its end where zeros are expected.
    for (Scratch& scratch : scratch_) {
      std::fill(scratch.columns.begin(), scratch.columns.end(), int16_t{0});
    }
    pool.ParallelFor(TilesOf(part) * blocks, [&](size_t thread, size_t begin, size_t end) {
      for (size_t task = begin; task < end; ++task) {
        RunTile(index, task / blocks, task % blocks * block, scratch_[thread]);
      }
    });
  }
}

void MatrixKernel::RunTile(size_t part_index,
                           size_t tile_index,
                           size_t first_channel,
                           Scratch& scratch) const {
  const MatrixPart& part = parts_[part_index];
  const size_t stride = part.weights.stride;
  const size_t block = ChannelsPerBlock(part, scratch_.size());
  Tile tile{};
  tile.first_pixel = tile_index * kColumnTile;
  tile.pixels = std::min(kColumnTile, part.pixels - tile.first_pixel);
  tile.first_channel = first_channel;
  tile.channels = std::min(block, part.weights.padded_channels - first_channel);
  for (size_t p = 0; p < tile.pixels; ++p) {
    FillColumn(part_index, tile.first_pixel + p, scratch.columns.data() + p * stride);
  }
  dot_({scratch.columns.data(),
        part.weights.values.data() + first_channel * stride,
        tile.pixels,
        tile.channels,
        stride,
        depth_block_,
        scratch.sums.data()});
  StoreTile(part_index, tile, scratch.sums.data());
}

void MatrixKernel::StoreTile(size_t part_index, const Tile& tile, const int64_t* sums) const {
  const MatrixPart& part = parts_[part_index];
  const size_t valid = std::min(tile.channels, part.weights.channels - tile.first_channel);
  const size_t channel = part.first_channel + tile.first_channel;
  for (size_t p = 0; p < tile.pixels; ++p) {
    const size_t start = OutputIndex(part_index, tile.first_pixel + p) + tile.first_channel;
    for (size_t c = 0; c < valid; ++c) {
      const int64_t sum = sums[p * tile.channels + c] + bias_[channel + c];
      output_[start + c] =
          Finish(Rescale(sum, multipliers_[channel + c], profile_), zero_point_, clamp_);
    }
  }
}

}  // namespace plumb::npu::fast
