#include "common/analysis/pair_comparator.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "common/analysis/judge.h"
#include "common/analysis/metrics.h"
#include "common/base/text.h"
#include "common/tensor/convert.h"

namespace plumb::analysis {
namespace {

// Small enough that the three arrays of doubles stay in the first-level cache.
constexpr size_t kSliceValues = 512;
constexpr uint64_t kPieceBytes = uint64_t{1} << 16;

bool EqualQuantisation(const TensorDesc& a, const TensorDesc& b) {
  if (a.element_type != b.element_type) {
    return false;
  }
  return !IsInteger(a.element_type) || (a.scale == b.scale && a.zero_point == b.zero_point);
}

double StepOf(const TensorDesc& desc) {
  if (!IsInteger(desc.element_type) || desc.element_type == ElementType::kBool) {
    return 0;
  }
  return desc.scale == 0 ? 1.0 : std::abs(static_cast<double>(desc.scale));
}

template <class T>
std::optional<TypeLimits> LimitsOfType(const TensorDesc& desc) {
  const double scale = desc.scale == 0 ? 1.0 : static_cast<double>(desc.scale);
  const double zero_point = desc.scale == 0 ? 0.0 : static_cast<double>(desc.zero_point);
  return TypeLimits{(static_cast<double>(std::numeric_limits<T>::min()) - zero_point) * scale,
                    (static_cast<double>(std::numeric_limits<T>::max()) - zero_point) * scale};
}

// Wider integers do not saturate in practice; pictures do so rightly.
std::optional<TypeLimits> LimitsOf(const TensorDesc& desc) {
  switch (desc.element_type) {
    case ElementType::kInt8:
      return LimitsOfType<int8_t>(desc);
    case ElementType::kUint8:
      return LimitsOfType<uint8_t>(desc);
    case ElementType::kInt16:
      return LimitsOfType<int16_t>(desc);
    case ElementType::kUint16:
      return LimitsOfType<uint16_t>(desc);
    default:
      return std::nullopt;
  }
}

StatisticsOptions OptionsFor(const TensorDesc& reference,
                             const TensorDesc& target,
                             const Tolerance& tolerance) {
  StatisticsOptions options;
  const double target_step = StepOf(target);
  options.lsb = target_step > 0 ? target_step : StepOf(reference);
  options.reference_limits = LimitsOf(reference);
  options.target_limits = LimitsOf(target);
  options.elementwise = tolerance.elementwise();
  options.atol = tolerance.atol.value_or(0);
  options.rtol = tolerance.rtol.value_or(0);
  return options;
}

std::string WhyIncomparable(const TensorDesc& reference,
                            const TensorDesc& target,
                            uint64_t reference_values,
                            uint64_t target_values) {
  if (!(reference.shape == target.shape)) {
    return "the shapes differ: reference [" + reference.shape.ToString() + "], target [" +
           target.shape.ToString() + "]";
  }
  if (reference_values != target_values) {
    return "the picture formats differ: reference " + std::to_string(reference_values) +
           " samples, target " + std::to_string(target_values);
  }
  return "";
}

}  // namespace

Result<PairComparator::Side> PairComparator::MakeSide(const TensorDesc& desc) {
  Side side;
  side.desc = desc;
  PLUMB_ASSIGN_OR_RETURN(side.region, ValidRegionOf(desc));
  side.value_size = ValueSize(desc.element_type);
  return side;
}

Result<PairComparator> PairComparator::Create(const TensorDesc& reference,
                                              const TensorDesc& target,
                                              const Tolerance& tolerance) {
  auto reference_side = MakeSide(reference);
  if (!reference_side.ok()) {
    return reference_side.status().Annotate("reference");
  }
  auto target_side = MakeSide(target);
  if (!target_side.ok()) {
    return target_side.status().Annotate("target");
  }
  return PairComparator(*std::move(reference_side), *std::move(target_side), tolerance);
}

PairComparator::PairComparator(Side reference, Side target, const Tolerance& tolerance)
    : reference_(std::move(reference)),
      target_(std::move(target)),
      tolerance_(tolerance),
      same_encoding_(EqualQuantisation(reference_.desc, target_.desc)),
      lsb_(OptionsFor(reference_.desc, target_.desc, tolerance).lsb),
      statistics_(OptionsFor(reference_.desc, target_.desc, tolerance)) {
  value_count_ = target_.region.valid_size() / target_.value_size;
  incomparable_reason_ = WhyIncomparable(reference_.desc,
                                         target_.desc,
                                         reference_.region.valid_size() / reference_.value_size,
                                         value_count_);
  reference_.values.resize(kSliceValues);
  target_.values.resize(kSliceValues);
  differences_.resize(kSliceValues);
}

void PairComparator::FillDifferences(const uint8_t* reference,
                                     const uint8_t* target,
                                     size_t values) {
  if (same_encoding_ && target_.desc.element_type == ElementType::kInt64) {
    // Beyond 2^53 two different integers may be one double; their difference still is not zero.
    const double step = target_.desc.scale == 0 ? 1.0 : static_cast<double>(target_.desc.scale);
    for (size_t i = 0; i < values; ++i) {
      int64_t r = 0;
      int64_t t = 0;
      int64_t d = 0;
      std::memcpy(&r, reference + i * sizeof r, sizeof r);
      std::memcpy(&t, target + i * sizeof t, sizeof t);
      differences_[i] = __builtin_sub_overflow(t, r, &d) ? target_.values[i] - reference_.values[i]
                                                         : static_cast<double>(d) * step;
    }
    return;
  }
  for (size_t i = 0; i < values; ++i) {
    differences_[i] = target_.values[i] - reference_.values[i];
  }
}

void PairComparator::CompareSlice(const uint8_t* reference, const uint8_t* target, size_t values) {
  const std::span<double> r(reference_.values.data(), values);
  const std::span<double> t(target_.values.data(), values);
  ToDoubles(reference_.desc, reference, r);
  const bool same_bytes =
      same_encoding_ && std::memcmp(reference, target, values * target_.value_size) == 0;
  if (same_bytes) {
    std::copy(r.begin(), r.end(), t.begin());
  } else {
    ToDoubles(target_.desc, target, t);
  }
  FillDifferences(reference, target, values);
  statistics_.Add({r, t, {differences_.data(), values}});
}

Status PairComparator::Compare(uint64_t first_value,
                               std::span<const uint8_t> reference,
                               std::span<const uint8_t> target) {
  const uint64_t values = target.size() / target_.value_size;
  if (!comparable() || first_value != compared() || values > value_count_ - first_value ||
      target.size() != values * target_.value_size ||
      reference.size() != values * reference_.value_size) {
    return InvalidArgumentError("values of '" + EscapeForDisplay(target_.desc.name) +
                                "' were given out of order or in unequal numbers");
  }
  for (uint64_t done = 0; done < values; done += kSliceValues) {
    CompareSlice(reference.data() + done * reference_.value_size,
                 target.data() + done * target_.value_size,
                 static_cast<size_t>(std::min<uint64_t>(kSliceValues, values - done)));
  }
  return OkStatus();
}

Status PairComparator::Advance(const LegBytes& reference, const LegBytes& target) {
  if (!comparable()) {
    return OkStatus();
  }
  const uint64_t end =
      std::min(ValidBytesWithin(reference_.region, reference.available) / reference_.value_size,
               ValidBytesWithin(target_.region, target.available) / target_.value_size);
  const uint64_t piece = kPieceBytes / std::max(reference_.value_size, target_.value_size);
  while (compared() < end) {
    const uint64_t first = compared();
    const uint64_t values = std::min(piece, end - first);
    reference_.bytes.resize(values * reference_.value_size);
    target_.bytes.resize(values * target_.value_size);
    PLUMB_RETURN_IF_ERROR(GatherValid(reference_.region,
                                      first * reference_.value_size,
                                      reference.read,
                                      scratch_,
                                      reference_.bytes));
    PLUMB_RETURN_IF_ERROR(GatherValid(
        target_.region, first * target_.value_size, target.read, scratch_, target_.bytes));
    PLUMB_RETURN_IF_ERROR(Compare(first, reference_.bytes, target_.bytes));
  }
  return OkStatus();
}

TensorReport PairComparator::Report() const {
  TensorReport report;
  report.name = target_.desc.name;
  report.element_type = target_.desc.element_type;
  report.shape = target_.desc.shape;
  if (!comparable()) {
    report.verdict = Verdict::kMismatch;
    report.rule = "shape";
    report.reason = incomparable_reason_;
    return report;
  }
  FillMetrics(statistics_.sums(), statistics_.tally(), lsb_, report);
  Judge(tolerance_, compared() == value_count_, report);
  const std::string missing = ExplainMissing(report);
  if (!missing.empty()) {
    report.reason += "; " + missing;
  }
  return report;
}

Result<TensorReport> CompareTensors(const Tensor& reference,
                                    const Tensor& target,
                                    const Tolerance& tolerance) {
  PLUMB_ASSIGN_OR_RETURN(auto comparator,
                         PairComparator::Create(reference.desc, target.desc, tolerance));
  PLUMB_RETURN_IF_ERROR(
      comparator.Advance({reference.bytes.size(), ReadFrom(reference.bytes.span())},
                         {target.bytes.size(), ReadFrom(target.bytes.span())}));
  if (comparator.comparable() && !comparator.complete()) {
    return InvalidArgumentError(
        "tensor '" + EscapeForDisplay(target.desc.name) + "' ends before its last value: it has " +
        std::to_string(reference.bytes.size()) + " bytes in the reference and " +
        std::to_string(target.bytes.size()) + " in the target");
  }
  return comparator.Report();
}

}  // namespace plumb::analysis
