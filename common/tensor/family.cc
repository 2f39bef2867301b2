#include "common/tensor/family.h"

#include <array>

namespace plumb {
namespace {

constexpr std::array<std::pair<Family, std::string_view>, 5> kFamilies = {{
    {Family::k1x, "1.x"},
    {Family::kQ, "Q"},
    {Family::kS1, "S1"},
    {Family::kS3, "S3"},
    {Family::kS6, "S6"},
}};

uint64_t AlignUp8(uint64_t value) {
  return (value + 7) / 8 * 8;
}

}  // namespace

std::string_view FamilyName(Family family) {
  for (const auto& [known, name] : kFamilies) {
    if (known == family) {
      return name;
    }
  }
  return "";
}

std::optional<Family> ParseFamily(std::string_view name) {
  for (const auto& [family, known] : kFamilies) {
    if (known == name) {
      return family;
    }
  }
  return std::nullopt;
}

std::string KnownFamilies() {
  std::string names;
  for (const auto& entry : kFamilies) {
    names += names.empty() ? "" : ", ";
    names += entry.second;
  }
  return names;
}

uint64_t OutputInnermost(Family family, ElementType type, uint64_t innermost) {
  const bool padded =
      family == Family::k1x || (family == Family::kQ && type != ElementType::kFloat32);
  return padded ? AlignUp8(innermost) : innermost;
}

uint64_t RawInputInnermost(Family family, ElementType type, uint64_t innermost) {
  const bool padded =
      (family == Family::k1x || family == Family::kQ) && type == ElementType::kInt16;
  return padded ? AlignUp8(innermost) : innermost;
}

}  // namespace plumb
