// The orientation tag of a JPEG's EXIF block (Exif 2.3, section 4.6.2: a TIFF header in an APP1
// segment, tag 0x0112 in the first directory).
#include <array>
#include <optional>
#include <utility>

#include "common/image/image.h"

namespace plumb::image {
namespace {

constexpr uint8_t kApp1 = 0xe1;
constexpr uint8_t kStartOfScan = 0xda;
constexpr std::array<uint8_t, 6> kExif = {'E', 'x', 'i', 'f', 0, 0};
constexpr uint32_t kOrientationTag = 0x0112;
constexpr size_t kEntrySize = 12;

class Tiff {
 public:
  explicit Tiff(std::span<const uint8_t> bytes)
      : bytes_(bytes),
        little_(bytes.size() >= 2 && bytes[0] == 'I' && bytes[1] == 'I') {}

  [[nodiscard]] std::optional<uint32_t> Number(uint64_t at, unsigned size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) {
      return std::nullopt;
    }
    uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (little_ ? i : size - 1 - i);
      value |= uint32_t{bytes_[static_cast<size_t>(at) + i]} << shift;
    }
    return value;
  }

  [[nodiscard]] int Orientation() const {
    const uint64_t directory = Number(4, 4).value_or(0);
    const uint32_t entries = directory == 0 ? 0 : Number(directory, 2).value_or(0);
    for (uint32_t i = 0; i < entries; ++i) {
      const uint64_t entry = directory + 2 + uint64_t{i} * kEntrySize;
      const auto tag = Number(entry, 2);
      if (!tag) {
        break;
      }
      if (*tag == kOrientationTag) {
        const uint32_t value = Number(entry + 8, 2).value_or(1);
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
      }
    }
    return 1;
  }

 private:
  std::span<const uint8_t> bytes_;
  bool little_;
};

// Where pixel (x, y) of the upright picture lies in the stored one.
std::pair<uint32_t, uint32_t> StoredAt(const Image& stored,
                                       int orientation,
                                       uint32_t x,
                                       uint32_t y) {
  const bool turned = orientation >= 5;
  if (turned) {
    std::swap(x, y);
  }
  const bool mirror_x =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  return {mirror_x ? stored.width - 1 - x : x, mirror_y ? stored.height - 1 - y : y};
}

}  // namespace

int OrientationOf(std::span<const uint8_t> bytes) {
  size_t at = 2;
  while (DetectFormat(bytes) == FileFormat::kJpeg && at + 4 <= bytes.size() && bytes[at] == 0xff &&
         bytes[at + 1] != kStartOfScan) {
    const size_t size = size_t{bytes[at + 2]} << 8 | bytes[at + 3];
    if (size < 2 || size > bytes.size() - at - 2) {
      break;
    }
    const std::span<const uint8_t> body = bytes.subspan(at + 4, size - 2);
    if (bytes[at + 1] == kApp1 && body.size() > kExif.size() &&
        std::equal(kExif.begin(), kExif.end(), body.begin())) {
      return Tiff(body.subspan(kExif.size())).Orientation();
    }
    at += 2 + size;
  }
  return 1;
}

Image Upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) {
    return image;
  }
  Image upright;
  upright.width = orientation >= 5 ? image.height : image.width;
  upright.height = orientation >= 5 ? image.width : image.height;
  upright.rgb.reserve(image.rgb.size());
  for (uint32_t y = 0; y < upright.height; ++y) {
    for (uint32_t x = 0; x < upright.width; ++x) {
      const auto [from_x, from_y] = StoredAt(image, orientation, x, y);
      const auto from =
          image.rgb.begin() + static_cast<ptrdiff_t>((size_t{from_y} * image.width + from_x) * 3);
      upright.rgb.insert(upright.rgb.end(), from, from + 3);
    }
  }
  return upright;
}

}  // namespace plumb::image
