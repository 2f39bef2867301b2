#include "common/npu/quantize/record_fused.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/text.h"

namespace plumb::npu {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// For each tensor of `original` the first one behind it that is computed: itself where it is.
// kNone where nothing that is computed reads it.
std::vector<uint32_t> Ends(const Graph& original, const std::vector<bool>& computed) {
  std::vector<uint32_t> ends(original.tensors.size(), kNone);
  for (size_t i = original.ops.size(); i-- > 0;) {
    const GraphOp& op = original.ops[i];
    if (computed[op.output]) {
      ends[op.output] = op.output;
    }
    // Earlier readers overwrite later ones, so that the nearest remains.
    for (const uint32_t input : op.inputs) {
      ends[input] = ends[op.output] == kNone ? ends[input] : ends[op.output];
    }
  }
  return ends;
}

}  // namespace

void RecordFused(const Graph& original, const Graph& fused, FixedModel& model) {
  std::vector<bool> computed(original.tensors.size(), false);
  for (const GraphOp& op : fused.ops) {
    if (op.output < computed.size()) {
      computed[op.output] = true;
    }
  }
  std::map<std::string, uint32_t> indices;
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    indices.emplace(model.tensors[i].name, static_cast<uint32_t>(i));
  }
  const std::vector<uint32_t> ends = Ends(original, computed);
  for (const GraphOp& op : original.ops) {
    const uint32_t end = ends[op.output];
    if (computed[op.output] || end == kNone || !IsSafeName(original.tensors[op.output].name)) {
      continue;
    }
    const auto into = indices.find(original.tensors[end].name);
    if (into != indices.end()) {
      model.fused.push_back({original.tensors[op.output].name, into->second});
    }
  }
}

}  // namespace plumb::npu
