#include "common/npu/quantize/fuse_softmax.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace plumb::npu {
namespace {

constexpr size_t kNone = SIZE_MAX;

class SoftmaxFinder {
 public:
  explicit SoftmaxFinder(const Graph& graph)
      : graph_(graph),
        makers_(graph.tensors.size(), kNone),
        readers_(graph.tensors.size(), 0) {
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      makers_[graph.ops[i].output] = i;
      for (const uint32_t input : graph.ops[i].inputs) {
        ++readers_[input];
      }
    }
    for (const uint32_t output : graph.outputs) {
      ++readers_[output];
    }
  }

  struct Match {
    uint32_t input;
    std::vector<size_t> parts;  // operations that the softmax replaces, the DIV not among them
  };

  // What the quotient `op` is the softmax of, if it is one.
  [[nodiscard]] std::optional<Match> MatchDivision(const GraphOp& op) const {
    if (op.kind != OpKind::kDiv || op.activation != Activation::kNone) {
      return std::nullopt;
    }
    const size_t exp = MakerOf(op.inputs[0], OpKind::kExp, 2);
    const size_t sum = MakerOf(op.inputs[1], OpKind::kSum, 1);
    if (exp == kNone || sum == kNone || graph_.ops[sum].inputs[0] != op.inputs[0] ||
        !KeepsLastAxis(graph_.ops[sum])) {
      return std::nullopt;
    }
    const size_t sub = MakerOf(graph_.ops[exp].inputs[0], OpKind::kSub, 1);
    if (sub == kNone || graph_.ops[sub].activation != Activation::kNone) {
      return std::nullopt;
    }
    const uint32_t input = graph_.ops[sub].inputs[0];
    const size_t max = MakerOf(graph_.ops[sub].inputs[1], OpKind::kReduceMax, 1);
    if (max == kNone || graph_.ops[max].inputs[0] != input || !KeepsLastAxis(graph_.ops[max])) {
      return std::nullopt;
    }
    return Match{input, {exp, sum, sub, max}};
  }

 private:
  // The operation of this kind that makes the tensor, which so many operations read.
  [[nodiscard]] size_t MakerOf(uint32_t tensor, OpKind kind, size_t readers) const {
    const size_t maker = makers_[tensor];
    const bool fits =
        maker != kNone && graph_.ops[maker].kind == kind && readers_[tensor] == readers;
    return fits ? maker : kNone;
  }

  [[nodiscard]] bool KeepsLastAxis(const GraphOp& op) const {
    const auto& reduce = std::get<ReduceAttributes>(op.attributes);
    const auto last = static_cast<int32_t>(graph_.tensors[op.inputs[0]].shape.rank()) - 1;
    return reduce.keep_dims && reduce.axes == std::vector<int32_t>{last};
  }

  const Graph& graph_;
  std::vector<size_t> makers_;
  std::vector<size_t> readers_;
};

}  // namespace

Graph FuseSoftmax(Graph graph) {
  const SoftmaxFinder finder(graph);
  std::vector<std::pair<size_t, SoftmaxFinder::Match>> matches;
  std::vector<bool> dropped(graph.ops.size());
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (auto match = finder.MatchDivision(graph.ops[i])) {
      for (const size_t part : match->parts) {
        dropped[part] = true;
      }
      matches.emplace_back(i, std::move(*match));
    }
  }
  for (const auto& [index, match] : matches) {
    GraphOp& op = graph.ops[index];
    op.kind = OpKind::kSoftmax;
    op.inputs = {match.input};
    op.attributes = SoftmaxAttributes{1};
  }
  std::vector<GraphOp> kept;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!dropped[i]) {
      kept.push_back(std::move(graph.ops[i]));
    }
  }
  graph.ops = std::move(kept);
  return graph;
}

}  // namespace plumb::npu
