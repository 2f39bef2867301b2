#include "common/npu/quantize/precision.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/npu/quantize/scheme.h"
#include "common/npu/quantize/weights.h"

namespace plumb::npu {
namespace {

constexpr size_t kNone = SIZE_MAX;

constexpr std::array<std::pair<std::string_view, ConvolutionInputs>, 4> kNames = {
    {{"ALL_UINT8", ConvolutionInputs::kAllUint8},
     {"ALL_INT16", ConvolutionInputs::kAllInt16},
     {"CONV2D_INT16", ConvolutionInputs::kConv2dInt16},
     {"DEPTHWISE_INT16", ConvolutionInputs::kDepthwiseInt16}}};

class Raiser {
 public:
  Raiser(const Graph& graph, int bits, const std::vector<uint32_t>& pictures)
      : graph_(graph),
        bits_(graph.tensors.size(), bits),
        fixed_(graph.tensors.size(), false),
        makers_(graph.tensors.size(), kNone) {
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      makers_[graph.ops[i].output] = i;
    }
    for (const uint32_t picture : pictures) {
      fixed_[picture] = true;
    }
    // What merely moves pixels holds pixels.
    for (const GraphOp& op : graph.ops) {
      fixed_[op.output] = KeepsScheme(op.kind) && fixed_[op.inputs[0]];
    }
  }

  void Raise(uint32_t tensor) {
    if (fixed_[tensor] || graph_.tensors[tensor].is_constant()) {
      return;
    }
    bits_[tensor] = 16;
    const size_t maker = makers_[tensor];
    if (maker != kNone && KeepsScheme(graph_.ops[maker].kind)) {
      Raise(graph_.ops[maker].inputs[0]);
    }
  }

  void RaiseInputs(ConvolutionInputs which) {
    for (const GraphOp& op : graph_.ops) {
      const bool depthwise = op.kind == OpKind::kDepthwiseConv2d;
      const bool raised = which == ConvolutionInputs::kDepthwiseInt16
                              ? depthwise
                              : which == ConvolutionInputs::kConv2dInt16 && !depthwise;
      if (HasWeights(op.kind) && raised) {
        Raise(op.inputs[0]);
      }
    }
  }

  // Downstream of what was raised, and constants beside it.
  std::vector<int> Finish() {
    for (const GraphOp& op : graph_.ops) {
      if (KeepsScheme(op.kind)) {
        bits_[op.output] = bits_[op.inputs[0]];
      }
      if (HasWeights(op.kind)) {
        continue;
      }
      int widest = bits_[op.output];
      for (const uint32_t input : op.inputs) {
        widest = std::max(widest, bits_[input]);
      }
      for (const uint32_t input : op.inputs) {
        if (graph_.tensors[input].is_constant()) {
          bits_[input] = widest;
        }
      }
    }
    return std::move(bits_);
  }

 private:
  const Graph& graph_;
  std::vector<int> bits_;
  std::vector<bool> fixed_;  // holds pixels
  std::vector<size_t> makers_;
};

bool ReadByConvolution(const Graph& graph, uint32_t tensor) {
  return std::any_of(graph.ops.begin(), graph.ops.end(), [tensor](const GraphOp& op) {
    return HasWeights(op.kind) && op.inputs[0] == tensor;
  });
}

Status Unknown(const Graph& graph, const std::string& name) {
  std::vector<std::string> names;
  for (const uint32_t tensor : RaisableTensors(graph, {})) {
    names.push_back(graph.tensors[tensor].name);
  }
  const std::optional<std::string> nearest = ClosestOf(name, names);
  return InvalidArgumentError("the network has no tensor '" + EscapeForDisplay(name) + "'")
      .WithHint(nearest ? "did you mean '" + EscapeForDisplay(*nearest) + "'?"
                        : "list them: plumb inspect MODEL");
}

// The nearest convolutions around a tensor: what the one that leads to it reads, and what those
// that follow read.
std::vector<std::string> Around(const Graph& graph, uint32_t tensor) {
  std::vector<std::string> names;
  std::vector<bool> leads(graph.tensors.size(), false);
  std::vector<bool> follows(graph.tensors.size(), false);
  leads[tensor] = true;
  follows[tensor] = true;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const GraphOp& op = graph.ops[i];
    if (leads[op.output] && HasWeights(op.kind)) {
      names.push_back(graph.tensors[op.inputs[0]].name);
    } else if (leads[op.output]) {
      for (const uint32_t input : op.inputs) {
        leads[input] = true;
      }
    }
  }
  for (const GraphOp& op : graph.ops) {
    const bool reached = std::any_of(
        op.inputs.begin(), op.inputs.end(), [&](uint32_t input) { return follows[input]; });
    if (reached && HasWeights(op.kind)) {
      names.push_back(graph.tensors[op.inputs[0]].name);
    } else if (reached) {
      follows[op.output] = true;
    }
  }
  return names;
}

Status NotRaisable(const Graph& graph, uint32_t tensor) {
  constexpr size_t kShown = 4;
  std::string around;
  std::vector<std::string> names = Around(graph, tensor);
  names.resize(std::min(names.size(), kShown));
  for (const std::string& name : names) {
    around += (around.empty() ? "'" : ", '") + EscapeForDisplay(name) + "'";
  }
  return InvalidArgumentError("no convolution reads '" +
                              EscapeForDisplay(graph.tensors[tensor].name) +
                              "', and only what one reads can be INT16")
      .WithHint(around.empty() ? "choose the input of a convolution"
                               : "raise those of the convolutions around it: " + around);
}

}  // namespace

Result<ConvolutionInputs> ConvolutionInputsFromName(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (name == known) {
      return value;
    }
  }
  return InvalidArgumentError("'" + EscapeForDisplay(name) +
                              "' is not one of ALL_UINT8, ALL_INT16, CONV2D_INT16, "
                              "DEPTHWISE_INT16");
}

std::vector<uint32_t> RaisableTensors(const Graph& graph, const std::vector<uint32_t>& pictures) {
  std::vector<bool> seen(graph.tensors.size(), false);
  for (const uint32_t picture : pictures) {
    seen[picture] = true;
  }
  std::vector<uint32_t> tensors;
  for (const GraphOp& op : graph.ops) {
    const uint32_t input = op.inputs[0];
    if (HasWeights(op.kind) && !seen[input] && !graph.tensors[input].is_constant()) {
      seen[input] = true;
      tensors.push_back(input);
    }
  }
  return tensors;
}

Result<std::vector<int>> BitsOfTensors(const Graph& graph,
                                       const Precision& precision,
                                       int bits,
                                       const std::vector<uint32_t>& pictures) {
  const bool all = precision.inputs == ConvolutionInputs::kAllInt16;
  Raiser raiser(graph, all ? 16 : bits, pictures);
  raiser.RaiseInputs(precision.inputs);
  for (const std::string& name : precision.tensors) {
    const auto found =
        std::find_if(graph.tensors.begin(), graph.tensors.end(), [&](const GraphTensor& tensor) {
          return tensor.name == name && !tensor.is_constant();
        });
    if (found == graph.tensors.end()) {
      return Unknown(graph, name);
    }
    const auto tensor = static_cast<uint32_t>(found - graph.tensors.begin());
    if (!ReadByConvolution(graph, tensor)) {
      return NotRaisable(graph, tensor);
    }
    raiser.Raise(tensor);
  }
  return raiser.Finish();
}

}  // namespace plumb::npu
