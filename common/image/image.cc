#include "common/image/image.h"

#include <algorithm>
#include <array>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/image/decoders.h"

namespace plumb::image {
namespace {

constexpr std::array<uint8_t, 8> kPngMagic = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<uint8_t, 3> kJpegMagic = {0xff, 0xd8, 0xff};
constexpr std::array<uint8_t, 2> kBmpMagic = {'B', 'M'};

bool StartsWith(std::span<const uint8_t> bytes, std::span<const uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

}  // namespace

std::optional<FileFormat> DetectFormat(std::span<const uint8_t> bytes) {
  if (StartsWith(bytes, kPngMagic)) {
    return FileFormat::kPng;
  }
  if (StartsWith(bytes, kJpegMagic)) {
    return FileFormat::kJpeg;
  }
  if (StartsWith(bytes, kBmpMagic)) {
    return FileFormat::kBmp;
  }
  const bool netpbm = bytes.size() >= 3 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6');
  return netpbm ? std::optional(FileFormat::kNetpbm) : std::nullopt;
}

Result<Image> AllocateImage(uint64_t width, uint64_t height) {
  if (width == 0 || height == 0 || width > kMaxSide || height > kMaxSide ||
      width * height > kMaxPixels) {
    return InvalidArgumentError("the picture claims to be " + std::to_string(width) + "x" +
                                std::to_string(height) + " pixels; 1 to " +
                                std::to_string(kMaxSide) + " a side and at most " +
                                std::to_string(kMaxPixels) + " in all are read");
  }
  Image image;
  image.width = static_cast<uint32_t>(width);
  image.height = static_cast<uint32_t>(height);
  image.rgb.resize(width * height * 3);
  return image;
}

namespace {

Result<Image> DecodeOriented(std::span<const uint8_t> bytes, const DecodeRule& rule) {
  PLUMB_ASSIGN_OR_RETURN(Image image, DecodeJpeg(bytes, rule));
  return rule.orient ? Upright(std::move(image), OrientationOf(bytes)) : std::move(image);
}

}  // namespace

Result<Image> Decode(std::span<const uint8_t> bytes, const DecodeRule& rule) {
  const auto format = DetectFormat(bytes);
  if (!format) {
    return InvalidArgumentError("this is no PNG, JPEG, BMP or binary PPM picture")
        .WithHint("convert it to PNG first");
  }
  switch (*format) {
    case FileFormat::kPng:
      return DecodePng(bytes);
    case FileFormat::kJpeg:
      return DecodeOriented(bytes, rule);
    case FileFormat::kNetpbm:
      return DecodeNetpbm(bytes);
    case FileFormat::kBmp:
      return DecodeBmp(bytes);
  }
  return InternalError("unhandled picture format");
}

Result<Image> Read(const std::filesystem::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ReadFile(path, kMaxFileSize));
  Result<Image> image = Decode(file.span());
  if (!image.ok()) {
    return image.status().Annotate(EscapeForDisplay(path.string()));
  }
  return image;
}

}  // namespace plumb::image
