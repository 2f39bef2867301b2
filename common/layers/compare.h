// Compares matched layers on all cores in bounded memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/layers/layer_set.h"
#include "common/layers/matching.h"

namespace plumb::layers {

// How the reference's values had to be laid out to be compared.
enum class LayoutEvidence {
  kSame,      // as they are
  kReshaped,  // another shape of as many values in the same order
  kNchwNhwc,  // the reference is [N,C,H,W], the target [N,H,W,C]
  kNhwcNchw,  // the other way round
};

// "same", "reshaped", "nchw_to_nhwc", "nhwc_to_nchw".
std::string_view LayoutEvidenceName(LayoutEvidence layout);

struct LayerResult {
  LayerPair pair;
  LayoutEvidence layout = LayoutEvidence::kSame;
  analysis::TensorReport report;  // index: the place in the order of execution
};

struct CompareOptions {
  analysis::TolerancePolicy policy;  // by the target's name
  // Whether 4-D tensors of one element count are tried as NCHW and NHWC. The turned reading is
  // taken where the shapes say so or its 1 − cosine is at most a tenth of the straight one's.
  bool try_layouts = true;
  unsigned threads = 0;  // 0: as many as there are cores
  CancelToken cancel;
  // After each layer, from any thread but one at a time: how many are done, and the name.
  std::function<void(size_t done, const std::string& name)> progress;
};

// In the order of `matching`. Memory: a few hundred KiB a thread; while a layout is tried both
// tensors of one layer, of at most kMaxTurned bytes (larger ones are only compared straight, and
// the reason says so). Fails with the first error of a source, or cancel's.
constexpr uint64_t kMaxTurned = uint64_t{64} << 20U;
Result<std::vector<LayerResult>> CompareLayers(const LayerSet& reference,
                                               const LayerSet& target,
                                               const Matching& matching,
                                               const CompareOptions& options);

}  // namespace plumb::layers
