#include "common/analysis/pair_feed.h"

#include <algorithm>
#include <cstring>

#include "common/analysis/valid_bytes.h"
#include "common/tensor/convert.h"

namespace plumb::analysis {
namespace {

// Small enough that three arrays of doubles stay in the first-level cache.
constexpr size_t kConverted = 1024;

// Memory is the slowest part, and the CPU alone does not look over the end of a page.
constexpr size_t kAheadBytes = 2048;

bool EqualQuantisation(const TensorDesc& a, const TensorDesc& b) {
  if (a.element_type != b.element_type) {
    return false;
  }
  return !IsInteger(a.element_type) || (a.scale == b.scale && a.zero_point == b.zero_point);
}

// As ToDoubles: pictures and booleans have a scale where a descriptor says so.
Encoding EncodingOf(const TensorDesc& desc) {
  if (desc.scale == 0) {
    return {};
  }
  return {static_cast<double>(desc.scale), static_cast<double>(desc.zero_point)};
}

std::optional<RawType> CommonType(ElementType reference, ElementType target) {
  const auto type = RawTypeOf(reference);
  return type == RawTypeOf(target) ? type : std::nullopt;
}

}  // namespace

PairFeed::Side PairFeed::MakeSide(const TensorDesc& desc) {
  Side side;
  side.desc = desc;
  side.value_size = ValueSize(desc.element_type);
  side.encoding = EncodingOf(desc);
  side.values.resize(kConverted);
  return side;
}

PairFeed::PairFeed(const TensorDesc& reference,
                   const TensorDesc& target,
                   const StatisticsOptions& options,
                   const KernelSet& kernels)
    : reference_(MakeSide(reference)),
      target_(MakeSide(target)),
      same_encoding_(EqualQuantisation(reference, target)),
      raw_type_(CommonType(reference.element_type, target.element_type)),
      kernels_(&kernels),
      statistics_(options),
      differences_(kConverted) {}

void PairFeed::Add(const uint8_t* reference,
                   const uint8_t* target,
                   uint64_t values,
                   const Ahead& ahead) {
  Ahead next = {ahead.reference != nullptr ? ahead.reference : reference + kAheadBytes,
                ahead.target != nullptr ? ahead.target : target + kAheadBytes};
  while (values > 0) {
    const uint64_t index = statistics_.next_index();
    const uint64_t room = std::min(values, kBlockElements - index % kBlockElements);
    const uint64_t most = raw_type_ ? kBlockElements : kConverted;
    const uint64_t misplaced = index % kLanes;
    auto count = static_cast<size_t>(std::min(room, most));
    if (misplaced == 0 && count >= kLanes) {
      count -= count % kLanes;
      if (!AddGroups(reference, target, count, next)) {
        AddSingly(reference, target, count);
      }
    } else {
      count = static_cast<size_t>(std::min<uint64_t>(count, kLanes - misplaced));
      AddSingly(reference, target, count);
    }
    reference += count * reference_.value_size;
    target += count * target_.value_size;
    next.reference += count * reference_.value_size;
    next.target += count * target_.value_size;
    values -= count;
  }
}

bool PairFeed::AddGroups(const uint8_t* reference,
                         const uint8_t* target,
                         size_t values,
                         const Ahead& ahead) {
  RawGroups pairs;
  pairs.reference_ahead = ahead.reference;
  pairs.target_ahead = ahead.target;
  pairs.groups = values / kLanes;
  if (raw_type_) {
    pairs.reference = reference;
    pairs.target = target;
    pairs.reference_encoding = reference_.encoding;
    pairs.target_encoding = target_.encoding;
    pairs.same_encoding = same_encoding_;
    return statistics_.AddGroups(pairs, kernels_->For(*raw_type_));
  }
  // Beyond 2^53 two different integers may be one double: those have to be subtracted singly.
  if (same_encoding_ && target_.desc.element_type == ElementType::kInt64 &&
      std::memcmp(reference, target, values * target_.value_size) != 0) {
    return false;
  }
  ToDoubles(reference_.desc, reference, {reference_.values.data(), values});
  ToDoubles(target_.desc, target, {target_.values.data(), values});
  pairs.reference = reinterpret_cast<const uint8_t*>(reference_.values.data());
  pairs.target = reinterpret_cast<const uint8_t*>(target_.values.data());
  pairs.same_encoding = true;
  return statistics_.AddGroups(pairs, kernels_->For(RawType::kFloat64));
}

void PairFeed::AddSingly(const uint8_t* reference, const uint8_t* target, size_t values) {
  for (size_t done = 0; done < values; done += kConverted) {
    const size_t count = std::min(kConverted, values - done);
    const uint8_t* r = reference + done * reference_.value_size;
    const uint8_t* t = target + done * target_.value_size;
    const std::span<double> r_values(reference_.values.data(), count);
    const std::span<double> t_values(target_.values.data(), count);
    ToDoubles(reference_.desc, r, r_values);
    ToDoubles(target_.desc, t, t_values);
    FillDifferences(r, t, count);
    statistics_.Add({r_values, t_values, {differences_.data(), count}});
  }
}

void PairFeed::FillDifferences(const uint8_t* reference, const uint8_t* target, size_t values) {
  if (same_encoding_ && target_.desc.element_type == ElementType::kInt64) {
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

}  // namespace plumb::analysis
