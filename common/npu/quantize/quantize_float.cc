#include <algorithm>
#include <cmath>

#include "common/base/text.h"
#include "common/npu/quantize/builder.h"
#include "common/npu/quantize/fuse_scales.h"
#include "common/npu/quantize/fuse_softmax.h"
#include "common/npu/quantize/quantize.h"
#include "common/npu/quantize/record_fused.h"
#include "common/npu/quantize/scheme.h"
#include "common/npu/quantize/split_composites.h"
#include "common/npu/quantize/table.h"
#include "common/npu/quantize/weights.h"

namespace plumb::npu {
namespace {

class FloatQuantizer {
 public:
  // `ranges` are those of the tensors' own widths; with `table` they are not used.
  FloatQuantizer(const Graph& graph,
                 std::vector<ValueRange> ranges,
                 const TableSchemes* table,
                 const QuantizeOptions& options,
                 std::vector<int> bits)
      : graph_(graph),
        ranges_(std::move(ranges)),
        table_(table),
        options_(options),
        bits_(std::move(bits)),
        builder_(graph, options) {}

  Result<FixedModel> Quantize();

 private:
  Status DefineInput(size_t position);
  // Does nothing to a tensor that is defined: what is not, is a constant.
  Status DefineConstant(uint32_t tensor);
  Status AddOp(const GraphOp& op);
  // An operation that keeps its input's scheme, and the QUANTIZE that the table may ask for.
  Status AddKeeper(const GraphOp& op);
  [[nodiscard]] Result<IntegerWeights> WeightsOf(const GraphOp& op) const;
  // What calibration or the table says of a tensor that is no constant.
  [[nodiscard]] Result<Scheme> SchemeOf(uint32_t tensor) const;
  [[nodiscard]] Result<Scheme> OutputScheme(const GraphOp& op) const;

  const Graph& graph_;
  const std::vector<ValueRange> ranges_;
  const TableSchemes* table_;
  const QuantizeOptions& options_;
  const std::vector<int> bits_;  // of each tensor
  ModelBuilder builder_;
};

Result<Scheme> FloatQuantizer::SchemeOf(uint32_t tensor) const {
  if (table_ != nullptr) {
    const auto& scheme = table_->tensors[tensor];
    return scheme ? Result<Scheme>(*scheme)
                  : InvalidArgumentError("the table has no entry for tensor '" +
                                         EscapeForDisplay(graph_.tensors[tensor].name) + "'")
                        .WithHint("write the table anew with: plumb quant-params");
  }
  const ValueRange& range = ranges_[tensor];
  if (!range.seen || !std::isfinite(range.low) || !std::isfinite(range.high) ||
      range.low > range.high) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(graph_.tensors[tensor].name) +
                                "' has no range")
        .WithHint("calibrate this very network");
  }
  return SchemeFromRange(
      static_cast<double>(range.low), static_cast<double>(range.high), bits_[tensor]);
}

Status FloatQuantizer::DefineInput(size_t position) {
  const uint32_t tensor = graph_.inputs[position];
  if (graph_.tensors[tensor].element_type != ElementType::kFloat32) {
    return UnimplementedError("input '" + EscapeForDisplay(graph_.tensors[tensor].name) +
                              "' of a float network holds integers")
        .WithHint("export the model with float inputs");
  }
  const PictureInput* picture = PictureOf(options_, position);
  const Result<Scheme> scheme = picture != nullptr ? SchemeOfPicture(*picture) : SchemeOf(tensor);
  if (!scheme.ok()) {
    return scheme.status().Annotate("input '" + EscapeForDisplay(graph_.tensors[tensor].name) +
                                    "'");
  }
  builder_.Define(tensor, *scheme);
  return builder_.AddInput(position);
}

Status FloatQuantizer::DefineConstant(uint32_t tensor) {
  if (builder_.IsDefined(tensor)) {
    return OkStatus();
  }
  const std::vector<float> values = ConstantAsFloats(graph_.tensors[tensor]);
  const bool finite =
      std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (!finite) {
    return InvalidArgumentError("constant '" + EscapeForDisplay(graph_.tensors[tensor].name) +
                                "' holds NaN or infinity");
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  Scheme scheme =
      SchemeFromRange(static_cast<double>(*low), static_cast<double>(*high), bits_[tensor]);
  if (table_ != nullptr && table_->tensors[tensor]) {
    scheme = *table_->tensors[tensor];
  }
  builder_.Define(tensor, scheme, StoreValues(values, scheme));
  return OkStatus();
}

Result<Scheme> FloatQuantizer::OutputScheme(const GraphOp& op) const {
  if (table_ == nullptr) {
    if (const auto dictated = DictatedScheme(op.kind, bits_[op.output])) {
      return *dictated;
    }
  }
  return SchemeOf(op.output);
}

Status FloatQuantizer::AddKeeper(const GraphOp& op) {
  const FixedTensor& input = builder_.At(op.inputs[0]);
  const Scheme kept{input.element_type, input.scale, input.zero_point};
  builder_.Define(op.output, kept);
  PLUMB_RETURN_IF_ERROR(builder_.AddOp(op, std::nullopt));
  if (table_ == nullptr) {
    return OkStatus();
  }
  const auto& wanted = table_->tensors[op.output];
  return wanted && !(*wanted == kept) ? builder_.Requantize(op, *wanted) : OkStatus();
}

Result<IntegerWeights> FloatQuantizer::WeightsOf(const GraphOp& op) const {
  const double input_scale = builder_.At(op.inputs[0]).scale;
  if (table_ != nullptr) {
    const auto scales = table_->weights.find(op.inputs[1]);
    if (scales != table_->weights.end()) {
      return QuantizeWeightsWith(graph_, op, input_scale, scales->second);
    }
  }
  const WeightUse use = {input_scale, builder_.At(op.output).scale, bits_[op.inputs[0]]};
  return QuantizeWeights(graph_, op, use, options_.weights);
}

Status FloatQuantizer::AddOp(const GraphOp& op) {
  const bool weighted = HasWeights(op.kind);
  const size_t values = weighted ? 1 : op.inputs.size();
  for (size_t i = 0; i < values; ++i) {
    PLUMB_RETURN_IF_ERROR(DefineConstant(op.inputs[i]).Annotate(DescribeOp(op)));
  }
  if (KeepsScheme(op.kind)) {
    return AddKeeper(op);
  }
  PLUMB_ASSIGN_OR_RETURN(const Scheme scheme, OutputScheme(op));
  builder_.Define(op.output, scheme);
  if (!weighted) {
    return builder_.AddOp(op, std::nullopt);
  }
  Result<IntegerWeights> weights = WeightsOf(op);
  if (!weights.ok()) {
    return weights.status().Annotate(DescribeOp(op));
  }
  return builder_.AddOp(op, std::move(*weights));
}

Result<FixedModel> FloatQuantizer::Quantize() {
  for (size_t i = 0; i < graph_.inputs.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(DefineInput(i));
  }
  for (const GraphOp& op : graph_.ops) {
    PLUMB_RETURN_IF_ERROR(AddOp(op));
  }
  for (const uint32_t output : graph_.outputs) {
    PLUMB_RETURN_IF_ERROR(DefineConstant(output));
  }
  return builder_.Finish();
}

Status CheckNetwork(const Graph& graph, const QuantizeOptions& options) {
  PLUMB_RETURN_IF_ERROR(ValidateGraph(graph));
  if (IsQuantized(graph)) {
    return FailedPreconditionError("the network is quantised already")
        .WithHint("take its own integers instead of calibrating it");
  }
  if (options.bits != 8 && options.bits != 16) {
    return InvalidArgumentError("activations have 8 or 16 bits, not " +
                                std::to_string(options.bits));
  }
  return CheckPictures(graph, options);
}

// Of each tensor the range that its width wants. Splitting depends on the graph alone, so both
// kinds of ranges get the same tensors.
std::vector<ValueRange> RangesFor(const std::vector<int>& bits,
                                  const Graph& graph,
                                  const CalibrationRanges& calibrated,
                                  std::vector<ValueRange> ranges) {
  if (calibrated.wide.empty()) {
    return ranges;
  }
  const CalibratedGraph wide =
      SplitComposites({graph, CalibrationRanges{calibrated.wide, calibrated.samples, {}}});
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (bits[i] == 16) {
      ranges[i] = wide.ranges.tensors[i];
    }
  }
  return ranges;
}

}  // namespace

Result<FixedModel> QuantizeFromFloat(const Graph& graph,
                                     const CalibrationRanges& ranges,
                                     const QuantizeOptions& options) {
  PLUMB_RETURN_IF_ERROR(CheckNetwork(graph, options));
  if (ranges.samples == 0) {
    return FailedPreconditionError("no sample was calibrated")
        .WithHint("give at least one representative input");
  }
  const size_t tensors = graph.tensors.size();
  if (ranges.tensors.size() != tensors || (!ranges.wide.empty() && ranges.wide.size() != tensors)) {
    return InvalidArgumentError("the calibration is that of another network");
  }
  std::vector<uint32_t> pictures;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    if (PictureOf(options, i) != nullptr) {
      pictures.push_back(graph.inputs[i]);
    }
  }
  const Graph softmax = FuseSoftmax(graph);
  CalibratedGraph split = SplitComposites({softmax, ranges});
  const Graph fused = FuseScales(std::move(split.graph));
  PLUMB_ASSIGN_OR_RETURN(std::vector<int> bits,
                         BitsOfTensors(fused, options.precision, options.bits, pictures));
  std::vector<ValueRange> own = RangesFor(bits, softmax, ranges, split.ranges.tensors);
  PLUMB_ASSIGN_OR_RETURN(
      FixedModel model,
      FloatQuantizer(fused, std::move(own), nullptr, options, std::move(bits)).Quantize());
  RecordFused(graph, fused, model);
  return model;
}

Result<FixedModel> QuantizeFromTable(const Graph& graph,
                                     std::span<const dump::TableEntry> table,
                                     const QuantizeOptions& options) {
  PLUMB_RETURN_IF_ERROR(CheckNetwork(graph, options));
  CalibrationRanges none;
  none.tensors.resize(graph.tensors.size());
  const Graph fused = FuseScales(SplitComposites({FuseSoftmax(graph), none}).graph);
  PLUMB_ASSIGN_OR_RETURN(const TableSchemes schemes, SchemesOfTable(fused, table));
  std::vector<int> bits(fused.tensors.size(), 8);
  PLUMB_ASSIGN_OR_RETURN(FixedModel model,
                         FloatQuantizer(fused, {}, &schemes, options, std::move(bits)).Quantize());
  RecordFused(graph, fused, model);
  return model;
}

}  // namespace plumb::npu
