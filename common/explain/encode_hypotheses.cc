// What boards do differently from pixels to the buffer.
#include <array>
#include <cmath>

#include "common/base/text.h"
#include "common/explain/hypothesis.h"
#include "common/preprocess/recipe_text.h"
#include "common/preprocess/synthesize.h"

namespace plumb::explain {
namespace {

using npu::InputFormat;
using preprocess::Normalization;
using preprocess::Nv12Chroma;
using preprocess::Nv12Matrix;
using preprocess::Recipe;
using preprocess::Rounding;

using List = std::vector<Hypothesis>;

void Add(List& list,
         std::string_view cause,
         std::string_view slot,
         const std::string& what,
         const std::string& advice,
         std::function<void(Recipe&)> change) {
  list.push_back({{std::string(cause), "the board " + what, advice},
                  std::string(slot),
                  Stage::kEncode,
                  std::move(change),
                  {},
                  {}});
}

void AddColors(const Recipe& recipe, List& list) {
  if (preprocess::IsGray(recipe)) {
    return;
  }
  Add(list,
      "channel_order",
      "colors",
      "has red and blue exchanged",
      "mind that cv::imread gives BGR: exchange the channels on the board, or correct "
      "training_input_formats and input_formats",
      [](Recipe& r) { r.swap_colors = !r.swap_colors; });
}

void AddMirrors(List& list) {
  constexpr std::array<std::string_view, 3> kWords = {
      "mirrored left to right", "upside down (mirrored top to bottom)", "turned by 180 degrees"};
  for (size_t kind = 0; kind < 3; ++kind) {
    Add(list,
        "mirrored",
        "mirror",
        "has the picture " + std::string(kWords.at(kind)),
        "mind the sensor's mirror and flip setting, or the order of rows",
        [kind](Recipe& r) {
          r.mirror_x = r.mirror_x != (kind != 1);
          r.mirror_y = r.mirror_y != (kind != 0);
        });
  }
}

void AddNv12(const Recipe& recipe, List& list) {
  const preprocess::Nv12Rule& now = recipe.buffer.nv12;
  if (recipe.buffer.format != InputFormat::kNv12 || preprocess::IsGray(recipe)) {
    return;
  }
  const auto limited = [](Nv12Matrix matrix) {
    return matrix == Nv12Matrix::kBt601Limited || matrix == Nv12Matrix::kBt709Limited;
  };
  for (const Nv12Matrix matrix : {Nv12Matrix::kVendor,
                                  Nv12Matrix::kBt601Limited,
                                  Nv12Matrix::kBt601Full,
                                  Nv12Matrix::kBt709Limited}) {
    if (matrix == now.matrix) {
      continue;
    }
    const std::string word(preprocess::WordOf(matrix));
    Add(list,
        limited(matrix) != limited(now.matrix) ? "nv12_range" : "nv12_matrix",
        "matrix",
        "makes YUV_NV12 with " + word + ", the PC with " +
            std::string(preprocess::WordOf(now.matrix)),
        "set the camera's or converter's matrix and range to the PC's; to try the board's on the "
        "PC: --nv12 " +
            word,
        [matrix](Recipe& r) { r.buffer.nv12.matrix = matrix; });
  }
  for (const Nv12Chroma chroma :
       {Nv12Chroma::kMean, Nv12Chroma::kTopLeft, Nv12Chroma::kLeft, Nv12Chroma::kTop}) {
    if (chroma == now.chroma) {
      continue;
    }
    const std::string word(preprocess::WordOf(chroma));
    Add(list,
        "nv12_chroma",
        "chroma",
        "makes U and V of the pixels '" + word + "' of each 2 x 2, the PC of '" +
            std::string(preprocess::WordOf(now.chroma)) + "'",
        "average the four pixels on the board; to try the board's on the PC: --chroma " + word,
        [chroma](Recipe& r) { r.buffer.nv12.chroma = chroma; });
  }
  Add(list,
      "nv12_chroma",
      "uv",
      "writes V before U (NV21)",
      "exchange U and V on the board",
      [](Recipe& r) { r.buffer.nv12.v_first = !r.buffer.nv12.v_first; });
  for (const Rounding rounding : {Rounding::kHalfEven, Rounding::kHalfUp, Rounding::kTruncate}) {
    if (rounding != now.rounding) {
      const std::string word(preprocess::WordOf(rounding));
      Add(list,
          "rounding",
          "nv12-round",
          "rounds YUV_NV12 with " + word,
          "round as the PC does; to try the board's on the PC: --nv12-round " + word,
          [rounding](Recipe& r) { r.buffer.nv12.rounding = rounding; });
    }
  }
}

std::string Shown(const dump::PerColor& colors) {
  return ShortestDouble(colors[0]) + ":" + ShortestDouble(colors[1]) + ":" +
         ShortestDouble(colors[2]);
}

void AddNormalization(const Recipe& recipe,
                      List& list,
                      Normalization other,
                      const std::string& why) {
  if (other == recipe.normalization) {
    return;
  }
  Add(list,
      "normalisation",
      "normalise",
      "normalises with mean " + Shown(other.mean) + " and std " + Shown(other.std_dev) + why +
          ", the PC with " + Shown(recipe.normalization.mean) + " and " +
          Shown(recipe.normalization.std_dev),
      "use one mean and std in input_config.ini, in the script and on the board",
      [other](Recipe& r) { r.normalization = other; });
}

dump::PerColor Same(double value) {
  return {value, value, value};
}

void AddNormalizations(const Recipe& recipe, List& list) {
  const Normalization& now = recipe.normalization;
  Add(list,
      "normalisation",
      "normalise",
      "does not normalise",
      "normalise on the board too",
      [](Recipe& r) { r.normalize_passes = 0; });
  Add(list,
      "normalisation",
      "normalise",
      "normalises twice",
      "normalise once: the script must do so only where norm is True",
      [](Recipe& r) { r.normalize_passes = 2; });
  AddNormalization(
      recipe,
      list,
      {{now.mean[2], now.mean[1], now.mean[0]}, {now.std_dev[2], now.std_dev[1], now.std_dev[0]}},
      " (red and blue exchanged)");
  AddNormalization(recipe, list, {now.mean, Same(1)}, " (the division is missing)");
  AddNormalization(recipe, list, {Same(0), now.std_dev}, " (the mean is missing)");
  AddNormalization(recipe, list, {Same(0), Same(255)}, "");
  AddNormalization(recipe, list, {Same(127.5), Same(127.5)}, "");
  AddNormalization(recipe, list, {Same(127.5), Same(128)}, "");
  AddNormalization(recipe, list, {Same(128), Same(128)}, "");
  AddNormalization(
      recipe, list, {{123.675, 116.28, 103.53}, {58.395, 57.12, 57.375}}, " (ImageNet's)");
  AddNormalization(recipe,
                   list,
                   {{now.mean[0] / 255, now.mean[1] / 255, now.mean[2] / 255},
                    {now.std_dev[0] / 255, now.std_dev[1] / 255, now.std_dev[2] / 255}},
                   " (meant for pixels of 0 to 1)");
}

void AddQuantisation(const Recipe& recipe, List& list) {
  const preprocess::BufferRule& now = recipe.buffer;
  if (now.format != InputFormat::kRawS16Nhwc) {
    return;
  }
  for (const Rounding rounding : {Rounding::kTruncate, Rounding::kHalfEven, Rounding::kHalfAway}) {
    if (rounding != now.quantise) {
      const std::string word(preprocess::WordOf(rounding));
      Add(list,
          "rounding",
          "quantise",
          "rounds x / scale with " + word + ", the PC with " +
              std::string(preprocess::WordOf(now.quantise)),
          now.quantise == Rounding::kTruncate
              ? "cut towards zero on the board: (int16_t)(x / scale) after the clip"
              : "round as the PC does",
          [rounding](Recipe& r) { r.buffer.quantise = rounding; });
    }
  }
  for (const float factor : {2.0F, 0.5F, 128.0F, 1.0F / 128.0F}) {
    const float scale = now.scale * factor;
    if (scale == 1) {
      continue;
    }
    Add(list,
        "scaled",
        "scale",
        "quantises with the scale " + ShortestDouble(static_cast<double>(scale)) +
            ", the PC with " + ShortestDouble(static_cast<double>(now.scale)),
        "take the scale from the input's descriptor (fScalar)",
        [scale](Recipe& r) { r.buffer.scale = scale; });
  }
  Add(list,
      "not_quantised",
      "scale",
      "casts the numbers to int16 without dividing by the scale",
      "divide by the input's scale (fScalar) on the board",
      [](Recipe& r) { r.buffer.scale = 1; });
  for (const int32_t zero : {128, -128}) {
    Add(list,
        "zero_point_128",
        "zero",
        "adds a zero point of " + std::to_string(zero) + " when quantising",
        "the input takes x / scale alone: leave the zero point out",
        [zero](Recipe& r) { r.buffer.zero_point += zero; });
  }
}

}  // namespace

std::vector<Hypothesis> EncodeHypotheses(const Recipe& recipe) {
  List list;
  AddColors(recipe, list);
  AddMirrors(list);
  AddNv12(recipe, list);
  if (!npu::IsPictureFormat(recipe.buffer.format)) {
    AddNormalizations(recipe, list);
    AddQuantisation(recipe, list);
  }
  return list;
}

}  // namespace plumb::explain
