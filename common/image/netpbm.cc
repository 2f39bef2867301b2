#include <algorithm>
#include <optional>

#include "common/image/decoders.h"

namespace plumb::image {
namespace {

constexpr uint64_t kMaxNumber = 1'000'000;

bool IsSpace(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

// Reads the numbers of the header: separated by white space, '#' comments up to the line's end.
class HeaderReader {
 public:
  explicit HeaderReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  std::optional<uint64_t> Number() {
    SkipSpace();
    uint64_t value = 0;
    const size_t start = offset_;
    while (offset_ < bytes_.size() && bytes_[offset_] >= '0' && bytes_[offset_] <= '9') {
      value = value * 10 + (bytes_[offset_] - '0');
      ++offset_;
      if (value > kMaxNumber) {
        return std::nullopt;
      }
    }
    return offset_ == start ? std::nullopt : std::optional(value);
  }

  // The pixels start behind one white space after the last number.
  std::optional<std::span<const uint8_t>> Pixels() {
    if (offset_ >= bytes_.size() || !IsSpace(bytes_[offset_])) {
      return std::nullopt;
    }
    return bytes_.subspan(offset_ + 1);
  }

 private:
  void SkipSpace() {
    while (offset_ < bytes_.size()) {
      if (bytes_[offset_] == '#') {
        const auto rest = bytes_.subspan(offset_);
        offset_ += static_cast<size_t>(std::find(rest.begin(), rest.end(), '\n') - rest.begin());
      } else if (IsSpace(bytes_[offset_])) {
        ++offset_;
      } else {
        return;
      }
    }
  }

  std::span<const uint8_t> bytes_;
  size_t offset_ = 2;  // behind "P5" or "P6"
};

}  // namespace

Result<Image> DecodeNetpbm(std::span<const uint8_t> bytes) {
  HeaderReader reader(bytes);
  const auto width = reader.Number();
  const auto height = reader.Number();
  const auto maximum = reader.Number();
  const auto pixels = reader.Pixels();
  if (!width || !height || !maximum || !pixels) {
    return InvalidArgumentError("the PPM header is damaged");
  }
  if (*maximum != 255) {
    return InvalidArgumentError("the PPM has a maximum of " + std::to_string(*maximum) +
                                "; only 255 is read");
  }
  PLUMB_ASSIGN_OR_RETURN(Image image, AllocateImage(*width, *height));
  const bool gray = bytes[1] == '5';
  const size_t wanted = gray ? image.rgb.size() / 3 : image.rgb.size();
  if (pixels->size() < wanted) {
    return InvalidArgumentError("the PPM holds " + std::to_string(pixels->size()) +
                                " bytes of pixels where its size needs " + std::to_string(wanted));
  }
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = (*pixels)[gray ? i / 3 : i];
  }
  return image;
}

}  // namespace plumb::image
