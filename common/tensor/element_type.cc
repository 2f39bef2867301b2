#include "common/tensor/element_type.h"

#include <array>

namespace plumb {
namespace {

struct TypeInfo {
  ElementType type;
  uint32_t size;
  std::string_view name;
  int mi_format;  // -1: not in the board's interface
};

constexpr std::array<TypeInfo, 15> kTypes = {{
    {ElementType::kUint8, 1, "u8", 0},
    {ElementType::kNv12, 1, "nv12", 1},
    {ElementType::kInt16, 2, "s16", 2},
    {ElementType::kInt32, 4, "s32", 3},
    {ElementType::kInt8, 1, "s8", 4},
    {ElementType::kFloat32, 4, "f32", 5},
    {ElementType::kArgb8888, 4, "argb", 7},
    {ElementType::kAbgr8888, 4, "abgr", 8},
    {ElementType::kGray, 1, "gray", 9},
    {ElementType::kComplex64, 8, "c64", 10},
    {ElementType::kUint16, 2, "u16", -1},
    {ElementType::kInt64, 8, "s64", -1},
    {ElementType::kFloat16, 2, "f16", -1},
    {ElementType::kFloat64, 8, "f64", -1},
    {ElementType::kBool, 1, "bool", -1},
}};

constexpr uint32_t kMiUnknown = 6;

const TypeInfo* Find(ElementType type) {
  for (const auto& info : kTypes) {
    if (info.type == type) {
      return &info;
    }
  }
  return nullptr;
}

}  // namespace

uint32_t ElementSize(ElementType type) {
  const auto* info = Find(type);
  return info == nullptr ? 0 : info->size;
}

bool IsPicture(ElementType type) {
  return type == ElementType::kNv12 || type == ElementType::kArgb8888 ||
         type == ElementType::kAbgr8888 || type == ElementType::kGray;
}

bool IsInteger(ElementType type) {
  switch (type) {
    case ElementType::kUint8:
    case ElementType::kInt8:
    case ElementType::kInt16:
    case ElementType::kUint16:
    case ElementType::kInt32:
    case ElementType::kInt64:
    case ElementType::kBool:
      return true;
    default:
      return IsPicture(type);
  }
}

bool IsFloatingPoint(ElementType type) {
  return type == ElementType::kFloat16 || type == ElementType::kFloat32 ||
         type == ElementType::kFloat64;
}

std::string_view ElementTypeName(ElementType type) {
  const auto* info = Find(type);
  return info == nullptr ? std::string_view() : info->name;
}

std::optional<ElementType> ParseElementType(std::string_view name) {
  for (const auto& info : kTypes) {
    if (info.name == name) {
      return info.type;
    }
  }
  return std::nullopt;
}

std::optional<ElementType> ElementTypeFromMi(uint32_t mi_format) {
  if (mi_format == kMiUnknown) {
    return ElementType::kUnknown;
  }
  for (const auto& info : kTypes) {
    if (info.mi_format >= 0 && static_cast<uint32_t>(info.mi_format) == mi_format) {
      return info.type;
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> MiFormat(ElementType type) {
  if (type == ElementType::kUnknown) {
    return kMiUnknown;
  }
  const auto* info = Find(type);
  if (info == nullptr || info->mi_format < 0) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(info->mi_format);
}

}  // namespace plumb
