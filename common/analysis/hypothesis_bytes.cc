#include <algorithm>
#include <cmath>

#include "common/analysis/hypotheses.h"
#include "common/analysis/pair_comparator.h"
#include "common/analysis/value_reader.h"

namespace plumb::analysis {
namespace {

// A float that was computed from the quantised value differs from it by its own rounding alone.
constexpr double kFloatRounding = 2.5e-7;

std::optional<TensorReport> CompareAs(const Tensor& reference,
                                      const Tensor& target,
                                      const Tolerance& tolerance) {
  auto report = CompareTensors(reference, target, tolerance);
  if (!report.ok() || report->verdict != Verdict::kMatch) {
    return std::nullopt;
  }
  return *report;
}

// The tensor's bytes as contiguous rows of another type; empty when it has too few.
std::optional<Tensor> ReadAs(const Tensor& tensor, ElementType type, uint32_t stride) {
  Tensor other = tensor;
  other.desc.element_type = type;
  other.desc.inner_stride = stride;
  other.desc.payload_size = 0;
  other.desc.aligned_size = tensor.bytes.size();
  return ValidRegionOf(other.desc).ok() ? std::optional<Tensor>(other) : std::nullopt;
}

// Equal elements of a tensor that holds one value only prove nothing.
bool Telling(const TensorReport& report) {
  return report.reference_min && *report.reference_min < *report.reference_max;
}

std::string Said(const ComparedPair& pair) {
  return "the target's descriptor says " +
         std::string(ElementTypeName(pair.target.desc.element_type));
}

std::optional<Diagnosis> TryFloatBytes(const ComparedPair& pair) {
  const uint32_t stride = pair.target.desc.inner_stride;
  Tolerance rounding;
  rounding.atol = 0;
  rounding.rtol = kFloatRounding;
  for (const uint32_t as_stride : {0U, stride, 2 * stride}) {
    const auto floats = ReadAs(pair.target, ElementType::kFloat32, as_stride);
    const auto report = floats ? CompareAs(pair.reference, *floats, rounding) : std::nullopt;
    if (report && Telling(*report)) {
      return Found("element_format",
                   pair,
                   Said(pair) + ", but read as f32 all " + std::to_string(report->count) +
                       " elements are the reference's, to float rounding (largest difference " +
                       Brief(report->max_abs_error.value_or(0)) + ")",
                   1);
    }
  }
  return std::nullopt;
}

// Integers in a buffer called FP32: real = q · k with one k for all, which is fitted.
std::optional<Diagnosis> TryIntegerBytes(const ComparedPair& pair) {
  auto integers = ReadAs(pair.target, ElementType::kInt16, 0);
  if (!integers) {
    return std::nullopt;
  }
  integers->desc.scale = 0;
  auto raw = ValueReader::Create(*integers);
  auto reference = ValueReader::Create(pair.reference);
  if (!raw.ok() || !reference.ok() || raw->size() != reference->size()) {
    return std::nullopt;
  }
  double product = 0;
  double square = 0;
  VisitBlocks(*reference, *raw, [&](uint64_t, auto r, auto q) {
    for (size_t i = 0; i < r.size(); ++i) {
      product += r[i] * q[i];
      square += q[i] * q[i];
    }
  });
  if (square == 0 || !std::isfinite(product) || product == 0) {
    return std::nullopt;
  }
  integers->desc.scale = static_cast<float>(product / square);
  Tolerance rounding;
  rounding.rtol = 10 * kFloatRounding;
  const auto report = CompareAs(pair.reference, *integers, rounding);
  if (!report || !Telling(*report)) {
    return std::nullopt;
  }
  return Found("element_format",
               pair,
               Said(pair) + ", but read as s16 with scale " + Brief(product / square) + " all " +
                   std::to_string(report->count) + " elements are the reference's",
               1);
}

// The tensor without its stride, or with rows rounded up to 8 elements where it has none.
std::optional<Tensor> WithOtherRows(const Tensor& tensor) {
  const auto region = ValidRegionOf(tensor.desc);
  if (!region.ok() || region->rows <= 1) {
    return std::nullopt;
  }
  const uint64_t size = ElementSize(tensor.desc.element_type);
  const uint64_t padded = (static_cast<uint64_t>(tensor.desc.shape.innermost()) + 7) / 8 * 8 * size;
  const uint64_t pitch = region->contiguous() ? padded : 0;
  if (pitch == region->row_pitch || pitch > UINT32_MAX) {
    return std::nullopt;
  }
  return ReadAs(tensor, tensor.desc.element_type, static_cast<uint32_t>(pitch));
}

std::string RowsText(const Tensor& said, const Tensor& read, std::string_view role) {
  if (read.desc.inner_stride == 0) {
    return "the " + std::string(role) + "'s descriptor says rows of " +
           std::to_string(said.desc.inner_stride) + " bytes, but its rows follow each other" +
           " without padding";
  }
  return "the " + std::string(role) + "'s descriptor says rows without padding, but they are " +
         std::to_string(read.desc.inner_stride) + " bytes apart";
}

}  // namespace

std::optional<Diagnosis> TryElementFormat(const ComparedPair& pair) {
  if (IsFloatingPoint(pair.target.desc.element_type)) {
    return TryIntegerBytes(pair);
  }
  return IsPicture(pair.target.desc.element_type) ? std::nullopt : TryFloatBytes(pair);
}

std::optional<Diagnosis> TryPaddingAsData(const ComparedPair& pair) {
  const auto target = WithOtherRows(pair.target);
  auto report = target ? CompareAs(pair.reference, *target, {}) : std::nullopt;
  if (report && Telling(*report)) {
    return Found("padding_as_data",
                 pair,
                 RowsText(pair.target, *target, "target") + ": read so, all " +
                     std::to_string(report->count) + " elements are equal",
                 1);
  }
  const auto reference = WithOtherRows(pair.reference);
  report = reference ? CompareAs(*reference, pair.target, {}) : std::nullopt;
  if (report && Telling(*report)) {
    return Found("padding_as_data",
                 pair,
                 RowsText(pair.reference, *reference, "reference") + ": read so, all " +
                     std::to_string(report->count) + " elements are equal",
                 1);
  }
  return std::nullopt;
}

}  // namespace plumb::analysis
