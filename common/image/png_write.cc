#include <png.h>

#include "common/image/image.h"

namespace plumb::image {

Result<std::vector<uint8_t>> EncodePng(const Image& image) {
  if (image.width == 0 || image.rgb.size() != uint64_t{image.width} * image.height * 3) {
    return InvalidArgumentError("there is no picture to write");
  }
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = image.width;
  png.height = image.height;
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<uint8_t> bytes(size);
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr) == 0) {
    return InternalError(std::string("libpng could not write a picture: ") + png.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace plumb::image
