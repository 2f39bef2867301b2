#include "common/npu/model/compile.h"

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/npu/model/validate.h"

namespace plumb::npu {
namespace {

// 1.x and Q align the rows of pictures with 1 or 4 bytes a pixel to 16 bytes.
constexpr uint32_t kOldRowAlignment = 16;
constexpr uint32_t kOldGrayHeightAlignment = 2;

bool PadsPictures(Family family) {
  return family == Family::k1x || family == Family::kQ;
}

Status BadFormat(const FixedTensor& tensor, InputFormat format, const std::string& why) {
  return InvalidArgumentError("input '" + EscapeForDisplay(tensor.name) + "' cannot take " +
                              std::string(InputFormatName(format)) + ": " + why);
}

Status SetAlignedSize(TensorDesc& desc) {
  const auto aligned = CheckedAlignUp(desc.payload_size, kBufferAlignment);
  if (!aligned || *aligned > kMaxTensorSize) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(desc.name) + "' is too large");
  }
  desc.aligned_size = *aligned;
  return OkStatus();
}

// Rows of `stored` elements, of which shape.innermost() are valid.
Result<TensorDesc> DescribeRaw(const FixedTensor& tensor, ElementType type, uint64_t stored) {
  TensorDesc desc;
  desc.name = tensor.name;
  desc.element_type = type;
  desc.shape = tensor.shape;
  desc.inner_stride = static_cast<uint32_t>(stored * ElementSize(type));
  desc.scale = type == ElementType::kFloat32 ? 1.0F : static_cast<float>(tensor.scale);
  const auto rows = tensor.shape.row_count();
  desc.payload_size = rows.value_or(0) * desc.inner_stride;
  PLUMB_RETURN_IF_ERROR(SetAlignedSize(desc));
  return desc;
}

Status CheckPicture(const FixedTensor& tensor, const ModelInput& input, InputFormat format) {
  if (!IsPictureFormat(input.training_format)) {
    return BadFormat(tensor, format, "the network was not made for pictures")
        .WithHint("use RAWDATA_S16_NHWC or RAWDATA_F32_NHWC");
  }
  const bool gray = format == InputFormat::kGray;
  if (gray != (input.training_format == InputFormat::kGray)) {
    return BadFormat(tensor, format, "the number of channels differs from the training format")
        .WithHint("use " + std::string(InputFormatName(input.training_format)));
  }
  if (tensor.element_type == ElementType::kInt16) {
    return BadFormat(tensor, format, "an INT16 tensor does not hold pixels");
  }
  const Shape& shape = tensor.shape;
  if (shape.rank() != 4 || shape[3] != (gray ? 1 : 3)) {
    return BadFormat(tensor, format, "the shape " + shape.ToString() + " is not that of a picture");
  }
  return OkStatus();
}

ElementType PictureType(InputFormat format) {
  switch (format) {
    case InputFormat::kGray:
      return ElementType::kGray;
    case InputFormat::kBgra:
      return ElementType::kArgb8888;
    case InputFormat::kRgba:
      return ElementType::kAbgr8888;
    default:
      return ElementType::kUint8;
  }
}

// Row and height padding of pictures with 1 or 4 bytes a pixel; RGB and BGR have none.
void AlignPicture(TensorDesc& desc, Family family) {
  if (desc.element_type == ElementType::kUint8 || !PadsPictures(family)) {
    return;
  }
  const bool gray = desc.element_type == ElementType::kGray;
  desc.width_alignment = gray ? kOldRowAlignment : kOldRowAlignment / 4;
  desc.height_alignment = gray ? kOldGrayHeightAlignment : 1;
}

uint64_t PictureSize(const TensorDesc& desc) {
  const auto dim = [&desc](size_t axis) { return static_cast<uint64_t>(desc.shape[axis]); };
  if (desc.element_type == ElementType::kUint8) {
    return dim(0) * dim(1) * dim(2) * 3;
  }
  const uint64_t pixel_size = desc.element_type == ElementType::kGray ? 1 : 4;
  const auto width = CheckedAlignUp(dim(2), uint64_t{desc.width_alignment}).value_or(0);
  const auto height = CheckedAlignUp(dim(1), uint64_t{desc.height_alignment}).value_or(0);
  return dim(0) * height * width * pixel_size;
}

Result<TensorDesc> DescribePicture(const FixedTensor& tensor, InputFormat format, Family family) {
  TensorDesc desc;
  desc.name = tensor.name;
  desc.element_type = PictureType(format);
  desc.shape = tensor.shape;
  desc.inner_stride = desc.element_type == ElementType::kUint8 ? 3 : 0;
  desc.scale = static_cast<float>(tensor.scale);
  // Pixels are unsigned whatever the tensor: an INT8 tensor holds pixel − 128.
  desc.zero_point = tensor.zero_point + (tensor.element_type == ElementType::kInt8 ? 128 : 0);
  AlignPicture(desc, family);
  desc.payload_size = PictureSize(desc);
  PLUMB_RETURN_IF_ERROR(SetAlignedSize(desc));
  return desc;
}

InputFormat DefaultFormat(const ModelInput& input) {
  return IsPictureFormat(input.training_format) ? input.training_format : InputFormat::kRawS16Nhwc;
}

}  // namespace

Result<TensorDesc> DescribeInput(const FixedModel& model,
                                 const ModelInput& input,
                                 InputFormat format,
                                 Family family) {
  const FixedTensor& tensor = model.tensors.at(input.tensor);
  const auto innermost = static_cast<uint64_t>(tensor.shape.innermost());
  switch (format) {
    case InputFormat::kRawS16Nhwc:
      return DescribeRaw(
          tensor, ElementType::kInt16, RawInputInnermost(family, ElementType::kInt16, innermost));
    case InputFormat::kRawF32Nhwc:
      return DescribeRaw(tensor,
                         ElementType::kFloat32,
                         RawInputInnermost(family, ElementType::kFloat32, innermost));
    case InputFormat::kNv12:
      return UnimplementedError("the virtual IPU does not take YUV_NV12 yet")
          .WithHint("compile with --input-format RGB, BGR, RGBA, BGRA or GRAY");
    default:
      PLUMB_RETURN_IF_ERROR(CheckPicture(tensor, input, format));
      return DescribePicture(tensor, format, family);
  }
}

Result<TensorDesc> DescribeOutput(const FixedTensor& tensor, bool dequantize, Family family) {
  const ElementType type = dequantize ? ElementType::kFloat32 : ElementType::kInt16;
  const auto innermost = static_cast<uint64_t>(tensor.shape.innermost());
  return DescribeRaw(tensor, type, OutputInnermost(family, type, innermost));
}

Result<FixedModel> Compile(const FixedModel& model, const CompileOptions& options) {
  FixedModel compiled = model;
  compiled.chip.reset();
  PLUMB_RETURN_IF_ERROR(ValidateModel(compiled));
  ChipSection chip;
  chip.family = options.family;
  for (const ModelInput& input : model.inputs) {
    const InputFormat format = options.input_format.value_or(DefaultFormat(input));
    PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, DescribeInput(model, input, format, options.family));
    chip.inputs.push_back({format, std::move(desc)});
  }
  for (const uint32_t output : model.outputs) {
    PLUMB_ASSIGN_OR_RETURN(
        TensorDesc desc, DescribeOutput(model.tensors[output], options.dequantize, options.family));
    chip.outputs.push_back({options.dequantize, std::move(desc)});
  }
  compiled.chip = std::move(chip);
  return compiled;
}

}  // namespace plumb::npu
