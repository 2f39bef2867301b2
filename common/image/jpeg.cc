#include <turbojpeg.h>

#include <memory>

#include "common/image/decoders.h"

namespace plumb::image {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};

// A progressive file may hold thousands of scans that each cost a full decode: LIMITSCANS.
int FlagsOf(const DecodeRule& rule) {
  return TJFLAG_LIMITSCANS | (rule.fast_dct ? TJFLAG_FASTDCT : TJFLAG_ACCURATEDCT) |
         (rule.plain_upsampling ? TJFLAG_FASTUPSAMPLE : 0);
}

}  // namespace

Result<Image> DecodeJpeg(std::span<const uint8_t> bytes, const DecodeRule& rule) {
  const std::unique_ptr<void, Destroy> decoder(tjInitDecompress());
  if (!decoder) {
    return InternalError("libjpeg-turbo could not start");
  }
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colorspace = 0;
  if (tjDecompressHeader3(
          decoder.get(), bytes.data(), bytes.size(), &width, &height, &subsampling, &colorspace) !=
      0) {
    return InvalidArgumentError(std::string("the JPEG is damaged: ") +
                                tjGetErrorStr2(decoder.get()));
  }
  if (colorspace == TJCS_CMYK || colorspace == TJCS_YCCK) {
    return InvalidArgumentError("the JPEG is made for print (CMYK)")
        .WithHint("convert it to RGB first");
  }
  if (width <= 0 || height <= 0) {
    return InvalidArgumentError("the JPEG has no pixels");
  }
  PLUMB_ASSIGN_OR_RETURN(
      Image image, AllocateImage(static_cast<uint64_t>(width), static_cast<uint64_t>(height)));
  // A warning means pixels that libjpeg made up (a truncated file, for one): refused like an error.
  if (tjDecompress2(decoder.get(),
                    bytes.data(),
                    bytes.size(),
                    image.rgb.data(),
                    width,
                    0,
                    height,
                    TJPF_RGB,
                    FlagsOf(rule)) != 0) {
    return InvalidArgumentError(std::string("the JPEG is damaged: ") +
                                tjGetErrorStr2(decoder.get()));
  }
  return image;
}

}  // namespace plumb::image
