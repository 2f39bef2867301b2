// Compares matched layers on all cores in bounded memory.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/diagnosis/look_inside.h"
#include "common/layers/layer_set.h"
#include "common/layers/matching.h"
#include "common/layers/profile.h"

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
  analysis::TensorReport report;             // index: the place in the order of execution
  std::optional<LayerProfile> profile;       // empty where nothing could be compared
  std::vector<diagnosis::Finding> findings;  // of a layer out of bounds, best first
  bool too_large_to_look_inside = false;     // it is out of bounds and was not looked into
};

struct CompareOptions {
  analysis::TolerancePolicy policy;  // by the target's name
  // Whether 4-D tensors of one element count are tried as NCHW and NHWC. The turned reading is
  // taken where the shapes say so or its 1 − cosine is at most a tenth of the straight one's.
  bool try_layouts = true;
  bool profile = true;      // LayerResult::profile is filled
  bool look_inside = true;  // layers that are out of bounds are read again for what happened
  unsigned threads = 0;     // 0: as many as there are cores
  CancelToken cancel;
  // After each layer, from any thread but one at a time: how many are done, and the name.
  std::function<void(size_t done, const std::string& name)> progress;
};

// In the order of `matching`. Memory: a few hundred KiB a thread. While a layout is tried or a
// layer is looked into, both tensors of one layer are held: of at most kMaxTurned bytes each for
// layouts (larger ones are only compared straight, and the reason says so), of kMaxElements values
// each for the look. Fails with the first error of a source, or cancel's. The results depend on the
// values alone, not on the number of threads.
constexpr uint64_t kMaxTurned = uint64_t{64} << 20U;
Result<std::vector<LayerResult>> CompareLayers(const LayerSet& reference,
                                               const LayerSet& target,
                                               const Matching& matching,
                                               const CompareOptions& options);

}  // namespace plumb::layers
