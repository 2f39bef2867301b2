#include "common/layers/layer_comparison.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "common/analysis/adopted_scale.h"
#include "common/analysis/pair_comparator.h"
#include "common/analysis/text_tolerance.h"
#include "common/analysis/valid_bytes.h"
#include "common/base/text.h"
#include "common/layers/value_pieces.h"

namespace plumb::layers {
namespace {

using analysis::PairComparator;
using analysis::TensorReport;

constexpr double kSuspiciousCosine = 0.98;  // where the vendor's script tries the other layout
// Layers of at most so many values may be in memory on every core at once.
constexpr uint64_t kSmallLook = uint64_t{1} << 20U;

// A few columns at a time: of a large tensor every column is far away from the next in one of the
// two.
template <size_t kSize>
void TurnBlock(const uint8_t* from, size_t rows, size_t columns, uint8_t* to) {
  constexpr size_t kTile = 16;
  for (size_t first = 0; first < columns; first += kTile) {
    const size_t end = std::min(columns, first + kTile);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t column = first; column < end; ++column) {
        std::memcpy(
            to + (column * rows + row) * kSize, from + (row * columns + column) * kSize, kSize);
      }
    }
  }
}

// Of each of `outer` blocks the rows become columns. Empty for a size that no type has.
std::vector<uint8_t> Turn(const std::vector<uint8_t>& bytes,
                          size_t value_size,
                          size_t outer,
                          size_t rows,
                          size_t columns) {
  std::vector<uint8_t> turned(bytes.size());
  const size_t block = rows * columns * value_size;
  for (size_t first = 0; first < outer * block; first += block) {
    const uint8_t* const from = bytes.data() + first;
    uint8_t* const to = turned.data() + first;
    switch (value_size) {
      case 1:
        TurnBlock<1>(from, rows, columns, to);
        break;
      case 2:
        TurnBlock<2>(from, rows, columns, to);
        break;
      case 4:
        TurnBlock<4>(from, rows, columns, to);
        break;
      case 8:
        TurnBlock<8>(from, rows, columns, to);
        break;
      default:
        return {};
    }
  }
  return turned;
}

bool IsNhwcOfNchw(const Shape& nhwc, const Shape& nchw) {
  return nhwc[0] == nchw[0] && nhwc[1] == nchw[2] && nhwc[2] == nchw[3] && nhwc[3] == nchw[1];
}

// Rows without padding: another shape then only cuts the same values elsewhere.
bool IsPlain(const TensorDesc& desc) {
  const auto region = ValidRegionOf(desc);
  return region.ok() && region->contiguous();
}

Result<std::vector<float>> AllValues(const TensorDesc& desc, const analysis::ReadRange& read) {
  PLUMB_ASSIGN_OR_RETURN(auto pieces, ValuePieces::Create(desc, read));
  std::vector<float> values;
  values.reserve(static_cast<size_t>(pieces.count()));
  while (pieces.next() < pieces.count()) {
    PLUMB_RETURN_IF_ERROR(pieces.Read(std::min(kPieceValues, pieces.count() - pieces.next())));
    const std::span<const float> piece = pieces.floats();
    values.insert(values.end(), piece.begin(), piece.end());
  }
  return values;
}

}  // namespace

struct LayerComparison::Leg {
  const TensorDesc& desc;
  analysis::ReadRange read;
};

struct LayerComparison::Compared {
  TensorReport report;
  std::optional<LayerProfile> profile;
};

LayerComparison::LayerComparison(const Layer& reference,
                                 const Layer& target,
                                 const CompareOptions& options)
    : reference_(reference),
      target_(target),
      options_(options),
      desc_(reference.desc),
      limits_(
          analysis::ToleranceForText(options.policy.For(target.desc.name),
                                     {reference.as_text ? uint32_t{dump::kTextDumpDecimals} : 0,
                                      target.as_text ? uint32_t{dump::kTextDumpDecimals} : 0})) {}

LayerComparison::Leg LayerComparison::ReferenceLeg() const {
  return {desc_, reference_.open()};
}

// One pass over both sides for the report and the profile.
Result<LayerComparison::Compared> LayerComparison::Compare(const Leg& reference,
                                                           size_t channel_axis) const {
  PLUMB_ASSIGN_OR_RETURN(auto comparator,
                         PairComparator::Create(reference.desc, target_.desc, limits_));
  if (!comparator.comparable()) {
    return Compared{comparator.Report(), std::nullopt};
  }
  TensorDesc r_desc = reference.desc;
  TensorDesc t_desc = target_.desc;
  analysis::AdoptScale(r_desc, t_desc);  // as the comparator does
  PLUMB_ASSIGN_OR_RETURN(auto r, ValuePieces::Create(r_desc, reference.read));
  PLUMB_ASSIGN_OR_RETURN(auto t, ValuePieces::Create(t_desc, target_.open()));
  // A picture's samples are not laid out as its shape says.
  const bool as_shaped = t.count() == target_.desc.shape.element_count();
  std::optional<ProfileBuilder> profile;
  if (options_.profile) {
    profile.emplace(target_.desc.shape, as_shaped ? channel_axis : Shape::kMaxRank, target_.range);
  }
  const bool as_floats = r.is_float() && t.is_float();
  while (t.next() < t.count()) {
    PLUMB_RETURN_IF_ERROR(options_.cancel.status());
    const uint64_t first = t.next();
    const uint64_t size = std::min(kPieceValues, t.count() - first);
    PLUMB_RETURN_IF_ERROR(r.Read(size));
    PLUMB_RETURN_IF_ERROR(t.Read(size));
    PLUMB_RETURN_IF_ERROR(comparator.Compare(first, r.bytes(), t.bytes()));
    if (profile && as_floats) {
      profile->Add(r.floats(), t.floats());
    } else if (profile) {
      profile->Add(r.doubles(), t.doubles());
    }
  }
  return Compared{comparator.Report(), profile ? std::optional(profile->Finish()) : std::nullopt};
}

Status LayerComparison::Run(std::mutex& holding, LayerResult& result) {
  const Shape& wanted = target_.desc.shape;
  const bool same_count = desc_.shape.element_count() == wanted.element_count();
  const bool straight = desc_.shape == wanted;
  if (!straight && same_count && IsPlain(desc_) && IsPlain(target_.desc)) {
    desc_.shape = wanted;
    result.layout = LayoutEvidence::kReshaped;
  }
  PLUMB_ASSIGN_OR_RETURN(Compared compared, Compare(ReferenceLeg(), ChannelAxis(result.layout)));
  result.report = std::move(compared.report);
  result.profile = std::move(compared.profile);
  if (options_.try_layouts && same_count && MayBeTurned(result.report)) {
    const std::lock_guard lock(holding);
    PLUMB_RETURN_IF_ERROR(TryLayouts(result));
  }
  Explain(result);
  if (options_.look_inside && result.report.verdict == analysis::Verdict::kMismatch &&
      result.report.rule != "shape") {
    std::unique_lock lock(holding, std::defer_lock);
    if (result.report.count > kSmallLook) {
      lock.lock();
    }
    return LookInside(result);
  }
  return OkStatus();
}

bool LayerComparison::MayBeTurned(const TensorReport& report) const {
  return target_.desc.shape.rank() == 4 && IsPlain(desc_) && IsPlain(target_.desc) &&
         report.cosine && *report.cosine < kSuspiciousCosine;
}

// Whether the shapes themselves say that the target is the reference turned so. Shapes that are
// equal say nothing about which is which.
bool LayerComparison::Says(bool to_nhwc) const {
  const Shape& shape = target_.desc.shape;
  const bool known = reference_.shape_known && target_.shape_known &&
                     reference_.desc.shape.rank() == 4 && !(reference_.desc.shape == shape);
  return known && (to_nhwc ? IsNhwcOfNchw(shape, reference_.desc.shape)
                           : IsNhwcOfNchw(reference_.desc.shape, shape));
}

Status LayerComparison::TryLayouts(LayerResult& result) {
  if (desc_.aligned_size > kMaxTurned || target_.desc.aligned_size > kMaxTurned) {
    too_large_ = true;
    return OkStatus();
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(desc_.aligned_size));
  PLUMB_RETURN_IF_ERROR(reference_.open()(0, bytes));
  const double straight = *result.report.cosine;
  for (const bool to_nhwc : {true, false}) {
    // Where the shapes differ, only the reading that they say is tried.
    if (!Says(to_nhwc) && Says(!to_nhwc)) {
      continue;
    }
    const LayoutEvidence layout = to_nhwc ? LayoutEvidence::kNchwNhwc : LayoutEvidence::kNhwcNchw;
    const std::vector<uint8_t> turned = Turned(bytes, to_nhwc);
    PLUMB_ASSIGN_OR_RETURN(Compared other,
                           Compare({desc_, analysis::ReadFrom(turned)}, ChannelAxis(layout)));
    const auto cosine = other.report.cosine;
    const double best = result.report.cosine.value_or(-1);
    const bool clear = cosine && 1 - *cosine <= (1 - straight) / 10;
    if (cosine && *cosine > best && (clear || Says(to_nhwc))) {
      result.report = std::move(other.report);
      result.profile = std::move(other.profile);
      result.layout = layout;
      straight_cosine_ = straight;
    }
  }
  return OkStatus();
}

// The reference's bytes as the target lies.
std::vector<uint8_t> LayerComparison::Turned(const std::vector<uint8_t>& bytes,
                                             bool to_nhwc) const {
  const Shape& shape = target_.desc.shape;
  const bool target_is_nchw = Says(false);
  const auto channels = static_cast<size_t>(target_is_nchw ? shape[1] : shape[3]);
  const auto batch = static_cast<size_t>(shape[0]);
  const size_t value_size = ElementSize(desc_.element_type);
  const size_t places = bytes.size() / value_size / batch / channels;
  return to_nhwc ? Turn(bytes, value_size, batch, channels, places)
                 : Turn(bytes, value_size, batch, places, channels);
}

// Dumps have the channels last, whatever the framework has.
size_t LayerComparison::ChannelAxis(LayoutEvidence layout) const {
  const size_t rank = target_.desc.shape.rank();
  const bool first = layout == LayoutEvidence::kNhwcNchw ||
                     (layout != LayoutEvidence::kNchwNhwc && target_.desc.layout == Layout::kNchw);
  return first && rank >= 3 ? rank - 3 : rank - 1;
}

// As it was compared. The bytes that are turned are gone before the target's values come.
Result<std::vector<float>> LayerComparison::ReferenceValues(const TensorDesc& desc,
                                                            LayoutEvidence layout) const {
  if (layout != LayoutEvidence::kNchwNhwc && layout != LayoutEvidence::kNhwcNchw) {
    return AllValues(desc, reference_.open());
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(desc.aligned_size));
  PLUMB_RETURN_IF_ERROR(reference_.open()(0, bytes));
  bytes = Turned(bytes, layout == LayoutEvidence::kNchwNhwc);
  return AllValues(desc, analysis::ReadFrom(bytes));
}

Status LayerComparison::LookInside(LayerResult& result) const {
  if (target_.desc.shape.element_count().value_or(0) > diagnosis::kMaxElements) {
    result.too_large_to_look_inside = true;
    return OkStatus();
  }
  TensorDesc r_desc = desc_;
  TensorDesc t_desc = target_.desc;
  analysis::AdoptScale(r_desc, t_desc);
  PLUMB_ASSIGN_OR_RETURN(const auto reference, ReferenceValues(r_desc, result.layout));
  PLUMB_ASSIGN_OR_RETURN(const auto target, AllValues(t_desc, target_.open()));
  diagnosis::Subject subject{reference, target, target_.desc.shape, false, {}, {}, {}};
  subject.channels_first = ChannelAxis(result.layout) + 1 != target_.desc.shape.rank();
  if (target_.range) {
    subject.low = target_.range->low;
    subject.high = target_.range->high;
    subject.step = target_.range->scale;
  }
  result.findings = diagnosis::LookInside(subject, options_.cancel);
  return OkStatus();
}

void LayerComparison::Explain(LayerResult& result) const {
  std::string& reason = result.report.reason;
  switch (result.layout) {
    case LayoutEvidence::kSame:
      break;
    case LayoutEvidence::kReshaped:
      if (reference_.shape_known && target_.shape_known) {
        reason += "; shapes differ, [" + reference_.desc.shape.ToString() + "] and [" +
                  target_.desc.shape.ToString() + "], values were compared in their order";
      }
      break;
    case LayoutEvidence::kNchwNhwc:
    case LayoutEvidence::kNhwcNchw:
      reason += std::string("; the reference was read as ") +
                (result.layout == LayoutEvidence::kNchwNhwc ? "NCHW and the target as NHWC"
                                                            : "NHWC and the target as NCHW") +
                ": taken as they lie their cosine is " + ShortestDouble(straight_cosine_);
      break;
  }
  if (too_large_) {
    reason += "; too large to try NCHW against NHWC";
  }
}

}  // namespace plumb::layers
