#include "common/npu/model/input_format.h"

#include <array>
#include <utility>

namespace plumb::npu {
namespace {

constexpr std::array<std::pair<InputFormat, std::string_view>, 9> kFormats = {{
    {InputFormat::kRgb, "RGB"},
    {InputFormat::kBgr, "BGR"},
    {InputFormat::kRgba, "RGBA"},
    {InputFormat::kBgra, "BGRA"},
    {InputFormat::kNv12, "YUV_NV12"},
    {InputFormat::kGray, "GRAY"},
    {InputFormat::kRawS16Nhwc, "RAWDATA_S16_NHWC"},
    {InputFormat::kRawF32Nhwc, "RAWDATA_F32_NHWC"},
    {InputFormat::kComplex64, "COMPLEX64"},
}};

}  // namespace

std::string_view InputFormatName(InputFormat format) {
  for (const auto& [known, name] : kFormats) {
    if (known == format) {
      return name;
    }
  }
  return "";
}

std::optional<InputFormat> ParseInputFormat(std::string_view name) {
  for (const auto& [format, known] : kFormats) {
    if (known == name) {
      return format;
    }
  }
  return std::nullopt;
}

std::string KnownInputFormats() {
  std::string names;
  for (const auto& entry : kFormats) {
    names += names.empty() ? "" : ", ";
    names += entry.second;
  }
  return names;
}

bool IsPictureFormat(InputFormat format) {
  return format != InputFormat::kRawS16Nhwc && format != InputFormat::kRawF32Nhwc &&
         format != InputFormat::kComplex64;
}

}  // namespace plumb::npu
