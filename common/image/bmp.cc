// Windows bitmaps: BITMAPFILEHEADER, then BITMAPINFOHEADER or a later one, palette, rows of a
// multiple of four bytes, the lowest first unless the height is negative.
#include <array>
#include <optional>

#include "common/image/decoders.h"

namespace plumb::image {
namespace {

constexpr size_t kFileHeader = 14;
constexpr uint32_t kSmallestInfo = 40;
constexpr uint32_t kUncompressed = 0;
constexpr uint32_t kBitFields = 3;
constexpr uint32_t kMask565 = 0x07e0;  // green of 5:6:5

Status Damaged(const std::string& why) {
  return InvalidArgumentError("the BMP is damaged: " + why);
}

uint32_t Little(std::span<const uint8_t> bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value |= uint32_t{bytes[at + i]} << (8 * i);
  }
  return value;
}

struct Header {
  uint64_t width = 0;
  uint64_t height = 0;
  bool top_down = false;
  uint32_t bits = 0;
  bool six_green_bits = false;
  uint64_t palette = 0;
  uint32_t colors = 0;
  uint64_t pixels = 0;
  uint64_t pitch = 0;
};

Status CheckKind(const Header& header, uint32_t compression) {
  constexpr std::array<uint32_t, 6> kBits = {1, 4, 8, 16, 24, 32};
  bool known = false;
  for (const uint32_t bits : kBits) {
    known = known || bits == header.bits;
  }
  const bool fields = compression == kBitFields && (header.bits == 16 || header.bits == 32);
  if (!known || (compression != kUncompressed && !fields)) {
    return InvalidArgumentError("a BMP of " + std::to_string(header.bits) +
                                " bits a pixel and compression " + std::to_string(compression) +
                                " is not read")
        .WithHint("convert it to PNG first");
  }
  return OkStatus();
}

Result<Header> ReadHeader(std::span<const uint8_t> bytes) {
  if (bytes.size() < kFileHeader + kSmallestInfo) {
    return Damaged("it ends within its header");
  }
  const uint32_t info = Little(bytes, kFileHeader, 4);
  if (info < kSmallestInfo || info > bytes.size() - kFileHeader) {
    return Damaged("its header has " + std::to_string(info) + " bytes");
  }
  Header header;
  const auto width = static_cast<int32_t>(Little(bytes, 18, 4));
  const auto height = static_cast<int32_t>(Little(bytes, 22, 4));
  header.top_down = height < 0;
  header.width = width < 0 ? 0 : static_cast<uint64_t>(width);
  header.height = static_cast<uint64_t>(height < 0 ? -int64_t{height} : int64_t{height});
  header.bits = Little(bytes, 28, 2);
  const uint32_t compression = Little(bytes, 30, 4);
  PLUMB_RETURN_IF_ERROR(CheckKind(header, compression));
  header.palette = kFileHeader + info;
  const uint32_t stated = Little(bytes, 46, 4);
  const uint32_t most = header.bits <= 8 ? 1U << header.bits : 0;
  header.colors = stated == 0 || stated > most ? most : stated;
  if (compression == kBitFields && header.bits == 16) {
    // The masks follow a small header and are part of a later one: at the same place.
    if (bytes.size() < kFileHeader + kSmallestInfo + 12) {
      return Damaged("it ends within its colour masks");
    }
    header.six_green_bits = Little(bytes, kFileHeader + kSmallestInfo + 4, 4) == kMask565;
  }
  header.pixels = Little(bytes, 10, 4);
  header.pitch = (header.width * header.bits + 31) / 32 * 4;
  return header;
}

using Color = std::array<uint8_t, 3>;

class Row {
 public:
  Row(std::span<const uint8_t> file, const Header& header, uint64_t y)
      : file_(file),
        header_(header),
        row_(file.subspan(static_cast<size_t>(header.pixels + y * header.pitch),
                          static_cast<size_t>(header.pitch))) {}

  [[nodiscard]] Color At(size_t x) const {
    if (header_.bits <= 8) {
      return FromPalette(x);
    }
    if (header_.bits == 16) {
      return FromSixteen(Little(row_, x * 2, 2));
    }
    const size_t at = x * (header_.bits / 8);
    return {row_[at + 2], row_[at + 1], row_[at]};
  }

 private:
  [[nodiscard]] Color FromPalette(size_t x) const {
    const size_t bit = x * header_.bits;
    const unsigned shift = 8 - header_.bits - static_cast<unsigned>(bit % 8);
    const uint32_t index = row_[bit / 8] >> shift & ((1U << header_.bits) - 1);
    if (index >= header_.colors) {
      return {0, 0, 0};
    }
    const size_t at = static_cast<size_t>(header_.palette) + size_t{index} * 4;
    return {file_[at + 2], file_[at + 1], file_[at]};
  }

  // The low bits stay 0, as in OpenCV.
  [[nodiscard]] Color FromSixteen(uint32_t value) const {
    if (header_.six_green_bits) {
      return {static_cast<uint8_t>(value >> 8 & 0xf8),
              static_cast<uint8_t>(value >> 3 & 0xfc),
              static_cast<uint8_t>(value << 3 & 0xf8)};
    }
    return {static_cast<uint8_t>(value >> 7 & 0xf8),
            static_cast<uint8_t>(value >> 2 & 0xf8),
            static_cast<uint8_t>(value << 3 & 0xf8)};
  }

  std::span<const uint8_t> file_;
  const Header& header_;
  std::span<const uint8_t> row_;
};

}  // namespace

Result<Image> DecodeBmp(std::span<const uint8_t> bytes) {
  PLUMB_ASSIGN_OR_RETURN(const Header header, ReadHeader(bytes));
  const uint64_t size =
      header.width > kMaxSide || header.height > kMaxSide ? 0 : header.pitch * header.height;
  if (size != 0 && (header.pixels > bytes.size() || bytes.size() - header.pixels < size)) {
    return Damaged("it ends within its pixels");
  }
  if (header.palette + uint64_t{header.colors} * 4 > bytes.size()) {
    return Damaged("it ends within its palette");
  }
  PLUMB_ASSIGN_OR_RETURN(Image image, AllocateImage(header.width, header.height));
  for (uint64_t y = 0; y < header.height; ++y) {
    const Row row(bytes, header, header.top_down ? y : header.height - 1 - y);
    for (size_t x = 0; x < header.width; ++x) {
      const Color color = row.At(x);
      const size_t at = (static_cast<size_t>(y) * header.width + x) * 3;
      std::copy(color.begin(), color.end(), image.rgb.begin() + static_cast<ptrdiff_t>(at));
    }
  }
  return image;
}

}  // namespace plumb::image
