#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "common/npu/float/kernels.h"

namespace plumb::npu {
namespace {

using Strides = std::array<int64_t, Shape::kMaxRank>;

Strides ContiguousStrides(const Shape& shape) {
  Strides strides{};
  int64_t step = 1;
  for (size_t axis = shape.rank(); axis-- > 0;) {
    strides.at(axis) = step;
    step *= shape[axis];
  }
  return strides;
}

// Calls visit(offset) for every index of a box in row-major order, offset = start + Σ index ·
// stride.
template <class Visit>
void ForEachOffset(std::span<const int64_t> sizes,
                   const Strides& strides,
                   int64_t start,
                   Visit visit) {
  int64_t count = 1;
  for (const int64_t size : sizes) {
    count *= size;
  }
  std::array<int64_t, Shape::kMaxRank> index{};
  int64_t offset = start;
  for (int64_t i = 0; i < count; ++i) {
    visit(offset);
    for (size_t axis = sizes.size(); axis-- > 0;) {
      offset += strides.at(axis);
      if (++index.at(axis) < sizes[axis]) {
        break;
      }
      offset -= strides.at(axis) * sizes[axis];
      index.at(axis) = 0;
    }
  }
}

void Gather(const FloatCall& call,
            std::span<const int64_t> sizes,
            const Strides& strides,
            int64_t start) {
  float* next = call.output.data();
  const float* source = call.inputs[0].values.data();
  ForEachOffset(sizes, strides, start, [&](int64_t offset) { *next++ = source[offset]; });
}

// Where a resized axis reads: two neighbours and the share of the upper one.
struct Tap {
  int64_t lower, upper;
  float share;
};

// As XNNPACK writes it, which decides the last bit.
float Blend(float from, float to, float share) {
  return from + (to - from) * share;
}

float AxisRatio(int64_t input, int64_t output, bool align_corners) {
  if (align_corners && output > 1) {
    return static_cast<float>(input - 1) / static_cast<float>(output - 1);
  }
  return static_cast<float>(input) / static_cast<float>(output);
}

std::vector<Tap> BilinearTaps(int64_t input, int64_t output, const ResizeAttributes& resize) {
  const float ratio = AxisRatio(input, output, resize.align_corners);
  std::vector<Tap> taps;
  for (int64_t i = 0; i < output; ++i) {
    const auto index = static_cast<float>(i);
    const float place = resize.half_pixel_centers ? (index + 0.5F) * ratio - 0.5F : index * ratio;
    const float inside = std::max(place, 0.0F);
    const int64_t lower = std::min(static_cast<int64_t>(inside), input - 1);
    taps.push_back({lower, std::min(lower + 1, input - 1), inside - static_cast<float>(lower)});
  }
  return taps;
}

std::vector<int64_t> NearestPlaces(int64_t input, int64_t output, const ResizeAttributes& resize) {
  const float ratio = AxisRatio(input, output, resize.align_corners);
  const float shift = resize.half_pixel_centers ? 0.5F : 0.0F;
  std::vector<int64_t> places;
  for (int64_t i = 0; i < output; ++i) {
    const float place = (static_cast<float>(i) + shift) * ratio;
    const float chosen = resize.align_corners ? std::round(place) : std::floor(place);
    places.push_back(std::clamp<int64_t>(static_cast<int64_t>(chosen), 0, input - 1));
  }
  return places;
}

}  // namespace

void CopyFloat(const FloatCall& call) {
  std::copy(call.inputs[0].values.begin(), call.inputs[0].values.end(), call.output.begin());
}

void PadFloat(const FloatCall& call) {
  const Shape& shape = *call.inputs[0].shape;
  const auto& pad = call.attributes<PadAttributes>();
  const Strides strides = ContiguousStrides(*call.output_shape);
  int64_t start = 0;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    start += pad.before[axis] * strides.at(axis);
  }
  std::fill(call.output.begin(), call.output.end(), pad.value);
  const float* next = call.inputs[0].values.data();
  ForEachOffset(shape.dims(), strides, start, [&](int64_t offset) {
    call.output[static_cast<size_t>(offset)] = *next++;
  });
}

void ConcatFloat(const FloatCall& call) {
  const auto axis = static_cast<size_t>(call.attributes<ConcatAttributes>().axis);
  size_t outer = 1;
  for (size_t i = 0; i < axis; ++i) {
    outer *= static_cast<size_t>((*call.output_shape)[i]);
  }
  const size_t pitch = call.output.size() / outer;
  size_t start = 0;
  for (const FloatOperand& input : call.inputs) {
    const size_t width = input.values.size() / outer;
    for (size_t i = 0; i < outer; ++i) {
      std::copy_n(input.values.data() + i * width, width, call.output.data() + i * pitch + start);
    }
    start += width;
  }
}

void TransposeFloat(const FloatCall& call) {
  const Strides strides = ContiguousStrides(*call.inputs[0].shape);
  const auto& permutation = call.attributes<TransposeAttributes>().permutation;
  Strides turned{};
  for (size_t axis = 0; axis < permutation.size(); ++axis) {
    turned.at(axis) = strides.at(static_cast<size_t>(permutation[axis]));
  }
  Gather(call, call.output_shape->dims(), turned, 0);
}

void StridedSliceFloat(const FloatCall& call) {
  Strides strides = ContiguousStrides(*call.inputs[0].shape);
  const auto& slice = call.attributes<StridedSliceAttributes>();
  std::vector<int64_t> sizes(slice.size.begin(), slice.size.end());
  int64_t start = 0;
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    start += slice.begin[axis] * strides.at(axis);
    strides.at(axis) *= slice.stride[axis];
  }
  Gather(call, sizes, strides, start);
}

void DepthToSpaceFloat(const FloatCall& call) {
  const Shape& input = *call.inputs[0].shape;
  const int64_t block = call.attributes<DepthToSpaceAttributes>().block;
  const int64_t channels = (*call.output_shape)[3];
  const Strides in = ContiguousStrides(input);
  const std::array<int64_t, 6> sizes = {input[0], input[1], block, input[2], block, channels};
  const Strides strides = {in[0], in[1], block * channels, in[2], channels, 1};
  Gather(call, sizes, strides, 0);
}

void ResizeBilinearFloat(const FloatCall& call) {
  const Shape& input = *call.inputs[0].shape;
  const Shape& output = *call.output_shape;
  const auto& resize = call.attributes<ResizeAttributes>();
  const std::vector<Tap> rows = BilinearTaps(input[1], output[1], resize);
  const std::vector<Tap> columns = BilinearTaps(input[2], output[2], resize);
  const int64_t channels = input[3];
  float* next = call.output.data();
  for (int64_t batch = 0; batch < input[0]; ++batch) {
    const float* picture = call.inputs[0].values.data() + batch * input[1] * input[2] * channels;
    for (const Tap& row : rows) {
      const float* above = picture + row.lower * input[2] * channels;
      const float* below = picture + row.upper * input[2] * channels;
      for (const Tap& column : columns) {
        const int64_t left = column.lower * channels;
        const int64_t right = column.upper * channels;
        for (int64_t c = 0; c < channels; ++c) {
          const float upper = Blend(above[left + c], above[right + c], column.share);
          const float lower = Blend(below[left + c], below[right + c], column.share);
          *next++ = Blend(upper, lower, row.share);
        }
      }
    }
  }
}

void ResizeNearestFloat(const FloatCall& call) {
  const Shape& input = *call.inputs[0].shape;
  const Shape& output = *call.output_shape;
  const auto& resize = call.attributes<ResizeAttributes>();
  const std::vector<int64_t> rows = NearestPlaces(input[1], output[1], resize);
  const std::vector<int64_t> columns = NearestPlaces(input[2], output[2], resize);
  const int64_t channels = input[3];
  float* next = call.output.data();
  for (int64_t batch = 0; batch < input[0]; ++batch) {
    for (const int64_t row : rows) {
      for (const int64_t column : columns) {
        const int64_t offset = ((batch * input[1] + row) * input[2] + column) * channels;
        next = std::copy_n(call.inputs[0].values.data() + offset, channels, next);
      }
    }
  }
}

}  // namespace plumb::npu
