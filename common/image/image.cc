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

Result<Image> Decode(std::span<const uint8_t> bytes) {
  const auto format = DetectFormat(bytes);
  if (!format) {
    return InvalidArgumentError("this is no PNG, JPEG or binary PPM picture")
        .WithHint("convert it to PNG first");
  }
  switch (*format) {
    case FileFormat::kPng:
      return DecodePng(bytes);
    case FileFormat::kJpeg:
      return DecodeJpeg(bytes);
    case FileFormat::kNetpbm:
      return DecodeNetpbm(bytes);
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
