#include "common/npu/kernels_fast/matrix_kernel.h"

#include <algorithm>

#include "common/npu/kernels_fast/arithmetic.h"

namespace plumb::npu::fast {
namespace {

// 2^15 · 2^7 · 2 · 128 is 2^30: such a stretch fits in 32 bits whatever its values.
constexpr size_t kStretchPairs = 128;

size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

PackedMatrix::PackedMatrix(size_t channels, size_t taps, size_t depth, size_t lanes)
    : channels_(channels),
      taps_(taps),
      depth_(depth),
      lanes_(lanes),
      values_(blocks() * taps * pairs() * lanes * 2, 0),
      sums_(channels, 0) {}

void PackedMatrix::Set(size_t channel, size_t tap, size_t k, int8_t weight) {
  const size_t pair = ((channel / lanes_) * taps_ + tap) * pairs() + k / 2;
  values_[(pair * lanes_ + channel % lanes_) * 2 + k % 2] = weight;
  sums_[channel] += weight;
}

MatrixKernel::MatrixKernel(const LinearWeights& linear, const Clamp& clamp, const KernelSite& site)
    : vectors_(*site.vectors),
      bias_(linear.bias),
      multipliers_(linear.multipliers),
      clamp_(clamp),
      profile_(site.profile),
      input_zero_point_(site.inputs[0].tensor->zero_point),
      zero_point_(site.output_tensor->zero_point),
      output_(site.output),
      scratch_(site.threads) {
  const size_t per_channel = linear.values.size() / bias_.size();
  const auto limits =
      LimitsOf(linear, *site.inputs[0].tensor, [per_channel](size_t i) { return i / per_channel; });
  narrow_ = MakeRequantizer(multipliers_, limits, clamp, site);
}

void MatrixKernel::SetParts(std::vector<MatrixPart> parts) {
  parts_ = std::move(parts);
  size_t taps = 0;
  size_t row_size = 0;
  size_t channels = 0;
  for (const MatrixPart& part : parts_) {
    const PackedMatrix& weights = part.weights;
    taps = std::max(taps, weights.taps());
    row_size = std::max(row_size, weights.taps() * weights.pairs() * 2);
    channels = std::max(channels, weights.blocks() * vectors_.lanes);
    std::vector<int32_t>& bias =
        part_bias_.emplace_back(weights.blocks() * vectors_.lanes, int32_t{0});
    for (size_t c = 0; narrow_.has_value() && c < weights.channels(); ++c) {
      bias[c] =
          static_cast<int32_t>(bias_[part.first_channel + c] - input_zero_point_ * weights.Sum(c));
    }
  }
  no_bias_.assign(channels, 0);
  for (Scratch& scratch : scratch_) {
    scratch.rows.assign(taps * kMaxTilePixels, nullptr);
    scratch.block_rows.assign(kMaxTilePixels, nullptr);
    scratch.spare.assign(row_size * kMaxTilePixels, 0);
    scratch.sums.assign(channels * kMaxTilePixels, 0);
    scratch.wide_sums.assign(narrow_.has_value() ? 0 : channels * kMaxTilePixels, 0);
    scratch.outputs.assign(kMaxTilePixels, nullptr);
  }
}

size_t MatrixKernel::TilesOf(const MatrixPart& part) const {
  return (part.pixels + vectors_.tile_pixels - 1) / vectors_.tile_pixels;
}

// A tile is one task where there are tiles enough; else its channels are divided as well.
size_t MatrixKernel::BlocksPerTask(const MatrixPart& part, size_t threads) const {
  const size_t blocks = part.weights.blocks();
  return TilesOf(part) >= threads ? blocks : (blocks + threads - 1) / threads;
}

void MatrixKernel::Run(ThreadPool& pool) {
  const size_t tile_pixels = vectors_.tile_pixels;
  for (size_t index = 0; index < parts_.size(); ++index) {
    const MatrixPart& part = parts_[index];
    const size_t all_blocks = part.weights.blocks();
    const size_t step = BlocksPerTask(part, pool.threads());
    const size_t tasks = (all_blocks + step - 1) / step;
    pool.ParallelFor(TilesOf(part) * tasks, [&](size_t thread, size_t begin, size_t end) {
      for (size_t task = begin; task < end; ++task) {
        const size_t first_pixel = task / tasks * tile_pixels;
        const size_t first_block = task % tasks * step;
        RunTile({index,
                 first_pixel,
                 std::min(tile_pixels, part.pixels - first_pixel),
                 first_block,
                 std::min(step, all_blocks - first_block)},
                scratch_[thread]);
      }
    });
  }
}

size_t MatrixKernel::ChannelsOf(const Tile& tile) const {
  return std::min(tile.blocks * vectors_.lanes,
                  parts_[tile.part].weights.channels() - tile.first_channel(vectors_.lanes));
}

void MatrixKernel::RunTile(const Tile& tile, Scratch& scratch) const {
  const MatrixPart& part = parts_[tile.part];
  const size_t pitch = vectors_.tile_pixels;
  const size_t spare = RoundUp(part.weights.depth(), 2) * part.weights.taps();
  const size_t channel = part.first_channel + tile.first_channel(vectors_.lanes);
  for (size_t p = 0; p < tile.pixels; ++p) {
    const size_t pixel = tile.first_pixel + p;
    LocateRows(tile.part, pixel, &scratch.rows[p], pitch, scratch.spare.data() + p * spare);
    scratch.outputs[p] = output_ + OutputIndex(tile.part, pixel) + channel - part.first_channel;
  }
  // The inner loops compute whole tiles.
  for (size_t p = tile.pixels; p < pitch; ++p) {
    for (size_t tap = 0; tap < part.weights.taps(); ++tap) {
      scratch.rows[tap * pitch + p] = scratch.rows[tap * pitch];
    }
  }
  if (!narrow_.has_value()) {
    MultiplyWide(tile, scratch);
    StoreWide(tile, scratch);
    return;
  }
  MultiplyNarrow(tile, scratch);
  vectors_.store({scratch.sums.data(),
                  tile.pixels,
                  ChannelsOf(tile),
                  scratch.outputs.data(),
                  narrow_->From(channel)});
}

void MatrixKernel::MultiplyNarrow(const Tile& tile, Scratch& scratch) const {
  const PackedMatrix& weights = parts_[tile.part].weights;
  vectors_.multiply({scratch.rows.data(),
                     weights.taps(),
                     weights.pairs(),
                     weights.pairs(),
                     weights.taps() * weights.pairs(),
                     weights.At(tile.first_block, 0),
                     part_bias_[tile.part].data() + tile.first_channel(vectors_.lanes),
                     tile.blocks,
                     tile.pixels,
                     scratch.sums.data()});
}

// The same sums in stretches that fit in 32 bits, added in 64.
void MatrixKernel::MultiplyWide(const Tile& tile, Scratch& scratch) const {
  const MatrixPart& part = parts_[tile.part];
  const size_t lanes = vectors_.lanes;
  const size_t first = tile.first_channel(lanes);
  const size_t channels = ChannelsOf(tile);
  for (size_t p = 0; p < tile.pixels; ++p) {
    for (size_t c = 0; c < channels; ++c) {
      scratch.wide_sums[p * channels + c] =
          bias_[part.first_channel + first + c] - input_zero_point_ * part.weights.Sum(first + c);
    }
  }
  for (size_t tap = 0; tap < part.weights.taps(); ++tap) {
    for (size_t pair = 0; pair < part.weights.pairs(); pair += kStretchPairs) {
      AddStretch(tile, tap, pair, scratch);
    }
  }
}

void MatrixKernel::AddStretch(const Tile& tile,
                              size_t tap,
                              size_t first_pair,
                              Scratch& scratch) const {
  const PackedMatrix& weights = parts_[tile.part].weights;
  const size_t lanes = vectors_.lanes;
  const size_t pitch = vectors_.tile_pixels;
  for (size_t p = 0; p < pitch; ++p) {
    scratch.block_rows[p] = scratch.rows[tap * pitch + p] + 2 * first_pair;
  }
  vectors_.multiply({scratch.block_rows.data(),
                     1,
                     std::min(kStretchPairs, weights.pairs() - first_pair),
                     weights.pairs(),
                     weights.taps() * weights.pairs(),
                     weights.At(tile.first_block, tap * weights.pairs() + first_pair),
                     no_bias_.data(),
                     tile.blocks,
                     tile.pixels,
                     scratch.sums.data()});
  const size_t channels = ChannelsOf(tile);
  for (size_t p = 0; p < tile.pixels; ++p) {
    for (size_t c = 0; c < channels; ++c) {
      scratch.wide_sums[p * channels + c] +=
          scratch.sums[(c / lanes * pitch + p) * lanes + c % lanes];
    }
  }
}

void MatrixKernel::StoreWide(const Tile& tile, const Scratch& scratch) const {
  const size_t channels = ChannelsOf(tile);
  const size_t channel = parts_[tile.part].first_channel + tile.first_channel(vectors_.lanes);
  for (size_t p = 0; p < tile.pixels; ++p) {
    for (size_t c = 0; c < channels; ++c) {
      scratch.outputs[p][c] =
          Finish(Rescale(scratch.wide_sums[p * channels + c], multipliers_[channel + c], profile_),
                 zero_point_,
                 clamp_);
    }
  }
}

}  // namespace plumb::npu::fast
