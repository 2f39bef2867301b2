#include "common/npu/model/container.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "common/base/checked.h"
#include "common/base/sha256.h"
#include "common/npu/model/byte_codec.h"
#include "common/npu/model/op_fields.h"
#include "common/npu/model/validate.h"

namespace plumb::npu {
namespace {

constexpr std::array<uint8_t, 8> kMagic = {'P', 'L', 'M', 'M', 'O', 'D', 'E', 'L'};
constexpr uint32_t kVersion = 1;
constexpr size_t kVersionOffset = 8;
constexpr size_t kReservedOffset = 12;
constexpr size_t kDigestOffset = 16;
constexpr size_t kHashedOffset = 48;
constexpr size_t kDescriptionSizeOffset = 48;
constexpr size_t kBlobSizeOffset = 56;
// The smallest encodings of list items; a count beyond what the bytes could hold is refused.
constexpr size_t kMinTensorSize = 36;
constexpr size_t kMinOpSize = 17;
constexpr size_t kMinModelInputSize = 40;
constexpr size_t kMinFusedSize = 8;
constexpr size_t kMinChipInputSize = 58;

// A name for a value: written as text, read back through `parse`.
template <class Codec, class T, class Name, class Parse>
void Named(Codec& codec, T& value, Name&& name, Parse&& parse) {
  if constexpr (Codec::kReading) {
    std::string text;
    codec.Text(text);
    const auto parsed = parse(text);
    if (!parsed) {
      codec.Fail("a family, format or profile has an unknown name");
      return;
    }
    value = *parsed;
  } else {
    codec.Text(std::string(name(value)));
  }
}

template <class Codec, class T>
void ElementTypeField(Codec& codec, T& type) {
  uint32_t number = 0;
  if constexpr (Codec::kReading) {
    codec.Number(number);
    const auto parsed = ElementTypeFromMi(number);
    if (!parsed) {
      codec.Fail("an element format of " + std::to_string(number) + " is unknown");
      return;
    }
    type = *parsed;
  } else {
    number = MiFormat(type).value_or(0);
    codec.Number(number);
  }
}

// The type's number, and above it kPlainNchw where the tensor has it: files without such tensors
// are as they were before there was this flag.
template <class Codec, class T>
void TypeAndLayoutField(Codec& codec, T& tensor) {
  constexpr uint32_t kPlainNchw = 0x100;
  uint32_t number =
      MiFormat(tensor.element_type).value_or(0) | (tensor.plain_nchw ? kPlainNchw : 0);
  codec.Number(number);
  if constexpr (Codec::kReading) {
    const auto parsed = ElementTypeFromMi(number & ~kPlainNchw);
    if (!parsed) {
      codec.Fail("an element format of " + std::to_string(number) + " is unknown");
      return;
    }
    tensor.element_type = *parsed;
    tensor.plain_nchw = (number & kPlainNchw) != 0;
  }
}

template <class Codec, class T>
void ShapeField(Codec& codec, T& shape) {
  std::vector<int64_t> dims;
  if constexpr (Codec::kReading) {
    codec.Numbers(dims);
    auto parsed = Shape::Create(dims);
    if (!parsed.ok()) {
      codec.Fail(parsed.status().message());
      return;
    }
    shape = *parsed;
  } else {
    dims.assign(shape.dims().begin(), shape.dims().end());
    codec.Numbers(dims);
  }
}

template <class Codec, class T>
void FlagField(Codec& codec, T& flag) {
  auto number = static_cast<uint8_t>(flag);
  codec.Number(number);
  if constexpr (Codec::kReading) {
    if (number > 1) {
      codec.Fail("a flag is neither 0 nor 1");
    }
    flag = number == 1;
  }
}

template <class Codec, class T>
void TensorFields(Codec& codec, T& tensor) {
  codec.Text(tensor.name);
  TypeAndLayoutField(codec, tensor);
  ShapeField(codec, tensor.shape);
  codec.Number(tensor.scale);
  codec.Number(tensor.zero_point);
  codec.Blob(tensor.constant);
}

// The kind is the alternative's index, which ops.h therefore may only append to.
template <size_t I = 0>
void EmplaceKind(OpAttributes& attributes, size_t kind, ByteReader& reader) {
  if constexpr (I < std::variant_size_v<OpAttributes>) {
    if (kind == I) {
      attributes.emplace<I>();
    } else {
      EmplaceKind<I + 1>(attributes, kind, reader);
    }
  } else {
    reader.Fail("operation kind " + std::to_string(kind) + " is unknown");
  }
}

template <class Codec, class T>
void OpBody(Codec& codec, T& op) {
  codec.Text(op.name);
  codec.Text(op.source_op);
  codec.Numbers(op.inputs);
  codec.Number(op.output);
  auto kind = static_cast<uint8_t>(op.attributes.index());
  codec.Number(kind);
  if constexpr (Codec::kReading) {
    EmplaceKind(op.attributes, kind, codec);
  }
  if (codec.ok()) {
    std::visit([&codec](auto& attributes) { Fields(codec, attributes); }, op.attributes);
  }
}

template <class Codec, class T>
void InputFormatField(Codec& codec, T& format) {
  Named(codec, format, InputFormatName, ParseInputFormat);
}

template <class Codec, class T>
void ModelInputFields(Codec& codec, T& input) {
  codec.Number(input.tensor);
  InputFormatField(codec, input.training_format);
  for (auto& mean : input.mean) {
    codec.Number(mean);
  }
  codec.Number(input.std_dev);
}

template <class Codec, class T>
void DescFields(Codec& codec, T& desc) {
  codec.Text(desc.name);
  ElementTypeField(codec, desc.element_type);
  ShapeField(codec, desc.shape);
  codec.Number(desc.inner_stride);
  codec.Number(desc.scale);
  codec.Number(desc.zero_point);
  codec.Number(desc.aligned_size);
  codec.Number(desc.payload_size);
  codec.Number(desc.layout);
  codec.Number(desc.width_alignment);
  codec.Number(desc.height_alignment);
}

// The last fields of the description; a model for single inputs in buffers of their own has none.
template <class Codec, class T>
void BatchFields(Codec& codec, T& chip) {
  if constexpr (Codec::kReading) {
    if (codec.at_end()) {
      return;
    }
    codec.Number(chip.batch);
    FlagField(codec, chip.one_buf);
    if (chip.batch == 1 && !chip.one_buf) {
      codec.Fail("a batch of 1 is written down, which is left out");
    }
  } else if (chip.batch != 1 || chip.one_buf) {
    codec.Number(chip.batch);
    FlagField(codec, chip.one_buf);
  }
}

template <class Codec, class T>
void ChipFields(Codec& codec, T& chip) {
  Named(codec, chip.family, FamilyName, ParseFamily);
  codec.List(chip.inputs, kMinChipInputSize, [&codec](auto& input) {
    InputFormatField(codec, input.format);
    DescFields(codec, input.desc);
  });
  codec.List(chip.outputs, kMinChipInputSize, [&codec](auto& output) {
    FlagField(codec, output.dequantize);
    DescFields(codec, output.desc);
  });
  BatchFields(codec, chip);
}

// Which optional parts follow. Files without fused layers are as they were before there was this
// part.
constexpr uint8_t kChipPart = 1;
constexpr uint8_t kFusedPart = 2;

template <class Codec, class T>
uint8_t PartsField(Codec& codec, T& model) {
  auto parts = static_cast<uint8_t>((model.chip.has_value() ? kChipPart : 0) |
                                    (model.fused.empty() ? 0 : kFusedPart));
  codec.Number(parts);
  if (parts > (kChipPart | kFusedPart)) {
    codec.Fail("it has parts that are unknown");
  }
  return parts;
}

template <class Codec, class T>
void ModelFields(Codec& codec, T& model) {
  codec.Text(model.name);
  Named(codec, model.rounding, RoundingProfileName, ParseRoundingProfile);
  codec.List(
      model.tensors, kMinTensorSize, [&codec](auto& tensor) { TensorFields(codec, tensor); });
  codec.List(model.ops, kMinOpSize, [&codec](auto& op) { OpBody(codec, op); });
  codec.List(
      model.inputs, kMinModelInputSize, [&codec](auto& input) { ModelInputFields(codec, input); });
  codec.Numbers(model.outputs);
  const uint8_t parts = PartsField(codec, model);
  if ((parts & kFusedPart) != 0) {
    codec.List(model.fused, kMinFusedSize, [&codec](auto& layer) {
      codec.Text(layer.name);
      codec.Number(layer.into);
    });
  }
  if constexpr (Codec::kReading) {
    if ((parts & kChipPart) != 0) {
      model.chip.emplace();
    }
  }
  if ((parts & kChipPart) != 0) {
    ChipFields(codec, *model.chip);
  }
}

uint64_t GetNumber(std::span<const uint8_t> bytes, size_t offset, size_t size) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) {
    number |= static_cast<uint64_t>(bytes[offset + i]) << (8 * i);
  }
  return number;
}

void PutNumber(std::vector<uint8_t>& bytes, size_t offset, uint64_t number, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    bytes[offset + i] = static_cast<uint8_t>(number >> (8 * i));
  }
}

struct Sections {
  Buffer description;
  Buffer blobs;
};

// Where the weights start, and where the file ends.
struct Extent {
  uint64_t description = 0;
  uint64_t blob_start = 0;
  uint64_t blobs = 0;
};

Result<Extent> ReadHeader(std::span<const uint8_t> bytes) {
  if (!LooksLikeModel(bytes) || bytes.size() < kModelHeaderSize) {
    return InvalidArgumentError("this is not a Plumbline model: it does not start with PLMMODEL")
        .WithHint("make one with: plumb quantize, then plumb compile");
  }
  const uint64_t version = GetNumber(bytes, kVersionOffset, sizeof(uint32_t));
  if (version != kVersion || GetNumber(bytes, kReservedOffset, sizeof(uint32_t)) != 0) {
    return InvalidArgumentError("the model has format version " + std::to_string(version) +
                                "; this program reads version " + std::to_string(kVersion))
        .WithHint("make it again with this version's plumb quantize and plumb compile");
  }
  const uint64_t description = GetNumber(bytes, kDescriptionSizeOffset, sizeof(uint64_t));
  const uint64_t blobs = GetNumber(bytes, kBlobSizeOffset, sizeof(uint64_t));
  const auto end = CheckedAdd(uint64_t{kModelHeaderSize}, description);
  const auto blob_start = end ? CheckedAlignUp(*end, kBlobAlignment) : end;
  if (!blob_start || !CheckedAdd(*blob_start, blobs)) {
    return DataLossError("the sizes in the model's header are impossible")
        .WithHint("copy the file again");
  }
  return Extent{description, *blob_start, blobs};
}

Result<Sections> SplitFile(const Buffer& file) {
  const std::span<const uint8_t> bytes = file.span();
  PLUMB_ASSIGN_OR_RETURN(const Extent extent, ReadHeader(bytes));
  if (extent.blob_start + extent.blobs != bytes.size()) {
    return DataLossError("the model has " + std::to_string(bytes.size()) +
                         " bytes, not as many as its header says: it is cut off or damaged")
        .WithHint("copy the file again");
  }
  const Sha256Digest digest = Sha256Of(bytes.subspan(kHashedOffset));
  if (!std::equal(digest.begin(), digest.end(), bytes.begin() + kDigestOffset)) {
    return DataLossError("the model's SHA-256 does not fit its content: it is damaged")
        .WithHint("copy the file again");
  }
  return Sections{
      file.Slice(kModelHeaderSize, static_cast<size_t>(extent.description)),
      file.Slice(static_cast<size_t>(extent.blob_start), static_cast<size_t>(extent.blobs))};
}

Result<FixedModel> ParseSections(const Sections& sections) {
  FixedModel model;
  ByteReader reader(sections.description, sections.blobs);
  ModelFields(reader, model);
  PLUMB_RETURN_IF_ERROR(reader.status());
  if (!reader.at_end()) {
    return InvalidArgumentError("bytes are left over after the description");
  }
  PLUMB_RETURN_IF_ERROR(ValidateModel(model));
  return model;
}

}  // namespace

bool LooksLikeModel(std::span<const uint8_t> bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

Result<uint64_t> ModelFileSize(std::span<const uint8_t> header) {
  PLUMB_ASSIGN_OR_RETURN(const Extent extent, ReadHeader(header));
  return extent.blob_start + extent.blobs;
}

Result<FixedModel> ParseModel(const Buffer& file) {
  PLUMB_ASSIGN_OR_RETURN(const Sections sections, SplitFile(file));
  auto model = ParseSections(sections);
  if (!model.ok()) {
    return model.status().Annotate("the model is not well-formed");
  }
  return model;
}

Result<std::vector<uint8_t>> SerializeModel(const FixedModel& model) {
  PLUMB_RETURN_IF_ERROR(ValidateModel(model));
  ByteWriter writer;
  ModelFields(writer, model);
  const size_t blob_start = (kModelHeaderSize + writer.description().size() + kBlobAlignment - 1) /
                            kBlobAlignment * kBlobAlignment;
  std::vector<uint8_t> bytes(blob_start + writer.blobs().size(), 0);
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  PutNumber(bytes, kVersionOffset, kVersion, sizeof(uint32_t));
  PutNumber(bytes, kDescriptionSizeOffset, writer.description().size(), sizeof(uint64_t));
  PutNumber(bytes, kBlobSizeOffset, writer.blobs().size(), sizeof(uint64_t));
  std::copy(writer.description().begin(),
            writer.description().end(),
            bytes.begin() + static_cast<ptrdiff_t>(kModelHeaderSize));
  std::copy(writer.blobs().begin(),
            writer.blobs().end(),
            bytes.begin() + static_cast<ptrdiff_t>(blob_start));
  const Sha256Digest digest = Sha256Of(std::span<const uint8_t>(bytes).subspan(kHashedOffset));
  std::copy(digest.begin(), digest.end(), bytes.begin() + static_cast<ptrdiff_t>(kDigestOffset));
  return bytes;
}

}  // namespace plumb::npu
