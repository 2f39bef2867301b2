#include "common/explain/crop_search.h"

#include <algorithm>
#include <array>

namespace plumb::explain {
namespace {

using preprocess::Crop;

// Left, top, right, bottom; the last two exclusive.
using Edges = std::array<int64_t, 4>;

Edges EdgesOf(const PictureSize& size, const Crop& crop) {
  const int64_t width = size.width;
  const int64_t height = size.height;
  if (crop.kind == Crop::Kind::kRectangle) {
    return {crop.x, crop.y, int64_t{crop.x} + crop.width, int64_t{crop.y} + crop.height};
  }
  if (crop.kind == Crop::Kind::kCentred) {
    const int64_t side = std::min(width, height);
    const int64_t w = crop.width == 0 ? side : crop.width;
    const int64_t h = crop.height == 0 ? side : crop.height;
    const int64_t x = std::max<int64_t>((width - w) / 2, 0);
    const int64_t y = std::max<int64_t>((height - h) / 2, 0);
    return {x, y, x + w, y + h};
  }
  return {0, 0, width, height};
}

bool Inside(const Edges& edges, const PictureSize& size) {
  return edges[0] >= 0 && edges[1] >= 0 && edges[2] <= size.width && edges[3] <= size.height &&
         edges[2] - edges[0] >= 4 && edges[3] - edges[1] >= 4;
}

Crop CropOf(const Edges& edges) {
  return {Crop::Kind::kRectangle,
          static_cast<uint32_t>(edges[0]),
          static_cast<uint32_t>(edges[1]),
          static_cast<uint32_t>(edges[2] - edges[0]),
          static_cast<uint32_t>(edges[3] - edges[1])};
}

// Each edge, opposite edges together, and all towards the middle.
constexpr std::array<std::array<int, 4>, 9> kMoves = {{{1, 0, 0, 0},
                                                       {0, 1, 0, 0},
                                                       {0, 0, 1, 0},
                                                       {0, 0, 0, 1},
                                                       {1, 0, 1, 0},
                                                       {0, 1, 0, 1},
                                                       {1, 0, -1, 0},
                                                       {0, 1, 0, -1},
                                                       {1, 1, -1, -1}}};

}  // namespace

Crop FindCrop(const PictureSize& size, const Crop& now, const CropCost& cost) {
  Edges best = EdgesOf(size, now);
  if (!Inside(best, size)) {
    return now;
  }
  double least = cost(CropOf(best));
  for (const int step : {16, 8, 4, 2, 1}) {
    for (bool moved = true; moved;) {
      moved = false;
      for (const auto& move : kMoves) {
        for (const int sign : {1, -1}) {
          Edges edges = best;
          for (size_t i = 0; i < 4; ++i) {
            edges.at(i) += int64_t{sign} * step * move.at(i);
          }
          const double there = Inside(edges, size) ? cost(CropOf(edges)) : least;
          if (there < least) {
            least = there;
            best = edges;
            moved = true;
          }
        }
      }
    }
  }
  return CropOf(best);
}

Hypothesis CropHypothesis(const Crop& crop) {
  Hypothesis hypothesis;
  hypothesis.cause = {"crop",
                      "the board takes " + std::to_string(crop.width) + "x" +
                          std::to_string(crop.height) + " at " + std::to_string(crop.x) + "," +
                          std::to_string(crop.y) + " of the picture, the PC another part",
                      "crop on both sides alike (PC: --crop " + std::to_string(crop.x) + "," +
                          std::to_string(crop.y) + "," + std::to_string(crop.width) + "," +
                          std::to_string(crop.height) + ")"};
  hypothesis.slot = "crop";
  hypothesis.stage = Stage::kPicture;
  hypothesis.change = [crop](preprocess::Recipe& recipe) { recipe.crop = crop; };
  return hypothesis;
}

}  // namespace plumb::explain
