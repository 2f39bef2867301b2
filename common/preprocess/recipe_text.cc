#include "common/preprocess/recipe_text.h"

#include <array>
#include <vector>

#include "common/base/text.h"

namespace plumb::preprocess {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 2> kExif = {"ignore", "apply"};
constexpr std::array<std::string_view, 2> kDct = {"accurate", "fast"};
constexpr std::array<std::string_view, 2> kUpsampling = {"smooth", "plain"};
constexpr std::array<std::string_view, 5> kKernels = {
    "nearest", "bilinear", "area", "cubic", "pillow"};
constexpr std::array<std::string_view, 3> kCentres = {"half-pixel", "top-left", "align-corners"};
constexpr std::array<std::string_view, 2> kArithmetic = {"uint8", "float"};
constexpr std::array<std::string_view, 4> kRounding = {
    "half-even", "half-away", "half-up", "truncate"};
constexpr std::array<std::string_view, 3> kFit = {"stretch", "letterbox", "cover"};
constexpr std::array<std::string_view, 2> kPlaces = {"centre", "top-left"};
constexpr std::array<std::string_view, 4> kMatrices = {
    "vendor", "bt601-limited", "bt601-full", "bt709-limited"};
constexpr std::array<std::string_view, 4> kChroma = {"mean", "top-left", "left", "top"};

Result<size_t> IndexIn(Words words, std::string_view name, std::string_view value) {
  std::vector<std::string> known;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == value) {
      return i;
    }
    known.emplace_back(words[i]);
  }
  return InvalidArgumentError("--" + std::string(name) + ": there is no '" +
                              EscapeForDisplay(value) + "'")
      .WithHint("write one of " + Join(known, ", "));
}

template <class T>
Status Choose(Words words, std::string_view name, std::string_view value, T& target) {
  PLUMB_ASSIGN_OR_RETURN(const size_t index, IndexIn(words, name, value));
  target = static_cast<T>(index);
  return OkStatus();
}

Result<std::vector<uint32_t>> Numbers(std::string_view text, char separator, uint64_t highest) {
  std::vector<uint32_t> numbers;
  for (const std::string& part : Split(text, separator)) {
    const auto number = ParseUint(Trim(part));
    if (!number || *number > highest) {
      return InvalidArgumentError("'" + EscapeForDisplay(text) +
                                  "' is not made of numbers of 0 to " + std::to_string(highest));
    }
    numbers.push_back(static_cast<uint32_t>(*number));
  }
  return numbers;
}

Status SetCrop(std::string_view value, Crop& crop) {
  constexpr std::string_view kCentre = "centre";
  if (value == "none") {
    crop = {};
    return OkStatus();
  }
  const bool centred = value.substr(0, kCentre.size()) == kCentre;
  const std::string_view rest = centred ? value.substr(kCentre.size()) : value;
  if (centred && rest.empty()) {
    crop = {Crop::Kind::kCentred, 0, 0, 0, 0};
    return OkStatus();
  }
  const auto numbers =
      centred ? Numbers(rest.substr(1), 'x', image::kMaxSide) : Numbers(rest, ',', image::kMaxSide);
  const size_t wanted = centred ? 2 : 4;
  if (!numbers.ok() || numbers->size() != wanted || (centred && rest.front() != ':')) {
    return InvalidArgumentError("--crop: '" + EscapeForDisplay(value) + "' is no crop")
        .WithHint(
            "write --crop X,Y,WIDTH,HEIGHT, --crop centre (the largest square) or "
            "--crop centre:WIDTHxHEIGHT");
  }
  const std::vector<uint32_t>& n = *numbers;
  crop = centred ? Crop{Crop::Kind::kCentred, 0, 0, n[0], n[1]}
                 : Crop{Crop::Kind::kRectangle, n[0], n[1], n[2], n[3]};
  return OkStatus();
}

Status SetFill(std::string_view value, std::array<uint8_t, 3>& fill) {
  const auto numbers = Numbers(value, ':', 255);
  if (!numbers.ok() || (numbers->size() != 1 && numbers->size() != 3)) {
    return InvalidArgumentError("--pad: '" + EscapeForDisplay(value) + "' is no colour")
        .WithHint("write --pad 114 or, as r:g:b, --pad 114:114:114");
  }
  for (size_t i = 0; i < 3; ++i) {
    fill.at(i) = static_cast<uint8_t>((*numbers)[numbers->size() == 1 ? 0 : i]);
  }
  return OkStatus();
}

Status SetAlignment(std::string_view name,
                    std::string_view value,
                    std::optional<uint32_t>& alignment) {
  const auto number = ParseUint(value);
  if (!number || *number == 0 || *number > image::kMaxSide) {
    return InvalidArgumentError("--" + std::string(name) + ": '" + EscapeForDisplay(value) +
                                "' is no alignment")
        .WithHint("write a number from 1, for example --" + std::string(name) + " 16");
  }
  alignment = static_cast<uint32_t>(*number);
  return OkStatus();
}

using Apply = Status (*)(std::string_view name, std::string_view value, Recipe& recipe);

constexpr std::array kSettings = {
    RecipeSetting{"exif", "ignore|apply", "Turn a JPEG as its EXIF orientation says (OpenCV does)"},
    RecipeSetting{"dct", "accurate|fast", "How a JPEG is decoded"},
    RecipeSetting{"upsampling", "smooth|plain", "How a JPEG's chroma is enlarged"},
    RecipeSetting{"crop", "X,Y,W,H|centre[:WxH]", "The part of the picture that is used"},
    RecipeSetting{"kernel", "nearest|bilinear|area|cubic|pillow", "How the picture is resized"},
    RecipeSetting{"centres", "half-pixel|top-left|align-corners", "Where pixels lie when resizing"},
    RecipeSetting{"arithmetic", "uint8|float", "What the resize computes in"},
    RecipeSetting{
        "round", "half-even|half-away|half-up|truncate", "After a resize in float, to bytes"},
    RecipeSetting{"fit", "stretch|letterbox|cover", "What happens to the aspect ratio"},
    RecipeSetting{"place", "centre|top-left", "Where a letterboxed picture lies"},
    RecipeSetting{"pad", "V|R:G:B", "What is around a letterboxed picture"},
    RecipeSetting{"nv12", "vendor|bt601-limited|bt601-full|bt709-limited", "Matrix of YUV_NV12"},
    RecipeSetting{"chroma", "mean|top-left|left|top", "Of which pixels U and V are made"},
    RecipeSetting{"nv12-round", "half-even|half-away|half-up|truncate", "Rounding of YUV_NV12"},
    RecipeSetting{
        "quantise-round", "truncate|half-even|half-away|half-up", "Rounding of RAWDATA_S16_NHWC"},
    RecipeSetting{"width-alignment", "N", "input_width_alignment (S families)"},
    RecipeSetting{"height-alignment", "N", "input_height_alignment (S families)"},
};

constexpr std::array<Apply, kSettings.size()> kApply = {
    [](auto name, auto value, Recipe& r) { return Choose(kExif, name, value, r.decode.orient); },
    [](auto name, auto value, Recipe& r) { return Choose(kDct, name, value, r.decode.fast_dct); },
    [](auto name, auto value, Recipe& r) {
      return Choose(kUpsampling, name, value, r.decode.plain_upsampling);
    },
    [](auto /*name*/, auto value, Recipe& r) { return SetCrop(value, r.crop); },
    [](auto name, auto value, Recipe& r) {
      PLUMB_RETURN_IF_ERROR(Choose(kKernels, name, value, r.resize.kernel));
      r.resize.centres = DefaultCentres(r.resize.kernel);
      return OkStatus();
    },
    [](auto name, auto value, Recipe& r) {
      return Choose(kCentres, name, value, r.resize.centres);
    },
    [](auto name, auto value, Recipe& r) {
      return Choose(kArithmetic, name, value, r.resize.arithmetic);
    },
    [](auto name, auto value, Recipe& r) {
      return Choose(kRounding, name, value, r.resize.rounding.emplace());
    },
    [](auto name, auto value, Recipe& r) { return Choose(kFit, name, value, r.resize.fit); },
    [](auto name, auto value, Recipe& r) { return Choose(kPlaces, name, value, r.resize.place); },
    [](auto /*name*/, auto value, Recipe& r) { return SetFill(value, r.resize.fill); },
    [](auto name, auto value, Recipe& r) {
      return Choose(kMatrices, name, value, r.buffer.nv12.matrix);
    },
    [](auto name, auto value, Recipe& r) {
      return Choose(kChroma, name, value, r.buffer.nv12.chroma);
    },
    [](auto name, auto value, Recipe& r) {
      return Choose(kRounding, name, value, r.buffer.nv12.rounding);
    },
    [](auto name, auto value, Recipe& r) {
      return Choose(kRounding, name, value, r.buffer.quantise);
    },
    [](auto name, auto value, Recipe& r) {
      return SetAlignment(name, value, r.buffer.width_alignment);
    },
    [](auto name, auto value, Recipe& r) {
      return SetAlignment(name, value, r.buffer.height_alignment);
    },
};

}  // namespace

std::span<const RecipeSetting> RecipeSettings() {
  return kSettings;
}

Status ApplySetting(std::string_view name, std::string_view value, Recipe& recipe) {
  for (size_t i = 0; i < kSettings.size(); ++i) {
    if (kSettings.at(i).name == name) {
      return kApply.at(i)(name, value, recipe);
    }
  }
  return InvalidArgumentError("there is no setting '" + EscapeForDisplay(name) + "'");
}

std::string_view WordOf(Kernel kernel) {
  return kKernels.at(static_cast<size_t>(kernel));
}

std::string_view WordOf(Centres centres) {
  return kCentres.at(static_cast<size_t>(centres));
}

std::string_view WordOf(Rounding rounding) {
  return kRounding.at(static_cast<size_t>(rounding));
}

std::string_view WordOf(Nv12Matrix matrix) {
  return kMatrices.at(static_cast<size_t>(matrix));
}

std::string_view WordOf(Nv12Chroma chroma) {
  return kChroma.at(static_cast<size_t>(chroma));
}

}  // namespace plumb::preprocess
