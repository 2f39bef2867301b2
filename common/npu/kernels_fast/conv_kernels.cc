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

// Reads one input channel range of one place after the other into a column.
class ColumnGatherer {
 public:
  ColumnGatherer(const Source& source, const Geometry& geometry)
      : values_(source.values),
        zero_point_(source.tensor->zero_point),
        geometry_(geometry) {}

  struct Place {
    size_t batch;
    ptrdiff_t y;
    ptrdiff_t x;
  };

  // Appends channels [first, first + count) and returns the end. Places outside the picture hold
  // the zero point, hence zeros.
  int16_t* Append(const Place& at, size_t first_channel, size_t channels, int16_t* column) const {
    const bool inside =
        at.y >= 0 && at.y < geometry_.input_height && at.x >= 0 && at.x < geometry_.input_width;
    if (!inside) {
      std::fill_n(column, channels, int16_t{0});
      return column + channels;
    }
    const auto row = static_cast<ptrdiff_t>(at.batch) * geometry_.input_height + at.y;
    const auto place = static_cast<size_t>(row * geometry_.input_width + at.x);
    const int16_t* source = values_ + place * geometry_.input_channels + first_channel;
    for (size_t c = 0; c < channels; ++c) {
      column[c] = static_cast<int16_t>(source[c] - zero_point_);
    }
    return column + channels;
  }

 private:
  const int16_t* values_;
  int32_t zero_point_;
  Geometry geometry_;
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
        gatherer_(site.inputs[0], geometry_),
        group_inputs_(geometry_.input_channels / static_cast<size_t>(conv.groups)) {
    const auto groups = static_cast<size_t>(conv.groups);
    const size_t group_outputs = geometry_.output_channels / groups;
    const size_t depth = static_cast<size_t>(window_.kernel_height) *
                         static_cast<size_t>(window_.kernel_width) * group_inputs_;
    const auto area = static_cast<size_t>(geometry_.output_height * geometry_.output_width);
    const int8_t* weights = WeightsOf(conv.linear);
    std::vector<MatrixPart> parts;
    for (size_t g = 0; g < groups; ++g) {
      MatrixPart part{
          geometry_.batches * area, g * group_outputs, PackedMatrix(group_outputs, depth)};
      for (size_t c = 0; c < group_outputs; ++c) {
        for (size_t k = 0; k < depth; ++k) {
          part.weights.Set(c, k, weights[(part.first_channel + c) * depth + k]);
        }
      }
      parts.push_back(std::move(part));
    }
    SetParts(std::move(parts));
  }

 protected:
  void FillColumn(size_t part, size_t pixel, int16_t* column) const override {
    const auto width = static_cast<size_t>(geometry_.output_width);
    const auto height = static_cast<size_t>(geometry_.output_height);
    const auto x = static_cast<ptrdiff_t>(pixel % width);
    const auto y = static_cast<ptrdiff_t>(pixel / width % height);
    const size_t batch = pixel / width / height;
    const ptrdiff_t top = y * window_.stride_height - window_.pad_top;
    const ptrdiff_t left = x * window_.stride_width - window_.pad_left;
    for (ptrdiff_t ky = 0; ky < window_.kernel_height; ++ky) {
      for (ptrdiff_t kx = 0; kx < window_.kernel_width; ++kx) {
        column = gatherer_.Append(
            {batch, top + ky * window_.dilation_height, left + kx * window_.dilation_width},
            part * group_inputs_,
            group_inputs_,
            column);
      }
    }
  }

  [[nodiscard]] size_t OutputIndex(size_t part_index, size_t pixel) const override {
    return pixel * geometry_.output_channels + part(part_index).first_channel;
  }

 private:
  Window2d window_;
  Geometry geometry_;
  ColumnGatherer gatherer_;
  size_t group_inputs_;
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
        gatherer_(site.inputs[0], geometry_) {
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
  void FillColumn(size_t part, size_t pixel, int16_t* column) const override {
    const Place place = PlaceOf(part, pixel);
    const Phase& row = RowOf(part);
    const Phase& across = ColumnOf(part);
    for (ptrdiff_t ty = 0; ty < row.taps; ++ty) {
      for (ptrdiff_t tx = 0; tx < across.taps; ++tx) {
        column = gatherer_.Append(
            {place.batch, row.first_step + place.y - ty, across.first_step + place.x - tx},
            0,
            geometry_.input_channels,
            column);
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
                    PackedMatrix(geometry_.output_channels, taps * inputs)};
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
          part.weights.Set(c, tap * inputs + i, weights[source + i]);
        }
      }
    }
    return part;
  }

  Window2d window_;
  Geometry geometry_;
  ColumnGatherer gatherer_;
  std::vector<Phase> rows_;
  std::vector<Phase> columns_;
};

class FullyConnectedKernel final : public MatrixKernel {
 public:
  FullyConnectedKernel(const FullyConnected& full, const KernelSite& site)
      : MatrixKernel(full.linear, full.clamp, site),
        source_(site.inputs[0]),
        channels_(full.linear.bias.size()),
        depth_(full.linear.values.size() / channels_) {
    MatrixPart part{site.output_count() / channels_, 0, PackedMatrix(channels_, depth_)};
    const int8_t* weights = WeightsOf(full.linear);
    for (size_t c = 0; c < channels_; ++c) {
      for (size_t k = 0; k < depth_; ++k) {
        part.weights.Set(c, k, weights[c * depth_ + k]);
      }
    }
    std::vector<MatrixPart> parts;
    parts.push_back(std::move(part));
    SetParts(std::move(parts));
  }

 protected:
  void FillColumn(size_t /*part*/, size_t pixel, int16_t* column) const override {
    const int16_t* row = source_.values + pixel * depth_;
    for (size_t k = 0; k < depth_; ++k) {
      column[k] = static_cast<int16_t>(row[k] - source_.tensor->zero_point);
    }
  }

  [[nodiscard]] size_t OutputIndex(size_t /*part*/, size_t pixel) const override {
    return pixel * channels_;
  }

 private:
  Source source_;
  size_t channels_;
  size_t depth_;
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
