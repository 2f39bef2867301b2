#include "client/cli/board_picture.h"

#include "common/preprocess/board_input.h"
#include "common/preprocess/nv12.h"
#include "common/preprocess/pipeline.h"

namespace plumb::client {
namespace {

using npu::InputFormat;
using preprocess::ColorOrder;
using preprocess::Pixels;

// The order in which the pipeline must leave the pixels.
ColorOrder OrderFor(const BoardPicture& wanted) {
  switch (wanted.format) {
    case InputFormat::kRgb:
    case InputFormat::kRgba:
    case InputFormat::kBgra:
      return ColorOrder::kRgb;
    case InputFormat::kNv12:
      return wanted.rule.order == ColorOrder::kGray ? ColorOrder::kGray : ColorOrder::kRgb;
    case InputFormat::kBgr:
      return ColorOrder::kBgr;
    case InputFormat::kGray:
      return ColorOrder::kGray;
    default:
      return wanted.rule.order;
  }
}

Result<std::vector<uint8_t>> FourChannels(const Pixels& rgb, const BoardPicture& wanted) {
  const auto order = wanted.format == InputFormat::kRgba ? preprocess::AlphaOrder::kRgba
                                                         : preprocess::AlphaOrder::kBgra;
  PLUMB_ASSIGN_OR_RETURN(const Pixels pixels, preprocess::AddAlpha(rgb, order));
  return preprocess::AlignPicture(pixels, preprocess::FourChannelAlignment(wanted.family));
}

Result<std::vector<uint8_t>> RawData(const Pixels& pixels, const BoardPicture& wanted) {
  PLUMB_ASSIGN_OR_RETURN(
      const std::vector<float> values,
      preprocess::Normalize(pixels, wanted.rule.order, wanted.rule.normalization));
  if (wanted.format == InputFormat::kRawF32Nhwc) {
    return preprocess::FloatBytes(values);
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int16_t> quantized,
                         preprocess::QuantizeS16(values, wanted.scale, wanted.family));
  return preprocess::AlignS16(quantized, pixels.channels, wanted.family);
}

}  // namespace

Result<std::vector<uint8_t>> EncodeBoardPicture(const image::Image& picture,
                                                const BoardPicture& wanted) {
  const preprocess::Pipeline pipeline =
      preprocess::MakePicturePipeline(wanted.width, wanted.height, OrderFor(wanted));
  PLUMB_ASSIGN_OR_RETURN(const Pixels pixels, pipeline.Run(preprocess::PixelsOf(picture)));
  switch (wanted.format) {
    case InputFormat::kRgb:
    case InputFormat::kBgr:
      return preprocess::AlignPicture(pixels, preprocess::PictureAlignment{});
    case InputFormat::kGray:
      return preprocess::AlignPicture(pixels, preprocess::GrayAlignment(wanted.family));
    case InputFormat::kRgba:
    case InputFormat::kBgra:
      return FourChannels(pixels, wanted);
    case InputFormat::kRawS16Nhwc:
    case InputFormat::kRawF32Nhwc:
      return RawData(pixels, wanted);
    case InputFormat::kNv12:
      return preprocess::EncodeNv12(pixels, wanted.family);
    case InputFormat::kComplex64:
      break;
  }
  return InvalidArgumentError("a picture does not hold the complex numbers of a COMPLEX64 input")
      .WithHint("write the input's bytes with a program of your own and give them to plumb run");
}

}  // namespace plumb::client
