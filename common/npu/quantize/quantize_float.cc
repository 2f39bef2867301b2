#include <algorithm>
#include <cmath>

#include "common/base/text.h"
#include "common/npu/quantize/builder.h"
#include "common/npu/quantize/fuse_scales.h"
#include "common/npu/quantize/fuse_softmax.h"
#include "common/npu/quantize/quantize.h"
#include "common/npu/quantize/scheme.h"
#include "common/npu/quantize/split_composites.h"
#include "common/npu/quantize/weights.h"

namespace plumb::npu {
namespace {

class FloatQuantizer {
 public:
  FloatQuantizer(const Graph& graph,
                 const CalibrationRanges& ranges,
                 const QuantizeOptions& options,
                 std::vector<int> bits)
      : graph_(graph),
        ranges_(ranges),
        options_(options),
        bits_(std::move(bits)),
        builder_(graph, options) {}

  Result<FixedModel> Quantize();

 private:
  Status DefineInput(size_t position);
  // Does nothing to a tensor that is defined: what is not, is a constant.
  Status DefineConstant(uint32_t tensor);
  Status AddOp(const GraphOp& op);
  [[nodiscard]] Result<Scheme> SchemeFromCalibration(uint32_t tensor) const;
  [[nodiscard]] Result<Scheme> OutputScheme(const GraphOp& op) const;

  const Graph& graph_;
  const CalibrationRanges& ranges_;
  const QuantizeOptions& options_;
  const std::vector<int> bits_;  // of each tensor
  ModelBuilder builder_;
};

Result<Scheme> FloatQuantizer::SchemeFromCalibration(uint32_t tensor) const {
  const ValueRange& range = ranges_.tensors[tensor];
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
  Result<Scheme> scheme = SchemeFromCalibration(tensor);
  if (const PictureInput* picture = PictureOf(options_, position); picture != nullptr) {
    scheme = SchemeOfPicture(*picture);
  }
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
  const Scheme scheme =
      SchemeFromRange(static_cast<double>(*low), static_cast<double>(*high), bits_[tensor]);
  builder_.Define(tensor, scheme, StoreValues(values, scheme));
  return OkStatus();
}

Result<Scheme> FloatQuantizer::OutputScheme(const GraphOp& op) const {
  if (KeepsScheme(op.kind)) {
    const FixedTensor& input = builder_.At(op.inputs[0]);
    return Scheme{input.element_type, input.scale, input.zero_point};
  }
  if (const std::optional<Scheme> dictated = DictatedScheme(op.kind, bits_[op.output])) {
    return *dictated;
  }
  return SchemeFromCalibration(op.output);
}

Status FloatQuantizer::AddOp(const GraphOp& op) {
  const bool weighted = HasWeights(op.kind);
  const size_t values = weighted ? 1 : op.inputs.size();
  for (size_t i = 0; i < values; ++i) {
    PLUMB_RETURN_IF_ERROR(DefineConstant(op.inputs[i]).Annotate(DescribeOp(op)));
  }
  PLUMB_ASSIGN_OR_RETURN(const Scheme scheme, OutputScheme(op));
  builder_.Define(op.output, scheme);
  if (!weighted) {
    return builder_.AddOp(op, std::nullopt);
  }
  Result<IntegerWeights> weights =
      QuantizeWeights(graph_, op, builder_.At(op.inputs[0]).scale, bits_[op.inputs[0]]);
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

}  // namespace

Result<FixedModel> QuantizeFromFloat(const Graph& graph,
                                     const CalibrationRanges& ranges,
                                     const QuantizeOptions& options) {
  PLUMB_RETURN_IF_ERROR(ValidateGraph(graph));
  if (IsQuantized(graph)) {
    return FailedPreconditionError("the network is quantised already")
        .WithHint("take its own integers instead of calibrating it");
  }
  if (options.bits != 8 && options.bits != 16) {
    return InvalidArgumentError("activations have 8 or 16 bits, not " +
                                std::to_string(options.bits));
  }
  if (ranges.samples == 0) {
    return FailedPreconditionError("no sample was calibrated")
        .WithHint("give at least one representative input");
  }
  if (ranges.tensors.size() != graph.tensors.size()) {
    return InvalidArgumentError("the calibration is that of another network");
  }
  PLUMB_RETURN_IF_ERROR(CheckPictures(graph, options));
  std::vector<uint32_t> pictures;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    if (PictureOf(options, i) != nullptr) {
      pictures.push_back(graph.inputs[i]);
    }
  }
  CalibratedGraph split = SplitComposites({FuseSoftmax(graph), ranges});
  const Graph fused = FuseScales(std::move(split.graph));
  PLUMB_ASSIGN_OR_RETURN(std::vector<int> bits,
                         BitsOfTensors(fused, options.precision, options.bits, pictures));
  return FloatQuantizer(fused, split.ranges, options, std::move(bits)).Quantize();
}

}  // namespace plumb::npu
