// How one tensor's real values become integers, and which kinds of operations dictate it.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "common/npu/quantize/quantize.h"

namespace plumb::npu {

// real = (q − zero_point) · scale. Scales are float32 values, so that descriptors hold them
// exactly.
struct Scheme {
  ElementType type = ElementType::kUint8;
  double scale = 1;
  int32_t zero_point = 0;

  bool operator==(const Scheme&) const = default;
};

// bits 8: UINT8 over [min(low, 0), max(high, 0)]; 16: INT16, symmetric. A range of nearly nothing
// gets a small scale.
Scheme SchemeFromRange(double low, double high, int bits);

// The tensor holds pixels: UINT8, 1 / std_dev, round(mean). kInvalidArgument for a std_dev or mean
// that no 8-bit tensor has, kUnimplemented for channels with different means.
Result<Scheme> SchemeOfPicture(const PictureInput& picture);

// Operations whose output has the same scheme whatever the data: LOGISTIC, SOFTMAX, TANH.
std::optional<Scheme> DictatedScheme(OpKind kind, int bits);

// Operations that move stored values and so hand their input's scheme on.
bool KeepsScheme(OpKind kind);

// The scheme of a quantised tensor of the file. kInvalidArgument when it is real or has no scale,
// kUnimplemented when it has one scale per channel.
Result<Scheme> SchemeOfFile(const GraphTensor& tensor);

// `values` as stored elements, little-endian; rounded to nearest, ties to even, and clamped.
Buffer StoreValues(std::span<const float> values, const Scheme& scheme);

}  // namespace plumb::npu
