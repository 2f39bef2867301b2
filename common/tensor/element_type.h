// Element formats: what one element of a tensor is.
//
// The first eleven are MI_IPU_ELEMENT_FORMAT of the board's interface (facts:
// docs/formats/mi_ipu.md) and keep its numbers in MiFormat(); the others exist in files only (npy,
// TFLite).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace plumb {

enum class ElementType : uint8_t {
  kUnknown = 0,
  kUint8,
  kNv12,  // picture: H·W·3/2 bytes, while the shape says [1,H,W,3]
  kInt16,
  kInt32,
  kInt8,
  kFloat32,
  kArgb8888,   // picture, called BGRA by the SDK: 4 bytes a pixel, shape says 3 channels
  kAbgr8888,   // picture, called RGBA by the SDK
  kGray,       // picture: 1 byte a pixel
  kComplex64,  // two float32
  kUint16,
  kInt64,
  kFloat16,
  kFloat64,
  kBool,
};

// Bytes of one element; for pictures bytes of one sample, except ARGB/ABGR: 4 (a pixel). 0:
// unknown.
uint32_t ElementSize(ElementType type);

// True where the buffer is a picture and not shape × element size.
bool IsPicture(ElementType type);
bool IsInteger(ElementType type);
bool IsFloatingPoint(ElementType type);

// The notation of specs, prints and JSON: f32 s16 u8 nv12 …; empty for kUnknown.
std::string_view ElementTypeName(ElementType type);
std::optional<ElementType> ParseElementType(std::string_view name);

// MI_IPU_ELEMENT_FORMAT: U8 0, NV12 1, INT16 2, INT32 3, INT8 4, FP32 5, UNKNOWN 6, ARGB8888 7,
// ABGR8888 8, GRAY 9, COMPLEX64 10. A number outside that list has no type.
std::optional<ElementType> ElementTypeFromMi(uint32_t mi_format);
// Empty for types the board's interface does not know.
std::optional<uint32_t> MiFormat(ElementType type);

}  // namespace plumb
