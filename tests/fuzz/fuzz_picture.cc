// The way of a picture: PNG, JPEG, BMP or netpbm bytes and EXIF, crop, resize, colour, normalise,
// align, in ways that the input's size picks.
#include "common/image/decoders.h"
#include "common/image/image.h"
#include "common/preprocess/board_input.h"
#include "common/preprocess/buffer.h"
#include "common/preprocess/color.h"
#include "common/preprocess/pipeline.h"
#include "common/preprocess/synthesize.h"
#include "tests/fuzz/fuzz.h"

namespace plumb {
namespace {

constexpr uint64_t kMaxWork = uint64_t{1} << 20;  // pixels: larger ones are decoders' work alone

// Which the first bytes say how large, so that a small file does not decode for seconds.
bool TooLarge(std::span<const uint8_t> bytes) {
  const auto format = image::DetectFormat(bytes);
  if (format == image::FileFormat::kPng && bytes.size() >= 24) {
    const auto word = [&](size_t at) {
      return uint64_t{bytes[at]} << 24 | uint64_t{bytes[at + 1]} << 16 |
             uint64_t{bytes[at + 2]} << 8 | bytes[at + 3];
    };
    const uint64_t pixels = word(16) * word(20);
    return pixels > kMaxWork && pixels <= image::kMaxPixels;
  }
  if (format == image::FileFormat::kBmp && bytes.size() >= 26) {
    const auto side = [&](size_t at) { return uint64_t{bytes[at]} | uint64_t{bytes[at + 1]} << 8; };
    return side(18) * side(22) > kMaxWork;
  }
  return false;
}

void TryPreprocessing(image::Image picture, preprocess::ColorOrder order) {
  const preprocess::Pixels pixels = preprocess::PixelsOf(std::move(picture));
  const auto ready = preprocess::MakePicturePipeline(17, 9, order).Run(pixels);
  FUZZ_REQUIRE(ready.ok());
  FUZZ_REQUIRE(ready->data.size() == size_t{17} * 9 * preprocess::ChannelsOf(order));
  const auto values = preprocess::Normalize(*ready, order, {});
  FUZZ_REQUIRE(values.ok() && values->size() == ready->data.size());
  for (const Family family : {Family::k1x, Family::kS3}) {
    const auto gray = preprocess::AlignPicture(*ready, preprocess::GrayAlignment(family));
    FUZZ_REQUIRE(!gray.ok() || gray->size() >= ready->data.size());
    const auto quantized = preprocess::QuantizeS16(*values, 0.01F, family);
    FUZZ_REQUIRE(quantized.ok());
    FUZZ_REQUIRE(preprocess::AlignS16(*quantized, 17 * preprocess::ChannelsOf(order), family).ok());
  }
  if (ready->channels == 3) {
    const auto alpha = preprocess::AddAlpha(*ready, preprocess::AlphaOrder::kBgra);
    FUZZ_REQUIRE(alpha.ok() && alpha->data.size() == size_t{17} * 9 * 4);
  }
}

preprocess::Recipe RecipeOf(size_t pick) {
  preprocess::Recipe recipe;
  const auto next = [&pick](size_t choices) {
    const size_t choice = pick % choices;
    pick /= choices;
    return choice;
  };
  recipe.buffer.format = static_cast<npu::InputFormat>(next(8));
  recipe.resize.kernel = static_cast<preprocess::Kernel>(next(5));
  recipe.resize.centres = preprocess::DefaultCentres(recipe.resize.kernel);
  recipe.resize.arithmetic = static_cast<preprocess::Arithmetic>(next(2));
  recipe.resize.fit = static_cast<preprocess::Fit>(next(3));
  recipe.order = static_cast<preprocess::ColorOrder>(next(3));
  recipe.crop.kind =
      next(2) == 0 ? preprocess::Crop::Kind::kNone : preprocess::Crop::Kind::kCentred;
  recipe.buffer.family = next(2) == 0 ? Family::k1x : Family::kS6;
  recipe.buffer.width = 19;
  recipe.buffer.height = 6;
  recipe.buffer.scale = 0.01F;
  return recipe;
}

void TrySynthesis(const image::Image& picture, size_t pick) {
  const preprocess::Recipe recipe = RecipeOf(pick);
  const auto bytes = preprocess::Synthesize(picture, recipe);
  if (!bytes.ok()) {
    FUZZ_REQUIRE(!bytes.status().message().empty());
    return;
  }
  if (npu::IsPictureFormat(recipe.buffer.format)) {
    FUZZ_REQUIRE(bytes->size() == preprocess::LayoutOf(recipe.buffer)->size);
  }
}

}  // namespace
}  // namespace plumb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  if (TooLarge({data, size})) {
    return 0;
  }
  auto picture = image::Decode({data, size});
  if (!picture.ok()) {
    FUZZ_REQUIRE(!picture.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(picture->width > 0 && picture->height > 0);
  FUZZ_REQUIRE(picture->rgb.size() == uint64_t{picture->width} * picture->height * 3);
  if (uint64_t{picture->width} * picture->height <= kMaxWork) {
    const image::Image upright = image::Upright(*picture, image::OrientationOf({data, size}));
    FUZZ_REQUIRE(upright.rgb.size() == picture->rgb.size());
    TrySynthesis(upright, size * 2654435761U >> 3);
    TryPreprocessing(*std::move(picture), static_cast<preprocess::ColorOrder>(size % 3));
  }
  return 0;
}
