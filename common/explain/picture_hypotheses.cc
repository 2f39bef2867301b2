// What boards do differently on the way from the picture's file to the input's size.
#include <algorithm>
#include <array>

#include "common/explain/hypothesis.h"
#include "common/preprocess/recipe_text.h"

namespace plumb::explain {
namespace {

using preprocess::Arithmetic;
using preprocess::Centres;
using preprocess::Crop;
using preprocess::Fit;
using preprocess::Kernel;
using preprocess::Place;
using preprocess::Recipe;
using preprocess::ResizeRule;
using preprocess::Rounding;

class List {
 public:
  explicit List(const Recipe& recipe) : recipe_(recipe) {}

  void Add(std::string_view cause,
           std::string_view slot,
           const std::string& what,
           const std::string& advice,
           std::function<void(Recipe&)> change) {
    hypotheses_.push_back({{std::string(cause), "the board " + what, advice},
                           std::string(slot),
                           Stage::kPicture,
                           std::move(change),
                           {},
                           {}});
  }

  [[nodiscard]] const Recipe& recipe() const { return recipe_; }

  std::vector<Hypothesis> Take() { return std::move(hypotheses_); }

 private:
  const Recipe& recipe_;
  std::vector<Hypothesis> hypotheses_;
};

std::string KernelWord(Kernel kernel, Centres centres) {
  std::string word(preprocess::WordOf(kernel));
  if (centres != preprocess::DefaultCentres(kernel)) {
    word += " and " + std::string(preprocess::WordOf(centres)) + " centres";
  }
  return kernel == Kernel::kPillow ? "an antialiased bilinear kernel (Pillow's)" : word;
}

void AddKernels(List& list) {
  constexpr std::array<std::pair<Kernel, Centres>, 9> kKernels = {{
      {Kernel::kBilinear, Centres::kHalfPixel},
      {Kernel::kNearest, Centres::kTopLeft},
      {Kernel::kArea, Centres::kHalfPixel},
      {Kernel::kCubic, Centres::kHalfPixel},
      {Kernel::kBilinear, Centres::kTopLeft},
      {Kernel::kBilinear, Centres::kAlignCorners},
      {Kernel::kNearest, Centres::kHalfPixel},
      {Kernel::kPillow, Centres::kHalfPixel},
      {Kernel::kCubic, Centres::kAlignCorners},
  }};
  const ResizeRule& now = list.recipe().resize;
  for (const auto& [kernel, centres] : kKernels) {
    const bool same = kernel == now.kernel && centres == now.centres;
    if (same || (kernel == Kernel::kPillow && now.arithmetic == Arithmetic::kReal)) {
      continue;
    }
    list.Add("resize_kernel",
             "kernel",
             "resized with " + KernelWord(kernel, centres) + ", the PC with " +
                 KernelWord(now.kernel, now.centres),
             "on the board resize with " + KernelWord(now.kernel, now.centres) +
                 ", or make the PC's with --kernel " + std::string(preprocess::WordOf(kernel)) +
                 " --centres " + std::string(preprocess::WordOf(centres)),
             [kernel = kernel, centres = centres](Recipe& recipe) {
               recipe.resize.kernel = kernel;
               recipe.resize.centres = centres;
             });
  }
}

void AddArithmetic(List& list) {
  const ResizeRule& now = list.recipe().resize;
  constexpr std::array kRoundings = {Rounding::kHalfEven, Rounding::kHalfAway, Rounding::kTruncate};
  const bool real = now.arithmetic == Arithmetic::kReal;
  const bool fractions = !npu::IsPictureFormat(list.recipe().buffer.format);
  for (const Rounding rounding : kRoundings) {
    const std::string word(preprocess::WordOf(rounding));
    if (real && (now.rounding == rounding ||
                 (!now.rounding && !fractions && rounding == Rounding::kHalfEven))) {
      continue;
    }
    list.Add(real ? "rounding" : "resize_dtype",
             real ? "rounding" : "arithmetic",
             real ? "rounds the resized picture with " + word
                  : "resized in float32 and went back to bytes with " + word +
                        ", the PC resized in uint8",
             real ? "round on the board as numpy does (std::nearbyint), or make the PC's with "
                    "--round " +
                        word
                  : "resize a CV_8U picture on the board, or make the PC's with --arithmetic float "
                    "--round " +
                        word,
             [rounding](Recipe& recipe) {
               recipe.resize.arithmetic = Arithmetic::kReal;
               recipe.resize.rounding = rounding;
             });
  }
  if (real) {
    list.Add("resize_dtype",
             "arithmetic",
             "resized in uint8, the PC in float32",
             "convert to float32 before the resize on the board, or make the PC's with "
             "--arithmetic uint8",
             [](Recipe& recipe) { recipe.resize.arithmetic = Arithmetic::kBytes; });
  } else if (fractions) {
    list.Add("resize_dtype",
             "arithmetic",
             "resized in float32 and kept the fractions, the PC resized in uint8",
             "resize a CV_8U picture on the board, or make the PC's with --arithmetic float",
             [](Recipe& recipe) {
               recipe.resize.arithmetic = Arithmetic::kReal;
               recipe.resize.rounding.reset();
             });
  }
}

std::string Side(uint32_t width, uint32_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

void AddCrops(List& list, const PictureSize& size) {
  const Crop& now = list.recipe().crop;
  const std::string mend = "crop on both sides alike";
  if (now.kind != Crop::Kind::kNone) {
    list.Add("crop", "crop", "does not crop, the PC does", mend, [](Recipe& recipe) {
      recipe.crop = {};
    });
  }
  std::vector<Crop> crops = {{Crop::Kind::kCentred, 0, 0, 0, 0}};
  for (const double share : {0.875, 0.9, 0.8, 0.75}) {
    const auto width = static_cast<uint32_t>(size.width * share);
    const auto height = static_cast<uint32_t>(size.height * share);
    crops.push_back({Crop::Kind::kCentred, 0, 0, width, height});
    const uint32_t side = static_cast<uint32_t>(std::min(size.width, size.height) * share);
    crops.push_back({Crop::Kind::kCentred, 0, 0, side, side});
  }
  const preprocess::BufferRule& buffer = list.recipe().buffer;
  crops.push_back({Crop::Kind::kCentred, 0, 0, buffer.width, buffer.height});
  crops.push_back({Crop::Kind::kRectangle, 0, 0, buffer.width, buffer.height});
  const uint32_t side = std::min(size.width, size.height);
  crops.push_back({Crop::Kind::kRectangle, 0, 0, side, side});
  for (const Crop& crop : crops) {
    const bool whole = crop.width == size.width && crop.height == size.height;
    const bool empty =
        crop.kind == Crop::Kind::kRectangle ? crop.width == 0 : crop.width > size.width;
    if (crop == now || whole || empty || crop.height > size.height || crop.width > size.width) {
      continue;
    }
    const std::string part = crop.width == 0 ? "the largest square" : Side(crop.width, crop.height);
    list.Add("crop",
             "crop",
             "takes " + part +
                 (crop.kind == Crop::Kind::kCentred ? " in the middle" : " top left") +
                 " of the picture, the PC another part",
             mend,
             [crop](Recipe& recipe) { recipe.crop = crop; });
  }
}

void AddFits(List& list) {
  const ResizeRule& now = list.recipe().resize;
  constexpr std::array<std::string_view, 3> kWords = {
      "stretches the picture to the input's size",
      "keeps the aspect ratio and fills up (letterbox)",
      "resizes to cover the input and cuts what overhangs"};
  constexpr std::array<std::string_view, 3> kFlags = {"stretch", "letterbox", "cover"};
  for (const Fit fit : {Fit::kStretch, Fit::kLetterbox, Fit::kCover}) {
    if (fit == now.fit) {
      continue;
    }
    const auto index = static_cast<size_t>(fit);
    list.Add(
        fit == Fit::kCover || now.fit == Fit::kCover ? "crop" : "letterbox",
        "fit",
        std::string(kWords.at(index)) + ", the PC " +
            std::string(kWords.at(static_cast<size_t>(now.fit))),
        "fit the picture on both sides alike (PC: --fit " + std::string(kFlags.at(index)) + ")",
        [fit](Recipe& recipe) { recipe.resize.fit = fit; });
  }
  for (const Place place : {Place::kCentre, Place::kTopLeft}) {
    if (place == now.place) {
      continue;
    }
    const bool corner = place == Place::kTopLeft;
    list.Add(
        "pad_side",
        "place",
        corner ? "puts the letterboxed picture top left, the PC in the middle"
               : "puts the letterboxed picture in the middle, the PC top left",
        std::string("fill up on the same sides (PC: --place ") + (corner ? "top-left)" : "centre)"),
        [place](Recipe& recipe) { recipe.resize.place = place; });
  }
  for (const uint8_t value : {uint8_t{0}, uint8_t{114}, uint8_t{127}, uint8_t{128}, uint8_t{255}}) {
    const std::array<uint8_t, 3> fill = {value, value, value};
    if (fill == now.fill) {
      continue;
    }
    list.Add("pad_value",
             "fill",
             "fills up with " + std::to_string(value) + " around the letterboxed picture",
             "fill up with the same value (PC: --pad " + std::to_string(value) + ")",
             [fill](Recipe& recipe) { recipe.resize.fill = fill; });
  }
}

void AddDecoders(List& list, const PictureSize& size) {
  const image::DecodeRule& now = list.recipe().decode;
  if (size.orientation != 1) {
    const bool turned = now.orient;
    list.Add("exif_rotation",
             "exif",
             turned ? "ignores the EXIF orientation, the PC turns the picture"
                    : "turns the picture as its EXIF orientation says, the PC does not",
             turned ? "turn the picture on the board, or make the PC's with --exif ignore"
                    : "read the picture on the board with IMREAD_IGNORE_ORIENTATION, or make the "
                      "PC's with --exif apply",
             [turned](Recipe& recipe) { recipe.decode.orient = !turned; });
  }
  if (!size.jpeg) {
    return;
  }
  constexpr std::array<std::string_view, 4> kWords = {
      "accurate DCT and smooth chroma",
      "the fast DCT (JDCT_IFAST)",
      "plain chroma upsampling",
      "the fast DCT (JDCT_IFAST) and plain chroma upsampling"};
  for (size_t i = 0; i < 4; ++i) {
    const bool fast = (i & 1) != 0;
    const bool plain = (i & 2) != 0;
    if (fast == now.fast_dct && plain == now.plain_upsampling) {
      continue;
    }
    list.Add(
        "jpeg_decoder",
        "decoder",
        "decodes the JPEG with " + std::string(kWords.at(i)),
        "decode with libjpeg-turbo's accurate DCT and fancy upsampling, as OpenCV does, or give "
        "the board a PNG",
        [fast, plain](Recipe& recipe) {
          recipe.decode.fast_dct = fast;
          recipe.decode.plain_upsampling = plain;
        });
  }
}

}  // namespace

std::vector<Hypothesis> PictureHypotheses(const Recipe& recipe, const PictureSize& size) {
  List list(recipe);
  AddDecoders(list, size);
  AddCrops(list, size);
  AddFits(list);
  AddKernels(list);
  AddArithmetic(list);
  return list.Take();
}

}  // namespace plumb::explain
