#include "common/layers/compare.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "common/layers/layer_comparison.h"

namespace plumb::layers {
namespace {

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
        comparison.Run(holding_, result).Annotate("layer '" + target.desc.name + "'"));
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
  std::mutex holding_;    // one large layer at a time is in memory
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
