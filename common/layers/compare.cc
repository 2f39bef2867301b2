#include "common/layers/compare.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "common/analysis/pair_comparator.h"
#include "common/analysis/text_tolerance.h"
#include "common/base/text.h"

namespace plumb::layers {
namespace {

using analysis::LegBytes;
using analysis::PairComparator;
using analysis::TensorReport;

constexpr double kSuspiciousCosine = 0.98;  // where the vendor's script tries the other layout

LegBytes LegOf(const Layer& layer) {
  return {layer.desc.aligned_size, layer.open(), nullptr};
}

Result<TensorReport> CompareLegs(const TensorDesc& reference_desc,
                                 const LegBytes& reference,
                                 const TensorDesc& target_desc,
                                 const LegBytes& target,
                                 const analysis::Tolerance& limits) {
  PLUMB_ASSIGN_OR_RETURN(auto comparator,
                         PairComparator::Create(reference_desc, target_desc, limits));
  PLUMB_RETURN_IF_ERROR(comparator.Advance(reference, target));
  return comparator.Report();
}

// Of each of `outer` blocks the rows become columns.
std::vector<uint8_t> Turn(const std::vector<uint8_t>& bytes,
                          size_t value_size,
                          size_t outer,
                          size_t rows,
                          size_t columns) {
  std::vector<uint8_t> turned(bytes.size());
  size_t to = 0;
  for (size_t block = 0; block < outer; ++block) {
    const size_t base = block * rows * columns;
    for (size_t column = 0; column < columns; ++column) {
      for (size_t row = 0; row < rows; ++row, to += value_size) {
        const size_t from = (base + row * columns + column) * value_size;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                    value_size,
                    turned.begin() + static_cast<std::ptrdiff_t>(to));
      }
    }
  }
  return turned;
}

bool IsNhwcOfNchw(const Shape& nhwc, const Shape& nchw) {
  return nhwc[0] == nchw[0] && nhwc[1] == nchw[2] && nhwc[2] == nchw[3] && nhwc[3] == nchw[1];
}

// One pair of layers.
class LayerComparison {
 public:
  LayerComparison(const Layer& reference, const Layer& target, const CompareOptions& options)
      : reference_(reference),
        target_(target),
        options_(options),
        desc_(reference.desc),
        limits_(
            analysis::ToleranceForText(options.policy.For(target.desc.name),
                                       {reference.as_text ? uint32_t{dump::kTextDumpDecimals} : 0,
                                        target.as_text ? uint32_t{dump::kTextDumpDecimals} : 0})) {}

  Status Run(std::mutex& turning, LayerResult& result) {
    const Shape& wanted = target_.desc.shape;
    const bool same_count = desc_.shape.element_count() == wanted.element_count();
    const bool straight = desc_.shape == wanted;
    if (!straight && same_count && IsPlain(desc_) && IsPlain(target_.desc)) {
      desc_.shape = wanted;
      result.layout = LayoutEvidence::kReshaped;
    }
    PLUMB_ASSIGN_OR_RETURN(
        result.report,
        CompareLegs(desc_, LegOf(reference_), target_.desc, LegOf(target_), limits_));
    if (options_.try_layouts && same_count && MayBeTurned(result.report)) {
      const std::lock_guard lock(turning);
      PLUMB_RETURN_IF_ERROR(TryLayouts(result));
    }
    Explain(result);
    return OkStatus();
  }

 private:
  // Rows without padding: another shape then only cuts the same values elsewhere.
  static bool IsPlain(const TensorDesc& desc) {
    const auto region = ValidRegionOf(desc);
    return region.ok() && region->contiguous();
  }

  [[nodiscard]] bool MayBeTurned(const TensorReport& report) const {
    return target_.desc.shape.rank() == 4 && IsPlain(desc_) && IsPlain(target_.desc) &&
           report.cosine && *report.cosine < kSuspiciousCosine;
  }

  Status TryLayouts(LayerResult& result) {
    if (desc_.aligned_size > kMaxTurned || target_.desc.aligned_size > kMaxTurned) {
      too_large_ = true;
      return OkStatus();
    }
    const Shape& shape = target_.desc.shape;
    // Shapes that are equal say nothing about which is which.
    const bool known = reference_.shape_known && target_.shape_known &&
                       reference_.desc.shape.rank() == 4 && !(reference_.desc.shape == shape);
    const bool says_nhwc = known && IsNhwcOfNchw(shape, reference_.desc.shape);
    const bool says_nchw = known && IsNhwcOfNchw(reference_.desc.shape, shape);
    std::vector<uint8_t> bytes(static_cast<size_t>(desc_.aligned_size));
    PLUMB_RETURN_IF_ERROR(reference_.open()(0, bytes));
    const double straight = *result.report.cosine;
    for (const bool to_nhwc : {true, false}) {
      // Where the shapes differ, only the reading that they say is tried.
      if ((says_nhwc || says_nchw) && !(to_nhwc ? says_nhwc : says_nchw)) {
        continue;
      }
      PLUMB_ASSIGN_OR_RETURN(TensorReport turned, CompareTurned(bytes, to_nhwc, says_nchw));
      const double best = result.report.cosine.value_or(-1);
      const bool clear = turned.cosine && 1 - *turned.cosine <= (1 - straight) / 10;
      const bool says = to_nhwc ? says_nhwc : says_nchw;
      if (turned.cosine && *turned.cosine > best && (clear || says)) {
        result.report = std::move(turned);
        result.layout = to_nhwc ? LayoutEvidence::kNchwNhwc : LayoutEvidence::kNhwcNchw;
        straight_cosine_ = straight;
      }
    }
    return OkStatus();
  }

  Result<TensorReport> CompareTurned(const std::vector<uint8_t>& bytes,
                                     bool to_nhwc,
                                     bool target_is_nchw) {
    const Shape& shape = target_.desc.shape;
    const auto channels = static_cast<size_t>(target_is_nchw ? shape[1] : shape[3]);
    const auto batch = static_cast<size_t>(shape[0]);
    const size_t value_size = ElementSize(desc_.element_type);
    const size_t places = bytes.size() / value_size / batch / channels;
    const std::vector<uint8_t> turned = to_nhwc ? Turn(bytes, value_size, batch, channels, places)
                                                : Turn(bytes, value_size, batch, places, channels);
    return CompareLegs(desc_, analysis::LegInMemory(turned), target_.desc, LegOf(target_), limits_);
  }

  void Explain(LayerResult& result) const {
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

  const Layer& reference_;
  const Layer& target_;
  const CompareOptions& options_;
  TensorDesc desc_;  // of the reference as it is compared
  analysis::Tolerance limits_;
  double straight_cosine_ = 0;
  bool too_large_ = false;
};

// Layers are handed out one by one; the first error ends it all.
class Crew {
 public:
  Crew(const LayerSet& reference,
       const LayerSet& target,
       const Matching& matching,
       const CompareOptions& options)
      : reference_(reference),
        target_(target),
        matching_(matching),
        options_(options),
        results_(matching.pairs.size()) {}

  Result<std::vector<LayerResult>> Run() {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const size_t wanted = options_.threads == 0 ? cores : options_.threads;
    const size_t count = std::min(wanted, results_.size());
    std::vector<std::thread> others;
    for (size_t i = 1; i < count; ++i) {
      others.emplace_back([this] { Work(); });
    }
    Work();
    for (std::thread& thread : others) {
      thread.join();
    }
    PLUMB_RETURN_IF_ERROR(failed_);
    return std::move(results_);
  }

 private:
  void Work() {
    for (size_t i = next_++; i < results_.size() && !stop_; i = next_++) {
      const Status status = CompareOne(i);
      const std::lock_guard lock(reporting_);
      if (!status.ok() && failed_.ok()) {
        failed_ = status;
        stop_ = true;
      }
      ++done_;
      if (options_.progress) {
        options_.progress(done_, results_[i].report.name);
      }
    }
  }

  Status CompareOne(size_t i) {
    PLUMB_RETURN_IF_ERROR(options_.cancel.status());
    const LayerPair& pair = matching_.pairs[i];
    const Layer& target = target_.layers[pair.target];
    LayerResult& result = results_[i];
    result.pair = pair;
    LayerComparison comparison(reference_.layers[pair.reference], target, options_);
    PLUMB_RETURN_IF_ERROR(
        comparison.Run(turning_, result).Annotate("layer '" + target.desc.name + "'"));
    result.report.index = static_cast<uint32_t>(i);
    result.report.op = target.op;
    result.report.vendor_name = VendorName(target);
    return OkStatus();
  }

  const LayerSet& reference_;
  const LayerSet& target_;
  const Matching& matching_;
  const CompareOptions& options_;
  std::vector<LayerResult> results_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex turning_;    // one layer at a time is in memory
  std::mutex reporting_;  // guards the two below
  Status failed_;
  size_t done_ = 0;
};

}  // namespace

std::string_view LayoutEvidenceName(LayoutEvidence layout) {
  switch (layout) {
    case LayoutEvidence::kSame:
      return "same";
    case LayoutEvidence::kReshaped:
      return "reshaped";
    case LayoutEvidence::kNchwNhwc:
      return "nchw_to_nhwc";
    case LayoutEvidence::kNhwcNchw:
      break;
  }
  return "nhwc_to_nchw";
}

Result<std::vector<LayerResult>> CompareLayers(const LayerSet& reference,
                                               const LayerSet& target,
                                               const Matching& matching,
                                               const CompareOptions& options) {
  return Crew(reference, target, matching, options).Run();
}

}  // namespace plumb::layers
