// YUV_NV12 pictures as the virtual IPU and the built-in simulator see them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace plumb::npu {

// One picture: `rows` rows of Y, `pitch` bytes apart, then half as many of pairs U, V.
struct Nv12Picture {
  const uint8_t* bytes = nullptr;
  size_t pitch = 0;
  size_t rows = 0;  // even

  [[nodiscard]] int Luma(size_t x, size_t y) const { return bytes[y * pitch + x]; }

  // R, G, B of a pixel: the inverse of the matrix that the PC's tools write NV12 with, in 1/1024:
  // R = Y + 1612 V', G = Y − 192 U' − 480 V', B = Y + 1900 U' with U' = U − 128, V' = V − 128;
  // rounded half up, 0…255. How the chip does it is not public.
  [[nodiscard]] std::array<uint8_t, 3> Rgb(size_t x, size_t y) const;
};

}  // namespace plumb::npu
