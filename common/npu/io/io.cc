#include "common/npu/io/io.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "common/base/text.h"
#include "common/npu/io/nv12.h"

namespace plumb::npu {
namespace {

constexpr int32_t kHighestS16 = 32767;

Status CheckSizes(const std::string& name,
                  uint64_t bytes,
                  uint64_t needed_bytes,
                  uint64_t values,
                  uint64_t needed_values) {
  if (bytes < needed_bytes) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(name) + "' needs " +
                                std::to_string(needed_bytes) + " bytes, got " +
                                std::to_string(bytes));
  }
  if (values != needed_values) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(name) + "' has " +
                                std::to_string(needed_values) + " elements, not " +
                                std::to_string(values));
  }
  return OkStatus();
}

int16_t ClampTo(const Clamp& range, int32_t value) {
  return static_cast<int16_t>(std::clamp(value, range.low, range.high));
}

int16_t ReadS16(const uint8_t* bytes) {
  return static_cast<int16_t>(static_cast<uint16_t>(bytes[0] | (bytes[1] << 8)));
}

float ReadF32(const uint8_t* bytes) {
  uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    bits |= static_cast<uint32_t>(bytes[i]) << (8 * i);
  }
  return std::bit_cast<float>(bits);
}

void WriteLittleEndian(uint32_t bits, size_t size, uint8_t* bytes) {
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>(bits >> (8 * i));
  }
}

// How a chip makes INT16 of an FP32 input; only the S families have such inputs.
int32_t ToChipS16(float x, float scale) {
  const float scaled = x / scale;
  if (std::isnan(scaled)) {
    return 0;
  }
  const float clipped =
      std::clamp(scaled, static_cast<float>(-kHighestS16), static_cast<float>(kHighestS16));
  return static_cast<int32_t>(clipped);
}

// Bytes from pixel to pixel and, per channel of the tensor, the byte within a pixel.
struct PixelLayout {
  size_t pixel_size = 3;
  std::array<size_t, 3> channel_offset = {0, 1, 2};
};

bool BlueFirst(InputFormat format) {
  return format == InputFormat::kBgr || format == InputFormat::kBgra;
}

PixelLayout LayoutOf(InputFormat format, InputFormat training_format) {
  PixelLayout layout;
  if (format == InputFormat::kGray) {
    layout.pixel_size = 1;
    return layout;
  }
  layout.pixel_size = format == InputFormat::kRgb || format == InputFormat::kBgr ? 3 : 4;
  if (BlueFirst(format) != BlueFirst(training_format)) {
    std::swap(layout.channel_offset[0], layout.channel_offset[2]);
  }
  return layout;
}

struct Picture {
  size_t images;
  size_t height;
  size_t width;
  size_t channels;
  size_t row_pitch;
  size_t image_pitch;
};

Picture PictureOf(const TensorDesc& desc, size_t pixel_size) {
  Picture picture{};
  picture.images = static_cast<size_t>(desc.shape[0]);
  picture.height = static_cast<size_t>(desc.shape[1]);
  picture.width = static_cast<size_t>(desc.shape[2]);
  picture.channels = static_cast<size_t>(desc.shape[3]);
  const auto align_up = [](size_t value, size_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
  };
  picture.row_pitch = align_up(picture.width, desc.width_alignment) * pixel_size;
  picture.image_pitch = align_up(picture.height, desc.height_alignment) * picture.row_pitch;
  return picture;
}

void ReadPicture(const ChipInput& input,
                 const PixelLayout& layout,
                 int32_t offset,
                 const uint8_t* bytes,
                 int16_t* values) {
  const Picture picture = PictureOf(input.desc, layout.pixel_size);
  for (size_t n = 0; n < picture.images; ++n) {
    for (size_t y = 0; y < picture.height; ++y) {
      const uint8_t* pixel = bytes + n * picture.image_pitch + y * picture.row_pitch;
      for (size_t x = 0; x < picture.width; ++x, pixel += layout.pixel_size) {
        for (size_t c = 0; c < picture.channels; ++c) {
          *values++ = static_cast<int16_t>(pixel[layout.channel_offset[c]] + offset);
        }
      }
    }
  }
}

void ReadNv12(const ChipInput& input,
              const ModelInput& model_input,
              size_t channels,
              int32_t offset,
              const uint8_t* bytes,
              int16_t* values) {
  const Picture picture = PictureOf(input.desc, 1);
  const size_t rows = picture.image_pitch / picture.row_pitch;
  const std::array<size_t, 3> order = BlueFirst(model_input.training_format)
                                          ? std::array<size_t, 3>{2, 1, 0}
                                          : std::array<size_t, 3>{0, 1, 2};
  for (size_t n = 0; n < picture.images; ++n) {
    const Nv12Picture nv12{bytes + n * picture.image_pitch / 2 * 3, picture.row_pitch, rows};
    for (size_t i = 0; i < picture.height * picture.width; ++i) {
      const size_t x = i % picture.width;
      const size_t y = i / picture.width;
      if (channels == 1) {
        *values++ = static_cast<int16_t>(nv12.Luma(x, y) + offset);
        continue;
      }
      const std::array<uint8_t, 3> rgb = nv12.Rgb(x, y);
      for (const size_t channel : order) {
        *values++ = static_cast<int16_t>(rgb.at(channel) + offset);
      }
    }
  }
}

// Calls convert(bytes of one element) for every valid element in order.
template <class Convert>
void ReadRows(const TensorDesc& desc,
              const uint8_t* bytes,
              std::span<int16_t> values,
              Convert&& convert) {
  // The two halves of a complex number are elements of the tensor.
  const size_t parts = desc.element_type == ElementType::kComplex64 ? 2 : 1;
  const size_t innermost = static_cast<size_t>(desc.shape.innermost()) * parts;
  const size_t element_size = ElementSize(desc.element_type) / parts;
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t row = i / innermost;
    values[i] = convert(bytes + row * desc.inner_stride + i % innermost * element_size);
  }
}

}  // namespace

Status ReadInput(const FixedModel& model,
                 size_t index,
                 std::span<const uint8_t> bytes,
                 std::span<int16_t> values) {
  if (!model.chip || index >= model.chip->inputs.size()) {
    return FailedPreconditionError("the model has no chip section for input " +
                                   std::to_string(index))
        .WithHint("make an offline model with plumb compile");
  }
  const ChipInput& input = model.chip->inputs[index];
  const ModelInput& model_input = model.inputs[index];
  const FixedTensor& tensor = model.tensors[model_input.tensor];
  PLUMB_RETURN_IF_ERROR(CheckSizes(tensor.name,
                                   bytes.size(),
                                   input.desc.payload_size,
                                   values.size(),
                                   tensor.shape.element_count().value_or(0)));
  const Clamp range = StoredRange(tensor.element_type);
  if (input.format == InputFormat::kRawS16Nhwc) {
    ReadRows(input.desc, bytes.data(), values, [&](const uint8_t* element) {
      return ClampTo(range, ReadS16(element) + tensor.zero_point);
    });
  } else if (input.format == InputFormat::kRawF32Nhwc || input.format == InputFormat::kComplex64) {
    const auto scale = static_cast<float>(tensor.scale);
    ReadRows(input.desc, bytes.data(), values, [&](const uint8_t* element) {
      const int32_t v = ToChipS16(ReadF32(element), scale);
      return ClampTo(range, v + tensor.zero_point);
    });
  } else {
    const int32_t offset = tensor.element_type == ElementType::kInt8 ? -128 : 0;
    if (input.format == InputFormat::kNv12) {
      const auto channels = static_cast<size_t>(tensor.shape.innermost());
      ReadNv12(input, model_input, channels, offset, bytes.data(), values.data());
      return OkStatus();
    }
    ReadPicture(input,
                LayoutOf(input.format, model_input.training_format),
                offset,
                bytes.data(),
                values.data());
  }
  return OkStatus();
}

Status WriteOutput(const FixedModel& model,
                   size_t index,
                   std::span<const int16_t> values,
                   uint64_t row_pitch,
                   std::span<uint8_t> bytes) {
  if (!model.chip || index >= model.chip->outputs.size()) {
    return FailedPreconditionError("the model has no chip section for output " +
                                   std::to_string(index))
        .WithHint("make an offline model with plumb compile");
  }
  const ChipOutput& output = model.chip->outputs[index];
  const FixedTensor& tensor = model.tensors[model.outputs[index]];
  const auto innermost = static_cast<size_t>(tensor.shape.innermost());
  const size_t element_size = ElementSize(output.desc.element_type);
  const uint64_t pitch = row_pitch == 0 ? output.desc.inner_stride : row_pitch;
  const uint64_t rows = tensor.shape.row_count().value_or(0);
  if (pitch < innermost * element_size || pitch > kMaxTensorSize) {
    return InvalidArgumentError("a row of tensor '" + EscapeForDisplay(tensor.name) +
                                "' does not fit into " + std::to_string(pitch) + " bytes");
  }
  PLUMB_RETURN_IF_ERROR(CheckSizes(tensor.name,
                                   bytes.size(),
                                   (rows - 1) * pitch + innermost * element_size,
                                   values.size(),
                                   rows * innermost));
  const auto scale = static_cast<float>(tensor.scale);
  for (size_t i = 0; i < values.size(); ++i) {
    const int32_t centred = values[i] - tensor.zero_point;
    const uint32_t bits = output.dequantize
                              ? std::bit_cast<uint32_t>(static_cast<float>(centred) * scale)
                              : static_cast<uint32_t>(centred);
    const size_t position =
        i / innermost * static_cast<size_t>(pitch) + i % innermost * element_size;
    WriteLittleEndian(bits, element_size, bytes.data() + position);
  }
  return OkStatus();
}

}  // namespace plumb::npu
