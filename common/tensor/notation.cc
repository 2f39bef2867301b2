#include "common/tensor/notation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/tensor/convert.h"

namespace plumb {
namespace {

constexpr uint64_t kMaxElements = uint64_t{1} << 20;
constexpr std::string_view kSpecHint =
    "write dimensions and element type, e.g. 1x10xf32, or with a row pitch in bytes and a scale: "
    "1x10xs16@32,scale=0.5,zero=0; types: f16 f32 f64 s8 u8 s16 u16 s32 s64 bool";

Status BadSpec(std::string_view spec, const std::string& what) {
  return InvalidArgumentError("the spec '" + EscapeForDisplay(spec) + "' " + what)
      .WithHint(kSpecHint);
}

Status ParseShapeAndType(std::string_view spec, std::string_view text, TensorDesc& desc) {
  std::vector<std::string> parts = Split(text, 'x');
  const auto type = ParseElementType(parts.back());
  if (!type || IsPicture(*type)) {
    return BadSpec(spec, "does not end in an element type");
  }
  parts.pop_back();
  std::vector<int64_t> dims;
  for (const auto& part : parts) {
    const auto dim = ParseInt(part);
    if (!dim) {
      return BadSpec(spec, "has a dimension that is no number");
    }
    dims.push_back(*dim);
  }
  desc.element_type = *type;
  auto shape = Shape::Create(dims);
  if (!shape.ok()) {
    return BadSpec(spec, "is refused: " + shape.status().message());
  }
  desc.shape = *shape;
  return OkStatus();
}

Status ParseStride(std::string_view spec, std::string_view text, TensorDesc& desc) {
  const auto stride = ParseUint(text);
  const auto rows = desc.shape.row_count();
  const auto size =
      stride && rows && *stride <= UINT32_MAX ? CheckedMul(*stride, *rows) : std::nullopt;
  if (!size || *stride == 0) {
    return BadSpec(spec, "has an impossible row pitch");
  }
  desc.inner_stride = static_cast<uint32_t>(*stride);
  desc.aligned_size = *size;
  desc.payload_size = *size;
  return OkStatus();
}

Status ParseQuantisation(std::string_view spec, std::string_view part, TensorDesc& desc) {
  const size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
  if (key == "scale") {
    const auto scale = ParseDouble(value);
    if (!scale || !(*scale > 0) ||
        *scale > static_cast<double>(std::numeric_limits<float>::max())) {
      return BadSpec(spec, "needs a scale above 0");
    }
    desc.scale = static_cast<float>(*scale);
    return OkStatus();
  }
  const auto zero_point = key == "zero" ? ParseInt(value) : std::nullopt;
  if (!zero_point) {
    return BadSpec(spec,
                   "has something after the element type that is not @PITCH, scale= or zero=");
  }
  desc.zero_point = *zero_point;
  return OkStatus();
}

uint64_t MaxUnsigned(ElementType type) {
  switch (type) {
    case ElementType::kBool:
      return 1;
    case ElementType::kUint8:
      return UINT8_MAX;
    default:
      return UINT16_MAX;
  }
}

bool FitsSigned(ElementType type, int64_t value) {
  const uint32_t bits = 8 * ElementSize(type);
  if (bits >= 64) {
    return true;
  }
  const int64_t limit = int64_t{1} << (bits - 1);
  return value >= -limit && value < limit;
}

bool IsUnsigned(ElementType type) {
  return type == ElementType::kBool || type == ElementType::kUint8 || type == ElementType::kUint16;
}

// Little-endian bytes of one element; false when the text is no number that the type holds.
bool StoreInteger(ElementType type, std::string_view text, uint8_t* out) {
  const auto value = ParseInt(text);
  const bool fits =
      value && (IsUnsigned(type) ? *value >= 0 && static_cast<uint64_t>(*value) <= MaxUnsigned(type)
                                 : FitsSigned(type, *value));
  if (fits) {
    std::memcpy(out, &*value, ElementSize(type));  // two's complement, low bytes first
  }
  return fits;
}

bool StoreFloat(ElementType type, std::string_view text, uint8_t* out) {
  const auto value = ParseDouble(text);
  if (!value) {
    return false;
  }
  const auto narrow = static_cast<float>(*value);
  const uint16_t half = FloatToHalf(narrow);
  switch (type) {
    case ElementType::kFloat16:
      std::memcpy(out, &half, sizeof half);
      return std::isinf(HalfToFloat(half)) == std::isinf(*value);
    case ElementType::kFloat32:
      std::memcpy(out, &narrow, sizeof narrow);
      return std::isinf(narrow) == std::isinf(*value);
    default:
      std::memcpy(out, &*value, sizeof *value);
      return true;
  }
}

std::vector<std::string_view> SplitNumbers(std::string_view text) {
  constexpr std::string_view kBetween = ", \t\n[]";
  std::vector<std::string_view> numbers;
  size_t begin = text.find_first_not_of(kBetween);
  while (begin != std::string_view::npos && numbers.size() <= kMaxElements) {
    const size_t end = std::min(text.find_first_of(kBetween, begin), text.size());
    numbers.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBetween, end);
  }
  return numbers;
}

template <class T>
std::string ShortestFloat(const uint8_t* bytes) {
  T value{};
  std::memcpy(&value, bytes, sizeof value);
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::string(text.data(), end) : std::string("nan");
}

std::string ElementText(ElementType type, const uint8_t* bytes) {
  if (type == ElementType::kFloat32) {
    return ShortestFloat<float>(bytes);
  }
  if (type == ElementType::kFloat64) {
    return ShortestFloat<double>(bytes);
  }
  if (type == ElementType::kFloat16) {
    uint16_t half = 0;
    std::memcpy(&half, bytes, sizeof half);
    return ShortestDouble(static_cast<double>(HalfToFloat(half)));
  }
  // Sign-extended by hand: the element's own width may be anything from 1 to 8 bytes.
  const uint32_t size = ElementSize(type);
  uint64_t raw = 0;
  std::memcpy(&raw, bytes, size);
  const uint64_t sign = uint64_t{1} << (8 * size - 1);
  if (!IsUnsigned(type) && (raw & sign) != 0) {
    raw |= ~(sign | (sign - 1));
  }
  return std::to_string(static_cast<int64_t>(raw));
}

std::string SpecText(const TensorDesc& desc) {
  const std::string shape = desc.shape.ToString();
  return shape + (shape.empty() ? "" : "x") + std::string(ElementTypeName(desc.element_type));
}

}  // namespace

Result<TensorDesc> ParseTensorSpec(std::string name, std::string_view spec) {
  const auto parts = Split(spec, ',');
  const std::string_view first = parts[0];
  const size_t at = first.find('@');
  TensorDesc shaped;
  PLUMB_RETURN_IF_ERROR(ParseShapeAndType(spec, first.substr(0, at), shaped));
  auto made = MakeContiguousDesc(std::move(name), shaped.element_type, shaped.shape);
  if (!made.ok()) {
    return BadSpec(spec, "is too large");
  }
  TensorDesc desc = *std::move(made);
  if (at != std::string_view::npos) {
    PLUMB_RETURN_IF_ERROR(ParseStride(spec, first.substr(at + 1), desc));
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(ParseQuantisation(spec, parts[i], desc));
  }
  const auto region = ValidRegionOf(desc);
  if (!region.ok()) {
    return BadSpec(spec, "is refused: " + region.status().message());
  }
  return desc;
}

Result<Tensor> ParseTensor(std::string name, std::string_view text) {
  // The values follow the last '=' that is not part of scale= or zero=.
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) {
    return BadSpec(text, "has no values").WithHint("write e.g. 2x2xf32=1,2,3,4");
  }
  Tensor tensor;
  PLUMB_ASSIGN_OR_RETURN(tensor.desc, ParseTensorSpec(std::move(name), text.substr(0, equals)));
  const ElementType type = tensor.desc.element_type;
  const uint64_t count = ElementCount(tensor.desc);
  if (type == ElementType::kComplex64 || tensor.desc.inner_stride != 0 || count > kMaxElements) {
    return BadSpec(text, "has a pitch, complex numbers or too many elements for values in text");
  }
  const auto numbers = SplitNumbers(text.substr(equals + 1));
  if (numbers.size() != count && numbers.size() != 1) {
    return BadSpec(text,
                   "has " + std::to_string(numbers.size()) + " values for " +
                       std::to_string(count) + " elements");
  }
  std::vector<uint8_t> bytes(tensor.desc.aligned_size);
  const size_t size = ElementSize(type);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view number = numbers[numbers.size() == 1 ? 0 : i];
    uint8_t* out = bytes.data() + i * size;
    if (!(IsInteger(type) ? StoreInteger(type, number, out) : StoreFloat(type, number, out))) {
      return BadSpec(text,
                     "has the value '" + EscapeForDisplay(number) + "', which is no " +
                         std::string(ElementTypeName(type)));
    }
  }
  tensor.bytes = Buffer::FromVector(std::move(bytes));
  return tensor;
}

Result<std::string> FormatTensor(const Tensor& tensor, size_t max_elements) {
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(tensor.desc));
  const ElementType type = tensor.desc.element_type;
  if (IsPicture(type) || type == ElementType::kComplex64 || tensor.bytes.size() < region.extent()) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(tensor.desc.name) +
                                "' has no text notation");
  }
  const uint64_t size = ElementSize(type);
  const uint64_t count = region.valid_size() / size;
  std::string text = SpecText(tensor.desc) + "=";
  for (uint64_t i = 0; i < std::min<uint64_t>(count, max_elements); ++i) {
    const uint64_t byte = i * size;
    const uint64_t row = byte / region.row_size;
    text +=
        (i == 0 ? "" : ",") +
        ElementText(type, tensor.bytes.data() + row * region.row_pitch + byte % region.row_size);
  }
  return count > max_elements ? text + ",..." : text;
}

}  // namespace plumb
