#include "common/preprocess/buffer.h"

#include "common/base/checked.h"
#include "common/preprocess/board_input.h"

namespace plumb::preprocess {
namespace {

using npu::InputFormat;

constexpr uint64_t kOldAlignment = 16;
constexpr uint64_t kMaxSize = uint64_t{1} << 31;

uint32_t PixelSize(InputFormat format) {
  switch (format) {
    case InputFormat::kRgb:
    case InputFormat::kBgr:
      return 3;
    case InputFormat::kRgba:
    case InputFormat::kBgra:
      return 4;
    default:
      return 1;
  }
}

struct Alignments {
  uint64_t row = 1;   // bytes
  uint64_t rows = 1;  // rows
};

Status NoAlignment(const BufferRule& rule, const std::string& why) {
  return InvalidArgumentError(std::string(npu::InputFormatName(rule.format)) + " of family " +
                              std::string(FamilyName(rule.family)) + " takes no alignment: " + why)
      .WithHint("leave input_width_alignment and input_height_alignment out");
}

bool Stated(const std::optional<uint32_t>& alignment) {
  return alignment && *alignment != 1;
}

Status CheckAlignments(const BufferRule& rule) {
  const bool stated = rule.width_alignment || rule.height_alignment;
  const bool wide = PixelSize(rule.format) == 4;
  if (rule.width_alignment == 0U || rule.height_alignment == 0U) {
    return InvalidArgumentError("an alignment of 0 does not exist").WithHint("write 1 for none");
  }
  if (stated && PadsInputs(rule.family)) {
    return NoAlignment(rule, "there it is fixed (rows of 16 bytes)");
  }
  if (PixelSize(rule.format) == 3 &&
      (Stated(rule.width_alignment) || Stated(rule.height_alignment))) {
    return NoAlignment(rule, "its rows are never padded");
  }
  if (wide && Stated(rule.height_alignment)) {
    return NoAlignment(rule, "its rows are padded on the right alone");
  }
  if (rule.format == InputFormat::kNv12 &&
      (rule.width_alignment.value_or(2) % 2 != 0 || rule.height_alignment.value_or(2) % 2 != 0)) {
    return InvalidArgumentError("YUV_NV12 has pairs of pixels and rows: its alignments are even")
        .WithHint("write 2, or a multiple of it");
  }
  return OkStatus();
}

Alignments AlignmentsOf(const BufferRule& rule) {
  const bool wide = PixelSize(rule.format) == 4;
  if (PixelSize(rule.format) == 3) {
    return {};
  }
  if (PadsInputs(rule.family)) {
    return {kOldAlignment, wide ? 1U : 2U};
  }
  const uint32_t usual = rule.format == InputFormat::kNv12 ? 2 : 1;
  return {rule.width_alignment.value_or(usual), rule.height_alignment.value_or(usual)};
}

}  // namespace

bool PadsInputs(Family family) {
  return family == Family::k1x || family == Family::kQ;
}

Status CheckFormat(InputFormat format, Family family) {
  const bool complex = format == InputFormat::kComplex64;
  const bool missing = (PadsInputs(family) && (complex || format == InputFormat::kRawF32Nhwc)) ||
                       (family == Family::kS1 && complex);
  if (!missing) {
    return OkStatus();
  }
  return InvalidArgumentError("chips of family " + std::string(FamilyName(family)) +
                              " have no input format " + std::string(InputFormatName(format)))
      .WithHint(PadsInputs(family) ? "use RAWDATA_S16_NHWC, or a family S3 or S6"
                                   : "use RAWDATA_F32_NHWC, or a family S3 or S6");
}

Result<BufferLayout> LayoutOf(const BufferRule& rule) {
  PLUMB_RETURN_IF_ERROR(CheckFormat(rule.format, rule.family));
  if (!npu::IsPictureFormat(rule.format)) {
    return InvalidArgumentError(std::string(npu::InputFormatName(rule.format)) +
                                " is no picture format");
  }
  if (rule.width == 0 || rule.height == 0 || rule.width > image::kMaxSide ||
      rule.height > image::kMaxSide) {
    return InvalidArgumentError("an input of " + std::to_string(rule.width) + "x" +
                                std::to_string(rule.height) + " does not exist");
  }
  PLUMB_RETURN_IF_ERROR(CheckAlignments(rule));
  const Alignments alignments = AlignmentsOf(rule);
  BufferLayout layout;
  layout.pixel_size = PixelSize(rule.format);
  layout.row_size = uint64_t{rule.width} * layout.pixel_size;
  layout.valid_rows = rule.height;
  const auto pitch = CheckedAlignUp(layout.row_size, alignments.row);
  const auto rows = CheckedAlignUp(layout.valid_rows, alignments.rows);
  layout.pitch = pitch.value_or(0) / layout.pixel_size * layout.pixel_size;
  layout.rows = rows.value_or(0);
  const uint64_t plane = CheckedMul(layout.pitch, layout.rows).value_or(kMaxSize + 1);
  if (layout.pitch == 0 || layout.rows == 0 || plane > kMaxSize) {
    return InvalidArgumentError("the aligned input would be too large");
  }
  layout.size = rule.format == InputFormat::kNv12 ? plane / 2 * 3 : plane;
  return layout;
}

Result<std::vector<uint8_t>> EncodeNumbers(std::span<const float> values,
                                           uint64_t innermost,
                                           const BufferRule& rule) {
  PLUMB_RETURN_IF_ERROR(CheckFormat(rule.format, rule.family));
  if (npu::IsPictureFormat(rule.format)) {
    return InvalidArgumentError(std::string(npu::InputFormatName(rule.format)) +
                                " takes pixels, not numbers");
  }
  if (rule.format == InputFormat::kComplex64 && values.size() % 2 != 0) {
    return InvalidArgumentError("complex numbers are pairs, " + std::to_string(values.size()) +
                                " numbers are not");
  }
  if (rule.format != InputFormat::kRawS16Nhwc) {
    return FloatBytes(values);
  }
  PLUMB_ASSIGN_OR_RETURN(
      const std::vector<int16_t> quantized,
      QuantizeS16(values, rule.scale, rule.family, {rule.quantise, rule.zero_point}));
  return AlignS16(quantized, innermost, rule.family);
}

}  // namespace plumb::preprocess
