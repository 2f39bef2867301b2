#include "common/preprocess/resize_taps.h"

#include <algorithm>
#include <cmath>

namespace plumb::preprocess {
namespace {

struct Position {
  int64_t base = 0;
  float fraction = 0;
};

double Place(Centres centres, uint32_t i, uint32_t source, uint32_t target) {
  switch (centres) {
    case Centres::kHalfPixel:
      return (i + 0.5) * ScaleOf(source, target) - 0.5;
    case Centres::kTopLeft:
      return i * ScaleOf(source, target);
    case Centres::kAlignCorners:
      break;
  }
  return target == 1 ? 0.0 : i * (static_cast<double>(source - 1) / (target - 1));
}

Position PositionAt(Centres centres, uint32_t i, uint32_t source, uint32_t target) {
  const auto place = static_cast<float>(Place(centres, i, source, target));
  const auto base = static_cast<int64_t>(std::floor(place));
  return {base, place - static_cast<float>(base)};
}

// Enlarging with INTER_AREA: bilinear, but each source pixel keeps its whole cell.
Position AreaPositionAt(uint32_t i, uint32_t source, uint32_t target) {
  const auto base = static_cast<int64_t>(std::floor(i * ScaleOf(source, target)));
  const double inverse = static_cast<double>(target) / source;
  const auto fraction = static_cast<float>((i + 1) - static_cast<double>(base + 1) * inverse);
  return {base, fraction <= 0 ? 0.0F : fraction - std::floor(fraction)};
}

std::array<float, 4> CubicWeights(float x) {
  constexpr float kA = -0.75F;
  std::array<float, 4> weights{};
  weights[0] = ((kA * (x + 1) - 5 * kA) * (x + 1) + 8 * kA) * (x + 1) - 4 * kA;
  weights[1] = ((kA + 2) * x - (kA + 3)) * x * x + 1;
  weights[2] = ((kA + 2) * (1 - x) - (kA + 3)) * (1 - x) * (1 - x) + 1;
  weights[3] = 1.0F - weights[0] - weights[1] - weights[2];
  return weights;
}

size_t Inside(int64_t place, uint32_t source) {
  return static_cast<size_t>(std::clamp<int64_t>(place, 0, int64_t{source} - 1));
}

Tap LinearTap(Position position, uint32_t source, AxisRole role) {
  const auto last = static_cast<int64_t>(source) - 1;
  if (role == AxisRole::kColumns && (position.base < 0 || position.base >= last)) {
    position = {std::clamp<int64_t>(position.base, 0, last), 0};
  }
  Tap tap;
  tap.at = {Inside(position.base, source), Inside(position.base + 1, source), 0, 0};
  tap.weight = {1.0F - position.fraction, position.fraction, 0, 0};
  return tap;
}

Tap CubicTap(const Position& position, uint32_t source) {
  Tap tap;
  tap.weight = CubicWeights(position.fraction);
  for (int64_t k = 0; k < 4; ++k) {
    tap.at.at(static_cast<size_t>(k)) = Inside(position.base + k - 1, source);
  }
  return tap;
}

Tap NearestTap(Centres centres, uint32_t i, uint32_t source, uint32_t target) {
  // Half-pixel centres round down from the pixel's middle, exactly; the corners to the nearest.
  const double place =
      centres == Centres::kHalfPixel
          ? static_cast<double>((2 * uint64_t{i} + 1) * source / (2 * target))
          : Place(centres, i, source, target) + (centres == Centres::kTopLeft ? 0.0 : 0.5);
  Tap tap;
  tap.at[0] = Inside(static_cast<int64_t>(std::floor(place)), source);
  tap.weight[0] = 1;
  return tap;
}

}  // namespace

double ScaleOf(uint32_t source, uint32_t target) {
  return 1.0 / (static_cast<double>(target) / source);
}

Axis MakeAxis(Kernel kernel, Centres centres, uint32_t source, uint32_t target, AxisRole role) {
  Axis axis;
  axis.count = kernel == Kernel::kNearest ? 1 : (kernel == Kernel::kCubic ? 4 : 2);
  axis.taps.reserve(target);
  for (uint32_t i = 0; i < target; ++i) {
    if (kernel == Kernel::kNearest) {
      axis.taps.push_back(NearestTap(centres, i, source, target));
    } else if (kernel == Kernel::kCubic) {
      axis.taps.push_back(CubicTap(PositionAt(centres, i, source, target), source));
    } else {
      const Position position = kernel == Kernel::kArea ? AreaPositionAt(i, source, target)
                                                        : PositionAt(centres, i, source, target);
      axis.taps.push_back(LinearTap(position, source, role));
    }
  }
  return axis;
}

}  // namespace plumb::preprocess
