// Pictures from files: PNG, JPEG, BMP and binary PPM/PGM to RGB bytes.
//
// The pixels equal OpenCV's imread(IMREAD_COLOR) with its channels swapped: libjpeg-turbo with the
// accurate DCT and smooth chroma upsampling; PNG without gamma correction, alpha dropped, 16 bits
// cut to the upper 8. EXIF orientation is NOT applied unless asked for (OpenCV does apply it): the
// picture comes as the sensor stored it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::image {

constexpr uint32_t kMaxSide = 16384;
constexpr uint64_t kMaxPixels = uint64_t{1} << 26;
constexpr uint64_t kMaxFileSize = uint64_t{256} << 20;

// Rows from top to bottom without padding, three bytes R, G, B a pixel.
struct Image {
  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<uint8_t> rgb;  // width · height · 3

  friend bool operator==(const Image&, const Image&) = default;
};

enum class FileFormat { kPng, kJpeg, kNetpbm, kBmp };

// How other programs decode; the defaults are OpenCV's, but for the orientation.
struct DecodeRule {
  bool fast_dct = false;          // JPEG: libjpeg's JDCT_IFAST
  bool plain_upsampling = false;  // JPEG: chroma doubled instead of interpolated
  bool orient = false;            // JPEG: turned as the EXIF orientation says

  friend bool operator==(const DecodeRule&, const DecodeRule&) = default;
};

// By the first bytes; empty for anything else.
std::optional<FileFormat> DetectFormat(std::span<const uint8_t> bytes);

// kInvalidArgument for what is no picture, a damaged or truncated one, an unsupported kind (CMYK,
// text PPM), or one above kMaxSide or kMaxPixels; nothing is allocated before the size is checked.
Result<Image> Decode(std::span<const uint8_t> bytes, const DecodeRule& rule = {});

// The EXIF orientation of a JPEG: 1 (as stored) … 8. 1 for other files and for damaged EXIF.
int OrientationOf(std::span<const uint8_t> bytes);
// The picture turned and mirrored so that it stands upright; any orientation but 2 … 8 changes
// nothing.
Image Upright(Image image, int orientation);

// As a PNG file, 8 bits, RGB.
Result<std::vector<uint8_t>> EncodePng(const Image& image);

// Reads and decodes a file of at most kMaxFileSize; errors name it.
Result<Image> Read(const std::filesystem::path& path);

}  // namespace plumb::image
