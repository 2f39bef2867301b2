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
  const bool gray = input.training_format == InputFormat::kGray;
  // NV12 holds the gray picture in its Y plane.
  if (format != InputFormat::kNv12 && gray != (format == InputFormat::kGray)) {
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
    case InputFormat::kNv12:
      return ElementType::kNv12;
    case InputFormat::kBgra:
      return ElementType::kArgb8888;
    case InputFormat::kRgba:
      return ElementType::kAbgr8888;
    default:
      return ElementType::kUint8;
  }
}

// Row and height padding of pictures with 1 or 4 bytes a pixel; RGB and BGR have none. NV12 has
// pairs of rows and pixels everywhere.
void AlignPicture(TensorDesc& desc, Family family) {
  if (desc.element_type == ElementType::kNv12) {
    desc.width_alignment = PadsPictures(family) ? kOldRowAlignment : 2;
    desc.height_alignment = 2;
    return;
  }
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
  const bool wide =
      desc.element_type == ElementType::kArgb8888 || desc.element_type == ElementType::kAbgr8888;
  const uint64_t pixel_size = wide ? 4 : 1;
  const auto width = CheckedAlignUp(dim(2), uint64_t{desc.width_alignment}).value_or(0);
  const auto height = CheckedAlignUp(dim(1), uint64_t{desc.height_alignment}).value_or(0);
  const uint64_t size = dim(0) * height * width * pixel_size;
  return desc.element_type == ElementType::kNv12 ? size / 2 * 3 : size;
}

Result<TensorDesc> DescribePicture(const FixedTensor& tensor, InputFormat format, Family family) {
  TensorDesc desc;
  desc.name = tensor.name;
  desc.element_type = PictureType(format);
  desc.shape = tensor.shape;
  if (format == InputFormat::kNv12) {
    desc.shape = {tensor.shape[0], tensor.shape[1], tensor.shape[2], 3};  // also of a gray picture
  }
  desc.inner_stride = desc.element_type == ElementType::kUint8 ? 3 : 0;
  desc.scale = static_cast<float>(tensor.scale);
  // Pixels are unsigned whatever the tensor: an INT8 tensor holds pixel − 128.
  desc.zero_point = tensor.zero_point + (tensor.element_type == ElementType::kInt8 ? 128 : 0);
  AlignPicture(desc, family);
  desc.payload_size = PictureSize(desc);
  PLUMB_RETURN_IF_ERROR(SetAlignedSize(desc));
  return desc;
}

// Floats came with the S families.
Status CheckFloats(const FixedTensor& tensor, InputFormat format, Family family) {
  return PadsPictures(family)
             ? BadFormat(tensor,
                         format,
                         "chips of family " + std::string(FamilyName(family)) + " do not have it")
                   .WithHint("use RAWDATA_S16_NHWC, or a chip of S1, S3 or S6")
             : OkStatus();
}

// Pairs of floats: two elements of the tensor make one complex number.
Result<TensorDesc> DescribeComplex(const FixedTensor& tensor, Family family) {
  constexpr InputFormat kFormat = InputFormat::kComplex64;
  PLUMB_RETURN_IF_ERROR(CheckFloats(tensor, kFormat, family));
  if (family == Family::kS1) {
    return BadFormat(tensor, kFormat, "chips of family S1 do not have it")
        .WithHint("use RAWDATA_F32_NHWC, or a chip of S3 or S6");
  }
  const size_t rank = tensor.shape.rank();
  if (rank == 0 || tensor.shape.innermost() % 2 != 0) {
    return BadFormat(tensor,
                     kFormat,
                     "the innermost dimension of " + tensor.shape.ToString() +
                         " does not hold pairs of real and imaginary parts");
  }
  std::vector<int64_t> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
  dims.back() /= 2;
  FixedTensor pairs = tensor;
  PLUMB_ASSIGN_OR_RETURN(pairs.shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(
      TensorDesc desc,
      DescribeRaw(pairs, ElementType::kComplex64, static_cast<uint64_t>(dims.back())));
  desc.scale = 1.0F;
  return desc;
}

InputFormat DefaultFormat(const ModelInput& input) {
  return IsPictureFormat(input.training_format) ? input.training_format : InputFormat::kRawS16Nhwc;
}

// Batches came with the interface of the S families.
Status CheckBatch(const CompileOptions& options) {
  if (options.batch == 0 || options.batch > kMaxBatch) {
    return InvalidArgumentError("a batch of " + std::to_string(options.batch) + " is not 1 to " +
                                std::to_string(kMaxBatch));
  }
  if ((options.batch != 1 || options.one_buf) && PadsPictures(options.family)) {
    return InvalidArgumentError("chips of family " + std::string(FamilyName(options.family)) +
                                " take no batches")
        .WithHint("compile without --batch, or for a chip of S1, S3 or S6");
  }
  return OkStatus();
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
      PLUMB_RETURN_IF_ERROR(CheckFloats(tensor, format, family));
      return DescribeRaw(tensor,
                         ElementType::kFloat32,
                         RawInputInnermost(family, ElementType::kFloat32, innermost));
    case InputFormat::kComplex64:
      return DescribeComplex(tensor, family);
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

namespace {

// The entry of its own that a tensor has, else what holds for all.
template <class Value>
std::optional<Value> OwnOr(const std::vector<std::optional<Value>>& own,
                           size_t position,
                           const std::optional<Value>& all) {
  return position < own.size() && own[position] ? own[position] : all;
}

}  // namespace

Result<FixedModel> Compile(const FixedModel& model, const CompileOptions& options) {
  FixedModel compiled = model;
  compiled.chip.reset();
  PLUMB_RETURN_IF_ERROR(ValidateModel(compiled));
  ChipSection chip;
  chip.family = options.family;
  PLUMB_RETURN_IF_ERROR(CheckBatch(options));
  chip.batch = options.batch;
  chip.one_buf = options.one_buf;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const ModelInput& input = model.inputs[i];
    const auto wanted = OwnOr(options.input_formats, i, options.input_format);
    const InputFormat format = wanted.value_or(DefaultFormat(input));
    PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, DescribeInput(model, input, format, options.family));
    chip.inputs.push_back({format, std::move(desc)});
  }
  for (size_t i = 0; i < model.outputs.size(); ++i) {
    const bool dequantize = *OwnOr(options.dequantizations, i, std::optional(options.dequantize));
    PLUMB_ASSIGN_OR_RETURN(
        TensorDesc desc,
        DescribeOutput(model.tensors[model.outputs[i]], dequantize, options.family));
    chip.outputs.push_back({dequantize, std::move(desc)});
  }
  compiled.chip = std::move(chip);
  return compiled;
}

}  // namespace plumb::npu
