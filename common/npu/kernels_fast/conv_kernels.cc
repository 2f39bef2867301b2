#include <algorithm>

#include "common/npu/kernels_fast/matrix_kernel.h"

namespace plumb::npu::fast {
namespace {

struct Geometry {
  ptrdiff_t input_height;
  ptrdiff_t input_width;
  size_t input_channels;
  ptrdiff_t output_height;
  ptrdiff_t output_width;
  size_t output_channels;
  size_t batches;
};

Geometry GeometryOf(const KernelSite& site) {
  const Shape& input = site.inputs[0].tensor->shape;
  const Shape& output = site.output_tensor->shape;
  return {static_cast<ptrdiff_t>(input[1]),
          static_cast<ptrdiff_t>(input[2]),
          static_cast<size_t>(input[3]),
          static_cast<ptrdiff_t>(output[1]),
          static_cast<ptrdiff_t>(output[2]),
          static_cast<size_t>(output[3]),
          static_cast<size_t>(output[0])};
}

// Finds rows of neighbouring places in the input, or makes one up where a part of it is padding.
class RowFinder {
 public:
  RowFinder(const Source& source, const Geometry& geometry)
      : values_(source.values),
        zero_point_(static_cast<int16_t>(source.tensor->zero_point)),
        geometry_(geometry),
        size_(static_cast<size_t>(source.tensor->shape.element_count().value_or(0))) {}

  struct Place {
    size_t batch;
    ptrdiff_t y;
    ptrdiff_t x;
    size_t channel;
  };

  // `columns` places from `at` on, `channels` of each (all of them where there are more columns
  // than one), readable up to an even number of values. `spare` has room for that.
  const int16_t* Find(const Place& at, ptrdiff_t columns, size_t channels, int16_t* spare) const {
    const bool row_inside = at.y >= 0 && at.y < geometry_.input_height;
    const auto row = static_cast<ptrdiff_t>(at.batch) * geometry_.input_height + at.y;
    const int16_t* source = values_;
    if (row_inside && at.x >= 0 && at.x + columns <= geometry_.input_width) {
      const size_t first = OffsetOf(row, at.x) + at.channel;
      const size_t count = static_cast<size_t>(columns) * channels;
      if (first + count + count % 2 <= size_) {
        return values_ + first;
      }
    }
    int16_t* target = spare;
    for (ptrdiff_t x = at.x; x < at.x + columns; ++x) {
      if (row_inside && x >= 0 && x < geometry_.input_width) {
        source = values_ + OffsetOf(row, x) + at.channel;
        target = std::copy_n(source, channels, target);
      } else {
        target = std::fill_n(target, channels, zero_point_);
      }
    }
    return spare;
  }

 private:
  [[nodiscard]] size_t OffsetOf(ptrdiff_t row, ptrdiff_t x) const {
    return static_cast<size_t>(row * geometry_.input_width + x) * geometry_.input_channels;
  }

  const int16_t* values_;
  int16_t zero_point_;
  Geometry geometry_;
  size_t size_;
};

const int8_t* WeightsOf(const LinearWeights& linear) {
  return reinterpret_cast<const int8_t*>(linear.values.data());
}

class ConvKernel final : public MatrixKernel {
 public:
  ConvKernel(const Conv2d& conv, const KernelSite& site)
      : MatrixKernel(conv.linear, conv.clamp, site),
        window_(conv.window),
        geometry_(GeometryOf(site)),
        finder_(site.inputs[0], geometry_),
        group_inputs_(geometry_.input_channels / static_cast<size_t>(conv.groups)),
        // Where they lie in memory one after the other, the columns of a window are one row.
        columns_(conv.groups == 1 && window_.dilation_width == 1 ? window_.kernel_width : 1),
        taps_across_(window_.kernel_width / columns_) {
    const auto groups = static_cast<size_t>(conv.groups);
    const size_t group_outputs = geometry_.output_channels / groups;
    const auto area = static_cast<size_t>(geometry_.output_height * geometry_.output_width);
    std::vector<MatrixPart> parts;
    for (size_t g = 0; g < groups; ++g) {
      parts.push_back({geometry_.batches * area,
                       g * group_outputs,
                       Pack(WeightsOf(conv.linear), g * group_outputs, group_outputs)});
    }
    SetParts(std::move(parts));
  }

 protected:
  void LocateRows(size_t part,
                  size_t pixel,
                  const int16_t** rows,
                  size_t pitch,
                  int16_t* spare) const override {
    const auto width = static_cast<size_t>(geometry_.output_width);
    const auto height = static_cast<size_t>(geometry_.output_height);
    const size_t depth = Depth();
    const ptrdiff_t left =
        static_cast<ptrdiff_t>(pixel % width) * window_.stride_width - window_.pad_left;
    const size_t row = pixel / width;
    RowFinder::Place at{
        row / height,
        static_cast<ptrdiff_t>(row % height) * window_.stride_height - window_.pad_top,
        left,
        part * group_inputs_};
    for (ptrdiff_t ky = 0; ky < window_.kernel_height; ++ky) {
      at.x = left;
      for (ptrdiff_t tap = 0; tap < taps_across_; ++tap) {
        *rows = finder_.Find(at, columns_, group_inputs_, spare);
        rows += pitch;
        spare += depth + depth % 2;
        at.x += window_.dilation_width;
      }
      at.y += window_.dilation_height;
    }
  }

  [[nodiscard]] size_t OutputIndex(size_t part_index, size_t pixel) const override {
    return pixel * geometry_.output_channels + part(part_index).first_channel;
  }

 private:
  [[nodiscard]] size_t Depth() const { return static_cast<size_t>(columns_) * group_inputs_; }

  [[nodiscard]] PackedMatrix Pack(const int8_t* weights, size_t first, size_t count) const {
    const auto taps = static_cast<size_t>(window_.kernel_height * taps_across_);
    const size_t depth = Depth();
    PackedMatrix packed(count, taps, depth, lanes());
    for (size_t c = 0; c < count; ++c) {
      const int8_t* source = weights + (first + c) * taps * depth;
      for (size_t i = 0; i < taps * depth; ++i) {
        packed.Set(c, i / depth, i % depth, source[i]);
      }
    }
    return packed;
  }

  Window2d window_;
  Geometry geometry_;
  RowFinder finder_;
  size_t group_inputs_;
  ptrdiff_t columns_;
  ptrdiff_t taps_across_;
};

// Output lines p with (p + pad) mod stride = phase take kernel lines phase, phase + stride, …:
// each pair of phases is a plain convolution of stride 1.
struct Phase {
  ptrdiff_t first_step;   // (p + pad) / stride of the first such output line
  ptrdiff_t first_place;  // that line
  ptrdiff_t count;
  ptrdiff_t taps;
};

Phase PhaseOf(
    ptrdiff_t phase, ptrdiff_t stride, ptrdiff_t pad, ptrdiff_t kernel, ptrdiff_t output_size) {
  Phase result{};
  result.first_step = phase >= pad ? 0 : (pad - phase + stride - 1) / stride;
  result.first_place = result.first_step * stride + phase - pad;
  result.count = result.first_place >= output_size
                     ? 0
                     : (output_size - result.first_place + stride - 1) / stride;
  result.taps = phase >= kernel ? 0 : (kernel - phase + stride - 1) / stride;
  return result;
}

class TransposeConvKernel final : public MatrixKernel {
 public:
  TransposeConvKernel(const TransposeConv2d& conv, const KernelSite& site)
      : MatrixKernel(conv.linear, conv.clamp, site),
        window_(conv.window),
        geometry_(GeometryOf(site)),
        finder_(site.inputs[0], geometry_) {
    for (ptrdiff_t i = 0; i < window_.stride_height; ++i) {
      rows_.push_back(PhaseOf(i,
                              window_.stride_height,
                              window_.pad_top,
                              window_.kernel_height,
                              geometry_.output_height));
    }
    for (ptrdiff_t i = 0; i < window_.stride_width; ++i) {
      columns_.push_back(PhaseOf(
          i, window_.stride_width, window_.pad_left, window_.kernel_width, geometry_.output_width));
    }
    std::vector<MatrixPart> parts;
    for (size_t i = 0; i < rows_.size() * columns_.size(); ++i) {
      parts.push_back(Pack(WeightsOf(conv.linear), i));
    }
    SetParts(std::move(parts));
  }

 protected:
  void LocateRows(size_t part,
                  size_t pixel,
                  const int16_t** rows,
                  size_t pitch,
                  int16_t* spare) const override {
    const Place place = PlaceOf(part, pixel);
    const Phase& row = RowOf(part);
    const Phase& across = ColumnOf(part);
    const size_t channels = geometry_.input_channels;
    for (ptrdiff_t ty = 0; ty < row.taps; ++ty) {
      for (ptrdiff_t tx = 0; tx < across.taps; ++tx) {
        *rows = finder_.Find(
            {place.batch, row.first_step + place.y - ty, across.first_step + place.x - tx, 0},
            1,
            channels,
            spare);
        rows += pitch;
        spare += channels + channels % 2;
      }
    }
  }

  [[nodiscard]] size_t OutputIndex(size_t part, size_t pixel) const override {
    const Place place = PlaceOf(part, pixel);
    const ptrdiff_t y = RowOf(part).first_place + place.y * window_.stride_height;
    const ptrdiff_t x = ColumnOf(part).first_place + place.x * window_.stride_width;
    const auto row = static_cast<ptrdiff_t>(place.batch) * geometry_.output_height + y;
    return static_cast<size_t>(row * geometry_.output_width + x) * geometry_.output_channels;
  }

 private:
  struct Place {
    size_t batch;
    ptrdiff_t y;  // within the phase
    ptrdiff_t x;
  };

  [[nodiscard]] const Phase& RowOf(size_t part) const { return rows_[part / columns_.size()]; }

  [[nodiscard]] const Phase& ColumnOf(size_t part) const {
    return columns_[part % columns_.size()];
  }

  [[nodiscard]] Place PlaceOf(size_t part, size_t pixel) const {
    const auto width = static_cast<size_t>(ColumnOf(part).count);
    const auto height = static_cast<size_t>(RowOf(part).count);
    return {pixel / width / height,
            static_cast<ptrdiff_t>(pixel / width % height),
            static_cast<ptrdiff_t>(pixel % width)};
  }

  [[nodiscard]] MatrixPart Pack(const int8_t* weights, size_t index) const {
    const Phase& row = RowOf(index);
    const Phase& across = ColumnOf(index);
    const size_t inputs = geometry_.input_channels;
    const auto taps = static_cast<size_t>(row.taps * across.taps);
    MatrixPart part{geometry_.batches * static_cast<size_t>(row.count * across.count),
                    0,
                    PackedMatrix(geometry_.output_channels, taps, inputs, lanes())};
    const auto first_ky = static_cast<ptrdiff_t>(index / columns_.size());
    const auto first_kx = static_cast<ptrdiff_t>(index % columns_.size());
    for (size_t c = 0; c < geometry_.output_channels; ++c) {
      for (size_t tap = 0; tap < taps; ++tap) {
        const auto t = static_cast<ptrdiff_t>(tap);
        const ptrdiff_t ky = first_ky + t / across.taps * window_.stride_height;
        const ptrdiff_t kx = first_kx + t % across.taps * window_.stride_width;
        const auto line = static_cast<ptrdiff_t>(c) * window_.kernel_height + ky;
        const auto source = static_cast<size_t>(line * window_.kernel_width + kx) * inputs;
        for (size_t i = 0; i < inputs; ++i) {
          part.weights.Set(c, tap, i, weights[source + i]);
        }
      }
    }
    return part;
  }

  Window2d window_;
  Geometry geometry_;
  RowFinder finder_;
  std::vector<Phase> rows_;
  std::vector<Phase> columns_;
};

class FullyConnectedKernel final : public MatrixKernel {
 public:
  FullyConnectedKernel(const FullyConnected& full, const KernelSite& site)
      : MatrixKernel(full.linear, full.clamp, site),
        values_(site.inputs[0].values),
        channels_(full.linear.bias.size()),
        depth_(full.linear.values.size() / channels_),
        rows_(site.output_count() / channels_) {
    MatrixPart part{rows_, 0, PackedMatrix(channels_, 1, depth_, lanes())};
    const int8_t* weights = WeightsOf(full.linear);
    for (size_t c = 0; c < channels_; ++c) {
      for (size_t k = 0; k < depth_; ++k) {
        part.weights.Set(c, 0, k, weights[c * depth_ + k]);
      }
    }
    std::vector<MatrixPart> parts;
    parts.push_back(std::move(part));
    SetParts(std::move(parts));
  }

 protected:
  void LocateRows(size_t /*part*/,
                  size_t pixel,
                  const int16_t** rows,
                  size_t /*pitch*/,
                  int16_t* spare) const override {
    *rows = values_ + pixel * depth_;
    // Only behind the last row is nothing that could be read.
    if (depth_ % 2 != 0 && pixel + 1 == rows_) {
      std::copy_n(*rows, depth_, spare);
      *rows = spare;
    }
  }

  [[nodiscard]] size_t OutputIndex(size_t /*part*/, size_t pixel) const override {
    return pixel * channels_;
  }

 private:
  const int16_t* values_;
  size_t channels_;
  size_t depth_;
  size_t rows_;
};

}  // namespace

std::unique_ptr<Kernel> MakeKernel(const Conv2d& conv, const KernelSite& site) {
  return std::make_unique<ConvKernel>(conv, site);
}

std::unique_ptr<Kernel> MakeKernel(const TransposeConv2d& conv, const KernelSite& site) {
  return std::make_unique<TransposeConvKernel>(conv, site);
}

std::unique_ptr<Kernel> MakeKernel(const FullyConnected& full, const KernelSite& site) {
  return std::make_unique<FullyConnectedKernel>(full, site);
}

}  // namespace plumb::npu::fast
