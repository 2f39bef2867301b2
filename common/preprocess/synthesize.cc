#include "common/preprocess/synthesize.h"

#include <algorithm>
#include <cmath>

#include "common/preprocess/board_input.h"
#include "common/preprocess/buffer.h"

namespace plumb::preprocess {
namespace {

using npu::InputFormat;

struct Window {
  uint64_t x = 0;
  uint64_t y = 0;
  uint64_t width = 0;
  uint64_t height = 0;
};

struct Size {
  uint32_t width = 0;
  uint32_t height = 0;
};

template <class Image>
Image Cut(const Image& source, const Window& window) {
  if (window.width == source.width && window.height == source.height) {
    return source;
  }
  const size_t channels = source.channels;
  Image target{static_cast<uint32_t>(window.width),
               static_cast<uint32_t>(window.height),
               source.channels,
               {}};
  target.data.reserve(window.width * window.height * channels);
  for (uint64_t y = 0; y < window.height; ++y) {
    const auto from = source.data.begin() +
                      static_cast<ptrdiff_t>(((window.y + y) * source.width + window.x) * channels);
    target.data.insert(
        target.data.end(), from, from + static_cast<ptrdiff_t>(window.width * channels));
  }
  return target;
}

Result<Window> WindowOf(const Crop& crop, uint32_t width, uint32_t height) {
  Window window{0, 0, width, height};
  if (crop.kind == Crop::Kind::kRectangle) {
    window = {crop.x, crop.y, crop.width, crop.height};
  } else if (crop.kind == Crop::Kind::kCentred) {
    const uint32_t side = std::min(width, height);
    window.width = crop.width == 0 ? side : crop.width;
    window.height = crop.height == 0 ? side : crop.height;
    window.x = window.width > width ? 0 : (width - window.width) / 2;
    window.y = window.height > height ? 0 : (height - window.height) / 2;
  }
  if (window.width == 0 || window.height == 0 || window.x + window.width > width ||
      window.y + window.height > height) {
    return InvalidArgumentError("a crop of " + std::to_string(window.width) + "x" +
                                std::to_string(window.height) + " at " + std::to_string(window.x) +
                                "," + std::to_string(window.y) + " does not lie in a picture of " +
                                std::to_string(width) + "x" + std::to_string(height))
        .WithHint("write --crop X,Y,WIDTH,HEIGHT within the picture");
  }
  return window;
}

uint32_t ScaledSide(uint32_t side, double scale, uint32_t most) {
  const double scaled = std::nearbyint(side * scale);
  return static_cast<uint32_t>(std::clamp(scaled, 1.0, static_cast<double>(most)));
}

// The size to which the cropped picture is resized before it is filled up or cut.
Size ResizedSize(const Recipe& recipe, uint32_t width, uint32_t height) {
  const BufferRule& buffer = recipe.buffer;
  const double across = static_cast<double>(buffer.width) / width;
  const double down = static_cast<double>(buffer.height) / height;
  if (recipe.resize.fit == Fit::kLetterbox) {
    const double scale = std::min(across, down);
    return {ScaledSide(width, scale, buffer.width), ScaledSide(height, scale, buffer.height)};
  }
  if (recipe.resize.fit == Fit::kCover) {
    const double scale = std::max(across, down);
    return {std::max(ScaledSide(width, scale, image::kMaxSide), buffer.width),
            std::max(ScaledSide(height, scale, image::kMaxSide), buffer.height)};
  }
  return {buffer.width, buffer.height};
}

uint8_t GrayOf(const std::array<uint8_t, 3>& rgb) {
  return ToColorOrder({1, 1, 3, {rgb[0], rgb[1], rgb[2]}}, ColorOrder::kGray)->data.front();
}

template <class Image>
Image Fill(const Image& source, const Recipe& recipe) {
  const uint32_t width = recipe.buffer.width;
  const uint32_t height = recipe.buffer.height;
  if (source.width == width && source.height == height) {
    return source;
  }
  using T = typename decltype(Image::data)::value_type;
  const std::array<uint8_t, 3>& fill = recipe.resize.fill;
  const size_t channels = source.channels;
  Image target{width, height, source.channels, {}};
  target.data.reserve(size_t{width} * height * channels);
  for (size_t i = 0; i < size_t{width} * height * channels; ++i) {
    target.data.push_back(static_cast<T>(channels == 1 ? GrayOf(fill) : fill.at(i % channels)));
  }
  const bool centred = recipe.resize.place == Place::kCentre;
  const size_t left = centred ? (width - source.width) / 2 : 0;
  const size_t top = centred ? (height - source.height) / 2 : 0;
  for (size_t y = 0; y < source.height; ++y) {
    const size_t row = size_t{source.width} * channels;
    std::copy_n(
        source.data.begin() + static_cast<ptrdiff_t>(y * row),
        row,
        target.data.begin() + static_cast<ptrdiff_t>(((top + y) * width + left) * channels));
  }
  return target;
}

template <class Image>
Image ToInputSize(const Image& resized, const Recipe& recipe) {
  if (recipe.resize.fit == Fit::kCover) {
    const BufferRule& buffer = recipe.buffer;
    return Cut(resized,
               {(resized.width - buffer.width) / 2,
                (resized.height - buffer.height) / 2,
                buffer.width,
                buffer.height});
  }
  return Fill(resized, recipe);
}

Pixels RoundedPixels(const RealPixels& reals, Rounding rounding) {
  Pixels pixels{reals.width, reals.height, reals.channels, {}};
  pixels.data.reserve(reals.data.size());
  for (const float value : reals.data) {
    pixels.data.push_back(RoundToByte(static_cast<double>(value), rounding));
  }
  return pixels;
}

Result<Prepared> PrepareReals(const Pixels& cut, const Recipe& recipe, const Size& size) {
  Pixels source = cut;
  if (IsGray(recipe)) {
    PLUMB_ASSIGN_OR_RETURN(source, ToColorOrder(cut, ColorOrder::kGray));
  }
  const RealPixels reals{source.width,
                         source.height,
                         source.channels,
                         std::vector<float>(source.data.begin(), source.data.end())};
  PLUMB_ASSIGN_OR_RETURN(
      const RealPixels resized,
      ResizeReals(reals, size.width, size.height, recipe.resize.kernel, recipe.resize.centres));
  const RealPixels whole = ToInputSize(resized, recipe);
  if (!recipe.resize.rounding && !npu::IsPictureFormat(recipe.buffer.format)) {
    return Prepared{{}, whole};
  }
  return Prepared{RoundedPixels(whole, recipe.resize.rounding.value_or(Rounding::kHalfEven)), {}};
}

template <class Image>
Image Displaced(const Image& source, const Recipe& recipe) {
  Image target = source;
  const size_t channels = source.channels;
  for (size_t y = 0; y < source.height; ++y) {
    for (size_t x = 0; x < source.width; ++x) {
      const auto to =
          target.data.begin() + static_cast<ptrdiff_t>((y * source.width + x) * channels);
      auto from_x = MovedFrom(x, recipe.move.across, source.width, recipe.move.edge);
      auto from_y = MovedFrom(y, recipe.move.down, source.height, recipe.move.edge);
      if (!from_x || !from_y) {
        std::fill_n(to, channels, 0);
        continue;
      }
      from_x = recipe.mirror_x ? source.width - 1 - *from_x : *from_x;
      from_y = recipe.mirror_y ? source.height - 1 - *from_y : *from_y;
      const auto from = source.data.begin() +
                        static_cast<ptrdiff_t>((*from_y * source.width + *from_x) * channels);
      std::copy_n(from, channels, to);
    }
  }
  return target;
}

void SwapColors(std::vector<uint8_t>& data) {
  for (size_t i = 0; i + 2 < data.size(); i += 3) {
    std::swap(data[i], data[i + 2]);
  }
}

Result<std::vector<uint8_t>> EncodeRaw(const Prepared& prepared, const Recipe& recipe) {
  const ColorOrder order = IsGray(recipe) ? ColorOrder::kGray : recipe.order;
  std::vector<float> values =
      prepared.real() ? prepared.reals.data
                      : std::vector<float>(prepared.bytes.data.begin(), prepared.bytes.data.end());
  const bool swap = recipe.swap_colors != (order == ColorOrder::kBgr);
  for (size_t i = 0; swap && order != ColorOrder::kGray && i + 2 < values.size(); i += 3) {
    std::swap(values[i], values[i + 2]);
  }
  for (uint32_t pass = 0; pass < recipe.normalize_passes; ++pass) {
    PLUMB_RETURN_IF_ERROR(NormalizeInPlace(values, order, recipe.normalization));
  }
  return EncodeNumbers(values, ChannelsOf(order), recipe.buffer);
}

Result<Pixels> InFormat(const Pixels& bytes, const Recipe& recipe) {
  Pixels pixels = bytes;
  if (pixels.channels == 1) {
    return pixels;
  }
  if (recipe.swap_colors) {
    SwapColors(pixels.data);
  }
  switch (recipe.buffer.format) {
    case InputFormat::kBgr:
      return ToColorOrder(pixels, ColorOrder::kBgr);
    case InputFormat::kRgba:
      return AddAlpha(pixels, AlphaOrder::kRgba);
    case InputFormat::kBgra:
      return AddAlpha(pixels, AlphaOrder::kBgra);
    default:
      return pixels;
  }
}

}  // namespace

std::optional<size_t> MovedFrom(size_t place, int32_t by, size_t size, Move::Edge edge) {
  const auto length = static_cast<int64_t>(size);
  const int64_t from = static_cast<int64_t>(place) - by;
  if (from >= 0 && from < length) {
    return static_cast<size_t>(from);
  }
  if (edge == Move::Edge::kZero) {
    return std::nullopt;
  }
  return static_cast<size_t>(edge == Move::Edge::kWrap ? (from % length + length) % length
                                                       : std::clamp<int64_t>(from, 0, length - 1));
}

bool IsGray(const Recipe& recipe) {
  const InputFormat format = recipe.buffer.format;
  const bool follows = format == InputFormat::kNv12 || !npu::IsPictureFormat(format);
  return format == InputFormat::kGray || (follows && recipe.order == ColorOrder::kGray);
}

Result<Prepared> Prepare(const image::Image& picture, const Recipe& recipe) {
  const Pixels whole = PixelsOf(picture);
  PLUMB_ASSIGN_OR_RETURN(const Window window, WindowOf(recipe.crop, whole.width, whole.height));
  const Pixels cut = Cut(whole, window);
  const Size size = ResizedSize(recipe, cut.width, cut.height);
  if (recipe.resize.arithmetic == Arithmetic::kReal) {
    return PrepareReals(cut, recipe, size);
  }
  PLUMB_ASSIGN_OR_RETURN(
      const Pixels resized,
      ResizeBytes(cut, size.width, size.height, recipe.resize.kernel, recipe.resize.centres));
  const Pixels ready = ToInputSize(resized, recipe);
  if (!IsGray(recipe)) {
    return Prepared{ready, {}};
  }
  PLUMB_ASSIGN_OR_RETURN(Pixels gray, ToColorOrder(ready, ColorOrder::kGray));
  return Prepared{std::move(gray), {}};
}

Result<std::vector<uint8_t>> Encode(const Prepared& prepared, const Recipe& recipe) {
  if (recipe.mirror_x || recipe.mirror_y || recipe.move != Move{}) {
    Recipe rest = recipe;
    rest.mirror_x = rest.mirror_y = false;
    rest.move = {};
    return Encode(prepared.real() ? Prepared{{}, Displaced(prepared.reals, recipe)}
                                  : Prepared{Displaced(prepared.bytes, recipe), {}},
                  rest);
  }
  if (recipe.buffer.format == InputFormat::kComplex64) {
    return InvalidArgumentError("a picture does not hold the complex numbers of a COMPLEX64 input")
        .WithHint("give an array instead: --array X.npy");
  }
  if (!npu::IsPictureFormat(recipe.buffer.format)) {
    return EncodeRaw(prepared, recipe);
  }
  if (prepared.real()) {
    return InternalError("a format of bytes got real numbers");
  }
  PLUMB_ASSIGN_OR_RETURN(const BufferLayout layout, LayoutOf(recipe.buffer));
  PLUMB_ASSIGN_OR_RETURN(const Pixels pixels, InFormat(prepared.bytes, recipe));
  std::vector<uint8_t> bytes(layout.size, 0);
  if (recipe.buffer.format == InputFormat::kNv12) {
    PLUMB_RETURN_IF_ERROR(
        EncodeNv12(pixels, recipe.buffer.nv12, {layout.pitch, layout.rows}, bytes));
    return bytes;
  }
  if (pixels.data.size() != layout.row_size * layout.valid_rows) {
    return InvalidArgumentError("the picture's pixels do not fit the buffer");
  }
  for (uint64_t y = 0; y < layout.valid_rows; ++y) {
    std::copy_n(pixels.data.begin() + static_cast<ptrdiff_t>(y * layout.row_size),
                layout.row_size,
                bytes.begin() + static_cast<ptrdiff_t>(y * layout.pitch));
  }
  return bytes;
}

Result<std::vector<uint8_t>> Synthesize(const image::Image& picture, const Recipe& recipe) {
  PLUMB_ASSIGN_OR_RETURN(const Prepared prepared, Prepare(picture, recipe));
  return Encode(prepared, recipe);
}

}  // namespace plumb::preprocess
