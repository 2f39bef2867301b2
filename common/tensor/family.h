// SDK families and what each pads (facts: docs/formats/mi_ipu.md, "Output alignment").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/tensor/element_type.h"

namespace plumb {

enum class Family : uint8_t { k1x, kQ, kS1, kS3, kS6 };

// "1.x", "Q", "S1", "S3", "S6".
std::string_view FamilyName(Family family);
std::optional<Family> ParseFamily(std::string_view name);
// "1.x, Q, S1, S3, S6", for error messages.
std::string KnownFamilies();

// The innermost dimension in elements as the family stores it in an output of this type: 1.x rounds
// every type up to 8, Q rounds integers up to 8 and leaves FP32 alone, the S families pad nothing.
uint64_t OutputInnermost(Family family, ElementType type, uint64_t innermost);
// Likewise for a RAWDATA_S16_NHWC input: 1.x and Q round up to 8.
uint64_t RawInputInnermost(Family family, ElementType type, uint64_t innermost);

// Whole buffers are rounded up to this many bytes.
constexpr uint64_t kBufferAlignment = 64;

}  // namespace plumb
