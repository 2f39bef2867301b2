// A picture to the bytes of a model's input buffer.
#pragma once

#include <cstdint>
#include <vector>

#include "client/cli/option/picture_rule.h"
#include "common/base/status.h"
#include "common/image/image.h"
#include "common/npu/model/input_format.h"
#include "common/tensor/family.h"

namespace plumb::client {

struct BoardPicture {
  npu::InputFormat format = npu::InputFormat::kRgb;
  Family family = Family::kS3;
  uint32_t width = 0;
  uint32_t height = 0;
  PictureRule rule;  // of the network; the RAWDATA formats need it
  float scale = 0;   // RAWDATA_S16_NHWC: of the input tensor
};

// Stretches and encodes `picture`: pixels in the order of the format for the picture formats,
// (p − mean) / std for RAWDATA, aligned as the family wants. kInvalidArgument for COMPLEX64.
Result<std::vector<uint8_t>> EncodeBoardPicture(const image::Image& picture,
                                                const BoardPicture& wanted);

}  // namespace plumb::client
