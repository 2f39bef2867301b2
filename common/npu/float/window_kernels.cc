#include <algorithm>
#include <limits>

#include "common/npu/float/broadcast.h"

namespace plumb::npu {
namespace {

// A picture [N, H, W, C] in memory.
struct Picture {
  explicit Picture(const Shape& shape)
      : batches(shape[0]),
        height(shape[1]),
        width(shape[2]),
        channels(shape[3]) {}

  [[nodiscard]] int64_t Offset(int64_t batch, int64_t row, int64_t column) const {
    return ((batch * height + row) * width + column) * channels;
  }

  int64_t batches, height, width, channels;
};

struct Place {
  int64_t batch, row, column;
};

// The part of a window's axis that lies inside the data: taps [first, last).
struct TapRange {
  int64_t first, last;
};

TapRange TapsInside(int64_t start, int64_t kernel, int64_t dilation, int64_t size) {
  const int64_t first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const int64_t last = start >= size ? 0 : (size - start + dilation - 1) / dilation;
  return {std::min(first, kernel), std::min(last, kernel)};
}

// The places of a window that lie inside the picture.
struct TapArea {
  int64_t top, left;
  TapRange rows, columns;
};

TapArea AreaAt(const Picture& input, const WindowAttributes& w, const Place& place) {
  const int64_t top = place.row * w.stride_height - w.pad_top;
  const int64_t left = place.column * w.stride_width - w.pad_left;
  return {top,
          left,
          TapsInside(top, w.kernel_height, w.dilation_height, input.height),
          TapsInside(left, w.kernel_width, w.dilation_width, input.width)};
}

// Calls visit(kernel row, kernel column, offset of the input's channels) for the places of the
// window at `place` that lie inside the picture, rows first.
template <class Visit>
void ForEachTap(const Picture& input, const WindowAttributes& w, const Place& place, Visit visit) {
  const TapArea area = AreaAt(input, w, place);
  for (int64_t i = area.rows.first; i < area.rows.last; ++i) {
    for (int64_t j = area.columns.first; j < area.columns.last; ++j) {
      visit(i,
            j,
            input.Offset(
                place.batch, area.top + i * w.dilation_height, area.left + j * w.dilation_width));
    }
  }
}

// The same, columns first: the order in which XNNPACK adds up a depthwise window, so that sums are
// TFLite's to the last bit.
template <class Visit>
void ForEachTapByColumn(const Picture& input,
                        const WindowAttributes& w,
                        const Place& place,
                        Visit visit) {
  const TapArea area = AreaAt(input, w, place);
  for (int64_t j = area.columns.first; j < area.columns.last; ++j) {
    for (int64_t i = area.rows.first; i < area.rows.last; ++i) {
      visit(i,
            j,
            input.Offset(
                place.batch, area.top + i * w.dilation_height, area.left + j * w.dilation_width));
    }
  }
}

template <class Visit>
void ForEachPlace(const Picture& output, Visit visit) {
  for (int64_t batch = 0; batch < output.batches; ++batch) {
    for (int64_t row = 0; row < output.height; ++row) {
      for (int64_t column = 0; column < output.width; ++column) {
        visit(Place{batch, row, column});
      }
    }
  }
}

void StartWithBias(const FloatCall& call, float* accumulators, int64_t channels) {
  if (call.inputs.size() > 2) {
    std::copy_n(call.inputs[2].values.data(), channels, accumulators);
  } else {
    std::fill_n(accumulators, channels, 0.0F);
  }
}

// accumulators[o] += Σ_k x[k] · weights[k][o], `pitch` apart; four k at a time keep the
// accumulators in registers longer without changing the order of the sums.
void MultiplyRow(const float* __restrict x,
                 int64_t depth,
                 const float* __restrict weights,
                 int64_t pitch,
                 std::span<float> accumulators) {
  float* __restrict sums = accumulators.data();
  const auto count = static_cast<int64_t>(accumulators.size());
  int64_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    const float* __restrict w = weights + k * pitch;
    const float x0 = x[k];
    const float x1 = x[k + 1];
    const float x2 = x[k + 2];
    const float x3 = x[k + 3];
    for (int64_t o = 0; o < count; ++o) {
      sums[o] = (((sums[o] + x0 * w[o]) + x1 * w[pitch + o]) + x2 * w[2 * pitch + o]) +
                x3 * w[3 * pitch + o];
    }
  }
  for (; k < depth; ++k) {
    for (int64_t o = 0; o < count; ++o) {
      sums[o] += x[k] * weights[k * pitch + o];
    }
  }
}

}  // namespace

bool WantsTransposedWeights(OpKind kind) {
  return kind == OpKind::kConv2d || kind == OpKind::kTransposeConv2d ||
         kind == OpKind::kFullyConnected;
}

std::vector<float> TransposeWeights(std::span<const float> weights, size_t rows) {
  std::vector<float> turned(weights.size());
  const size_t columns = weights.size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      turned[column * rows + row] = weights[row * columns + column];
    }
  }
  return turned;
}

void Conv2dFloat(const FloatCall& call) {
  const auto& window = call.attributes<WindowAttributes>();
  const Picture input(*call.inputs[0].shape);
  const Picture output(*call.output_shape);
  const float* data = call.inputs[0].values.data();
  const float* weights = call.inputs[1].values.data();
  const int64_t depth = input.channels / window.groups;
  const int64_t width = output.channels / window.groups;
  ForEachPlace(output, [&](const Place& place) {
    float* sums = call.output.data() + output.Offset(place.batch, place.row, place.column);
    StartWithBias(call, sums, output.channels);
    ForEachTap(input, window, place, [&](int64_t i, int64_t j, int64_t offset) {
      const int64_t tap = (i * window.kernel_width + j) * depth * output.channels;
      for (int64_t group = 0; group < window.groups; ++group) {
        MultiplyRow(data + offset + group * depth,
                    depth,
                    weights + tap + group * width,
                    output.channels,
                    {sums + group * width, static_cast<size_t>(width)});
      }
    });
  });
}

void DepthwiseConv2dFloat(const FloatCall& call) {
  const auto& window = call.attributes<WindowAttributes>();
  const Picture input(*call.inputs[0].shape);
  const Picture output(*call.output_shape);
  const float* data = call.inputs[0].values.data();
  const float* weights = call.inputs[1].values.data();
  const int64_t multiplier = output.channels / input.channels;
  ForEachPlace(output, [&](const Place& place) {
    float* __restrict sums =
        call.output.data() + output.Offset(place.batch, place.row, place.column);
    StartWithBias(call, sums, output.channels);
    ForEachTapByColumn(input, window, place, [&](int64_t i, int64_t j, int64_t offset) {
      const float* __restrict w = weights + (i * window.kernel_width + j) * output.channels;
      const float* __restrict x = data + offset;
      if (multiplier == 1) {
        for (int64_t channel = 0; channel < output.channels; ++channel) {
          sums[channel] += x[channel] * w[channel];
        }
        return;
      }
      for (int64_t channel = 0; channel < output.channels; ++channel) {
        sums[channel] += x[channel / multiplier] * w[channel];
      }
    });
  });
}

void TransposeConv2dFloat(const FloatCall& call) {
  const auto& w = call.attributes<WindowAttributes>();
  const Picture input(*call.inputs[0].shape);
  const Picture output(*call.output_shape);
  ForEachPlace(output, [&](const Place& place) {
    StartWithBias(call,
                  call.output.data() + output.Offset(place.batch, place.row, place.column),
                  output.channels);
  });
  const int64_t tap_size = input.channels * output.channels;
  ForEachPlace(input, [&](const Place& place) {
    const float* x =
        call.inputs[0].values.data() + input.Offset(place.batch, place.row, place.column);
    const int64_t top = place.row * w.stride_height - w.pad_top;
    const int64_t left = place.column * w.stride_width - w.pad_left;
    const TapRange rows = TapsInside(top, w.kernel_height, 1, output.height);
    const TapRange columns = TapsInside(left, w.kernel_width, 1, output.width);
    for (int64_t i = rows.first; i < rows.last; ++i) {
      for (int64_t j = columns.first; j < columns.last; ++j) {
        float* sums = call.output.data() + output.Offset(place.batch, top + i, left + j);
        MultiplyRow(x,
                    input.channels,
                    call.inputs[1].values.data() + (i * w.kernel_width + j) * tap_size,
                    output.channels,
                    {sums, static_cast<size_t>(output.channels)});
      }
    }
  });
}

void FullyConnectedFloat(const FloatCall& call) {
  const int64_t channels = call.output_shape->innermost();
  const int64_t depth =
      static_cast<int64_t>(call.inputs[1].values.size()) / std::max<int64_t>(channels, 1);
  const int64_t rows = static_cast<int64_t>(call.output.size()) / channels;
  for (int64_t row = 0; row < rows; ++row) {
    float* sums = call.output.data() + row * channels;
    StartWithBias(call, sums, channels);
    MultiplyRow(call.inputs[0].values.data() + row * depth,
                depth,
                call.inputs[1].values.data(),
                channels,
                {sums, static_cast<size_t>(channels)});
  }
}

void BatchMatMulFloat(const FloatCall& call) {
  const Shape& left = *call.inputs[0].shape;
  const Shape& right = *call.inputs[1].shape;
  const Shape& output = *call.output_shape;
  const int64_t rows = left[left.rank() - 2];
  const int64_t depth = left.innermost();
  const int64_t columns = right.innermost();
  std::array<Strides, 2> strides = StridesOf<2>(call);
  // One matrix counts as one element of the axes before, under which a row of one place stands.
  std::vector<int64_t> batch(output.dims().begin(), output.dims().end() - 2);
  batch.push_back(1);
  ForEachRow<2>(batch, strides, [&](int64_t matrix, const std::array<int64_t, 2>& from) {
    for (int64_t row = 0; row < rows; ++row) {
      float* sums = call.output.data() + (matrix * rows + row) * columns;
      std::fill_n(sums, columns, 0.0F);
      MultiplyRow(call.inputs[0].values.data() + from[0] + row * depth,
                  depth,
                  call.inputs[1].values.data() + from[1],
                  columns,
                  {sums, static_cast<size_t>(columns)});
    }
  });
}

void MaxPool2dFloat(const FloatCall& call) {
  const auto& window = call.attributes<WindowAttributes>();
  const Picture input(*call.inputs[0].shape);
  const Picture output(*call.output_shape);
  ForEachPlace(output, [&](const Place& place) {
    float* __restrict best =
        call.output.data() + output.Offset(place.batch, place.row, place.column);
    std::fill_n(best, output.channels, -std::numeric_limits<float>::infinity());
    ForEachTap(input, window, place, [&](int64_t, int64_t, int64_t offset) {
      const float* __restrict x = call.inputs[0].values.data() + offset;
      for (int64_t channel = 0; channel < output.channels; ++channel) {
        best[channel] = std::max(best[channel], x[channel]);
      }
    });
  });
}

void AveragePool2dFloat(const FloatCall& call) {
  const auto& window = call.attributes<WindowAttributes>();
  const Picture input(*call.inputs[0].shape);
  const Picture output(*call.output_shape);
  ForEachPlace(output, [&](const Place& place) {
    float* __restrict sums =
        call.output.data() + output.Offset(place.batch, place.row, place.column);
    std::fill_n(sums, output.channels, 0.0F);
    int64_t count = 0;
    ForEachTap(input, window, place, [&](int64_t, int64_t, int64_t offset) {
      const float* __restrict x = call.inputs[0].values.data() + offset;
      for (int64_t channel = 0; channel < output.channels; ++channel) {
        sums[channel] += x[channel];
      }
      ++count;
    });
    for (int64_t channel = 0; channel < output.channels; ++channel) {
      sums[channel] /= static_cast<float>(count);
    }
  });
}

}  // namespace plumb::npu
