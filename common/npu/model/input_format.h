// Input formats by their SDK names: what the bytes of a model's input buffer are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plumb::npu {

enum class InputFormat : uint8_t {
  kRgb = 0,
  kBgr = 1,
  kRgba = 2,
  kBgra = 3,
  kNv12 = 4,
  kGray = 5,
  kRawS16Nhwc = 6,
  kRawF32Nhwc = 7,
  kComplex64 = 8,
};

// "RGB", "BGR", "RGBA", "BGRA", "YUV_NV12", "GRAY", "RAWDATA_S16_NHWC", "RAWDATA_F32_NHWC",
// "COMPLEX64".
std::string_view InputFormatName(InputFormat format);
std::optional<InputFormat> ParseInputFormat(std::string_view name);
// All names, for error messages.
std::string KnownInputFormats();
// True for the formats that hold pixels.
bool IsPictureFormat(InputFormat format);

}  // namespace plumb::npu
