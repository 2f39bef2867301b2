#include "common/analysis/pair_comparator.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "common/analysis/adopted_scale.h"
#include "common/analysis/judge.h"
#include "common/analysis/metrics.h"
#include "common/base/text.h"
#include "common/tensor/convert.h"

namespace plumb::analysis {
namespace {

// Of one side at a time, read: large enough that the calls do not count, and both stay in the
// second-level cache.
constexpr uint64_t kPieceBytes = uint64_t{1} << 16;
constexpr uint64_t kUnboundedPiece = uint64_t{1} << 30;

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
  const double a = (static_cast<double>(std::numeric_limits<T>::min()) - zero_point) * scale;
  const double b = (static_cast<double>(std::numeric_limits<T>::max()) - zero_point) * scale;
  return TypeLimits{std::min(a, b), std::max(a, b)};
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

LegBytes LegInMemory(std::span<const uint8_t> bytes) {
  return {bytes.size(), ReadFrom(bytes), bytes.data()};
}

Result<PairComparator::Side> PairComparator::MakeSide(const TensorDesc& desc) {
  Side side;
  side.desc = desc;
  PLUMB_ASSIGN_OR_RETURN(side.region, ValidRegionOf(desc));
  side.value_size = ValueSize(desc.element_type);
  return side;
}

Result<PairComparator> PairComparator::Create(const TensorDesc& reference,
                                              const TensorDesc& target,
                                              const Tolerance& tolerance,
                                              const KernelSet& kernels) {
  auto reference_side = MakeSide(reference);
  if (!reference_side.ok()) {
    return reference_side.status().Annotate("reference");
  }
  auto target_side = MakeSide(target);
  if (!target_side.ok()) {
    return target_side.status().Annotate("target");
  }
  std::string note = AdoptScale(reference_side->desc, target_side->desc);
  PairComparator comparator(
      *std::move(reference_side), *std::move(target_side), tolerance, kernels);
  comparator.scale_note_ = std::move(note);
  return comparator;
}

PairComparator::PairComparator(Side reference,
                               Side target,
                               const Tolerance& tolerance,
                               const KernelSet& kernels)
    : reference_(std::move(reference)),
      target_(std::move(target)),
      tolerance_(tolerance),
      lsb_(OptionsFor(reference_.desc, target_.desc, tolerance).lsb),
      feed_(reference_.desc,
            target_.desc,
            OptionsFor(reference_.desc, target_.desc, tolerance),
            kernels) {
  value_count_ = target_.region.valid_size() / target_.value_size;
  incomparable_reason_ = WhyIncomparable(reference_.desc,
                                         target_.desc,
                                         reference_.region.valid_size() / reference_.value_size,
                                         value_count_);
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
  feed_.Add(reference.data(), target.data(), values);
  return OkStatus();
}

// The values from `first` on without padding; valid until the next call for this side.
Result<const uint8_t*> PairComparator::ValidBytes(Side& side,
                                                  const LegBytes& leg,
                                                  uint64_t first,
                                                  uint64_t values) {
  const uint64_t begin = first * side.value_size;
  const uint64_t size = values * side.value_size;
  if (leg.memory != nullptr && side.region.contiguous()) {
    return leg.memory + begin;
  }
  side.bytes.resize(static_cast<size_t>(size));
  if (leg.memory != nullptr) {
    CopyValid(side.region, begin, {leg.memory, static_cast<size_t>(leg.available)}, side.bytes);
  } else {
    PLUMB_RETURN_IF_ERROR(GatherValid(side.region, begin, leg.read, scratch_, side.bytes));
  }
  return static_cast<const uint8_t*>(side.bytes.data());
}

// All at once where nothing has to be copied; out of padding one block, which stays in the
// first-level cache.
uint64_t PairComparator::PieceValues(const LegBytes& reference, const LegBytes& target) const {
  if (reference.memory == nullptr || target.memory == nullptr) {
    return kPieceBytes / std::max(reference_.value_size, target_.value_size);
  }
  return reference_.region.contiguous() && target_.region.contiguous() ? kUnboundedPiece
                                                                       : kBlockElements;
}

// What is going to be copied after the values before `next`. Null where nothing is copied.
const uint8_t* PairComparator::NextBytes(const Side& side, const LegBytes& leg, uint64_t next) {
  if (leg.memory == nullptr || side.region.contiguous()) {
    return nullptr;
  }
  return leg.memory + std::min(RawOffset(side.region, next * side.value_size), leg.available);
}

Status PairComparator::Advance(const LegBytes& reference, const LegBytes& target) {
  if (!comparable()) {
    return OkStatus();
  }
  const uint64_t end =
      std::min(ValidBytesWithin(reference_.region, reference.available) / reference_.value_size,
               ValidBytesWithin(target_.region, target.available) / target_.value_size);
  const uint64_t piece = PieceValues(reference, target);
  while (compared() < end) {
    const uint64_t first = compared();
    const uint64_t values = std::min(piece, end - first);
    PLUMB_ASSIGN_OR_RETURN(const uint8_t* r, ValidBytes(reference_, reference, first, values));
    PLUMB_ASSIGN_OR_RETURN(const uint8_t* t, ValidBytes(target_, target, first, values));
    feed_.Add(r,
              t,
              values,
              {NextBytes(reference_, reference, first + values),
               NextBytes(target_, target, first + values)});
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
  FillMetrics(feed_.statistics().sums(), feed_.statistics().tally(), lsb_, report);
  Judge(tolerance_, compared() == value_count_, report);
  if (!scale_note_.empty()) {
    report.reason += "; " + scale_note_;
  }
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
      comparator.Advance(LegInMemory(reference.bytes.span()), LegInMemory(target.bytes.span())));
  if (comparator.comparable() && !comparator.complete()) {
    return InvalidArgumentError(
        "tensor '" + EscapeForDisplay(target.desc.name) + "' ends before its last value: it has " +
        std::to_string(reference.bytes.size()) + " bytes in the reference and " +
        std::to_string(target.bytes.size()) + " in the target");
  }
  return comparator.Report();
}

}  // namespace plumb::analysis
