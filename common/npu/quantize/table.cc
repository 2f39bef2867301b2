#include "common/npu/quantize/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/npu/quantize/weights.h"

namespace plumb::npu {
namespace {

constexpr double kLargestWeight = 127;
constexpr double kLargestWide = 32767;
constexpr double kByteSteps = 255;

// Of tensors that the quantiser puts between those of the network (builder.h).
constexpr std::array<std::string_view, 3> kOwnSuffixes = {"/u8", "/s16", "/slice"};

dump::TableEntry EntryOf(const FixedTensor& tensor) {
  Clamp range = StoredRange(tensor.element_type);
  const bool wide = tensor.element_type == ElementType::kInt16;
  range.low = wide ? -range.high : range.low;
  const auto real = [&tensor](int32_t stored) {
    return (stored - tensor.zero_point) * tensor.scale;
  };
  return {tensor.name, {real(range.low)}, {real(range.high)}, wide ? 16 : 8};
}

const LinearWeights* LinearOf(const OpAttributes& attributes) {
  if (const auto* conv = std::get_if<Conv2d>(&attributes)) {
    return &conv->linear;
  }
  if (const auto* conv = std::get_if<DepthwiseConv2d>(&attributes)) {
    return &conv->linear;
  }
  if (const auto* conv = std::get_if<TransposeConv2d>(&attributes)) {
    return &conv->linear;
  }
  const auto* full = std::get_if<FullyConnected>(&attributes);
  return full != nullptr ? &full->linear : nullptr;
}

dump::TableEntry EntryOf(const FixedModel& model, const FixedOp& op, const LinearWeights& linear) {
  const FixedTensor& output = model.tensors[op.output];
  dump::TableEntry entry{output.name + std::string(kWeightsSuffix), {}, {}, 8};
  for (const Multiplier& multiplier : linear.multipliers) {
    const double factor = std::ldexp(static_cast<double>(multiplier.mantissa), -multiplier.shift);
    // 31 bits of the factor are more than enough to name one float32.
    const auto scale =
        static_cast<float>(factor * output.scale / model.tensors[op.inputs[0]].scale);
    entry.max.push_back(kLargestWeight * static_cast<double>(scale));
    entry.min.push_back(-entry.max.back());
  }
  const bool same = std::all_of(
      entry.max.begin(), entry.max.end(), [&](double max) { return max == entry.max.front(); });
  if (same) {
    entry.min.resize(1);
    entry.max.resize(1);
  }
  return entry;
}

double LargestOf(const dump::TableEntry& entry, size_t i) {
  return std::max(std::fabs(entry.min[i]), std::fabs(entry.max[i]));
}

Result<Scheme> SchemeOf(const dump::TableEntry& entry) {
  if (entry.min.size() != 1) {
    return InvalidArgumentError("it has " + std::to_string(entry.min.size()) +
                                " ranges, but is no weights and needs one");
  }
  if (entry.bit == 4) {
    return UnimplementedError("it has 4 bits; tensors have 8 or 16");
  }
  const double low = std::min(entry.min[0], 0.0);
  const double high = std::max(entry.max[0], 0.0);
  Scheme scheme;
  if (entry.bit == 16) {
    scheme = {ElementType::kInt16,
              static_cast<double>(static_cast<float>(LargestOf(entry, 0) / kLargestWide)),
              0};
  } else {
    scheme.scale = static_cast<double>(static_cast<float>((high - low) / kByteSteps));
  }
  if (!std::isfinite(scheme.scale)) {
    return InvalidArgumentError("its range is too large for a scale");
  }
  if (!(scheme.scale > 0)) {
    return SchemeFromRange(0, 0, entry.bit);
  }
  if (entry.bit == 8) {
    scheme.zero_point =
        static_cast<int32_t>(std::clamp(std::rint(-low / scheme.scale), 0.0, kByteSteps));
  }
  return scheme;
}

Result<std::vector<double>> WeightScalesOf(const dump::TableEntry& entry) {
  if (entry.bit != 8) {
    return UnimplementedError("it has " + std::to_string(entry.bit) + " bits; weights have 8");
  }
  std::vector<double> scales;
  for (size_t i = 0; i < entry.min.size(); ++i) {
    const auto scale = static_cast<float>(LargestOf(entry, i) / kLargestWeight);
    if (!(scale > 0) || !std::isfinite(scale)) {
      return InvalidArgumentError(scale > 0 ? "a range of weights is too large for a scale"
                                            : "a range of weights is empty");
    }
    scales.push_back(static_cast<double>(scale));
  }
  return scales;
}

// Finds what the names of a table mean.
class TableNames {
 public:
  explicit TableNames(const Graph& graph) {
    for (uint32_t i = 0; i < graph.tensors.size(); ++i) {
      tensors_.emplace(graph.tensors[i].name, i);
    }
    for (const GraphOp& op : graph.ops) {
      if (HasWeights(op.kind)) {
        weights_.emplace(graph.tensors[op.output].name, op.inputs[1]);
        weight_tensors_.insert(op.inputs[1]);
      }
    }
  }

  [[nodiscard]] std::optional<uint32_t> Tensor(const std::string& name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? std::nullopt : std::optional(found->second);
  }

  // Of weights by their own name or by their operation's.
  [[nodiscard]] std::optional<uint32_t> Weights(const std::string& name) const {
    const std::optional<uint32_t> own = Tensor(name);
    if (own) {
      return weight_tensors_.count(*own) > 0 ? own : std::nullopt;
    }
    const auto found = weights_.find(StemOf(name, kWeightsSuffix));
    return found == weights_.end() ? std::nullopt : std::optional(found->second);
  }

  [[nodiscard]] bool IsOurs(const std::string& name) const {
    return std::any_of(kOwnSuffixes.begin(), kOwnSuffixes.end(), [&](std::string_view suffix) {
      const std::string stem = StemOf(name, suffix);
      const auto next = tensors_.lower_bound(stem);
      return !stem.empty() && next != tensors_.end() && next->first.starts_with(stem);
    });
  }

  [[nodiscard]] Status Unknown(const std::string& name) const {
    std::vector<std::string> known;
    for (const auto& tensor : tensors_) {
      known.push_back(tensor.first);
    }
    const auto near = ClosestOf(name, known);
    return InvalidArgumentError("the table names '" + EscapeForDisplay(name) +
                                "', which the network does not have")
        .WithHint(near ? "did you mean '" + EscapeForDisplay(*near) + "'?"
                       : "is it the table of another network?");
  }

 private:
  static std::string StemOf(const std::string& name, std::string_view suffix) {
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : std::string();
  }

  std::map<std::string, uint32_t> tensors_;
  std::map<std::string, uint32_t> weights_;  // by the operation's output
  std::set<uint32_t> weight_tensors_;
};

Status Take(const dump::TableEntry& entry, const TableNames& names, TableSchemes& schemes) {
  if (const auto weights = names.Weights(entry.name)) {
    PLUMB_ASSIGN_OR_RETURN(schemes.weights[*weights], WeightScalesOf(entry));
  } else if (const auto tensor = names.Tensor(entry.name)) {
    PLUMB_ASSIGN_OR_RETURN(schemes.tensors[*tensor], SchemeOf(entry));
  } else if (!names.IsOurs(entry.name)) {
    return names.Unknown(entry.name);
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<dump::TableEntry>> TableOf(const FixedModel& model) {
  std::vector<dump::TableEntry> table;
  for (const FixedTensor& tensor : model.tensors) {
    table.push_back(EntryOf(tensor));
  }
  for (const FixedOp& op : model.ops) {
    if (const LinearWeights* linear = LinearOf(op.attributes)) {
      table.push_back(EntryOf(model, op, *linear));
    }
  }
  std::set<std::string_view> names;
  for (const dump::TableEntry& entry : table) {
    if (!names.insert(entry.name).second) {
      return FailedPreconditionError("two tensors of the model are called '" +
                                     EscapeForDisplay(entry.name) +
                                     "', which no table can tell apart");
    }
  }
  return table;
}

Result<TableSchemes> SchemesOfTable(const Graph& graph, std::span<const dump::TableEntry> table) {
  const TableNames names(graph);
  TableSchemes schemes;
  schemes.tensors.resize(graph.tensors.size());
  for (const dump::TableEntry& entry : table) {
    PLUMB_RETURN_IF_ERROR(
        Take(entry, names, schemes).Annotate("table entry '" + EscapeForDisplay(entry.name) + "'"));
  }
  return schemes;
}

}  // namespace plumb::npu
