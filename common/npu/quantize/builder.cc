#include "common/npu/quantize/builder.h"

#include "common/base/text.h"
#include "common/npu/model/freeze.h"
#include "common/npu/model/validate.h"
#include "common/npu/quantize/lowering.h"

namespace plumb::npu {
namespace {

constexpr size_t kMaxStem = 200;  // bytes of a name that is made longer

Status CheckPicture(const PictureInput& picture, const Shape& shape) {
  const bool gray = picture.format == InputFormat::kGray;
  if (!gray && picture.format != InputFormat::kRgb && picture.format != InputFormat::kBgr) {
    return InvalidArgumentError("a network is trained on RGB, BGR or GRAY, not " +
                                std::string(InputFormatName(picture.format)));
  }
  if (shape.rank() != 4 || shape[3] != (gray ? 1 : 3)) {
    return InvalidArgumentError("its shape " + shape.ToString() + " is not that of a picture in " +
                                std::string(InputFormatName(picture.format)));
  }
  if (!(picture.std_dev > 0)) {
    return InvalidArgumentError("its standard deviation is not positive");
  }
  return OkStatus();
}

// The shape a slice has before its axes are dropped.
Shape SliceShape(const StridedSliceAttributes& slice) {
  const std::vector<int64_t> dims(slice.size.begin(), slice.size.end());
  const Result<Shape> shape = Shape::Create(dims);
  return shape.ok() ? *shape : Shape();
}

}  // namespace

const PictureInput* PictureOf(const QuantizeOptions& options, size_t position) {
  const bool given = position < options.pictures.size() && options.pictures[position];
  return given ? &*options.pictures[position] : nullptr;
}

Status CheckPictures(const Graph& graph, const QuantizeOptions& options) {
  if (!options.pictures.empty() && options.pictures.size() != graph.inputs.size()) {
    return InvalidArgumentError("the network has " + std::to_string(graph.inputs.size()) +
                                " inputs but " + std::to_string(options.pictures.size()) +
                                " are described");
  }
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const GraphTensor& tensor = graph.tensors[graph.inputs[i]];
    if (const PictureInput* picture = PictureOf(options, i); picture != nullptr) {
      PLUMB_RETURN_IF_ERROR(CheckPicture(*picture, tensor.shape)
                                .Annotate("input '" + EscapeForDisplay(tensor.name) + "'"));
    }
  }
  return OkStatus();
}

ModelBuilder::ModelBuilder(const Graph& graph, const QuantizeOptions& options)
    : graph_(graph),
      options_(options),
      index_(graph.tensors.size()) {
  model_.name = IsSafeName(graph.name) ? graph.name : "model";
  model_.rounding = options.rounding;
}

const FixedTensor& ModelBuilder::At(uint32_t tensor) const {
  return model_.tensors[index_[tensor].value_or(0)];
}

void ModelBuilder::Define(uint32_t tensor, const Scheme& scheme, Buffer constant) {
  index_[tensor] = static_cast<uint32_t>(model_.tensors.size());
  const GraphTensor& source = graph_.tensors[tensor];
  model_.tensors.push_back({source.name,
                            source.shape,
                            scheme.type,
                            scheme.scale,
                            scheme.zero_point,
                            std::move(constant),
                            source.role == FileRole::kPlainNchw});
}

void ModelBuilder::Alias(uint32_t tensor, uint32_t defined) {
  index_[tensor] = index_[defined];
}

void ModelBuilder::Rename(uint32_t tensor, const std::string& name) {
  model_.tensors[index_[tensor].value_or(0)].name = name;
}

Status ModelBuilder::AddInput(size_t position) {
  ModelInput input;
  input.tensor = index_[graph_.inputs[position]].value_or(0);
  if (const PictureInput* picture = PictureOf(options_, position); picture != nullptr) {
    if (At(graph_.inputs[position]).element_type == ElementType::kInt16) {
      return UnimplementedError("input '" +
                                EscapeForDisplay(graph_.tensors[graph_.inputs[position]].name) +
                                "' is INT16, which holds no pixels")
          .WithHint("describe it as a raw input");
    }
    input.training_format = picture->format;
    input.mean = picture->mean;
    input.std_dev = picture->std_dev;
  }
  model_.inputs.push_back(input);
  return OkStatus();
}

Status ModelBuilder::AddOp(const GraphOp& op, std::optional<IntegerWeights> weights) {
  LoweringContext context;
  context.op = &op;
  FixedOp fixed;
  fixed.name = op.name;
  fixed.source_op = OpKindName(op.kind);
  fixed.output = index_[op.output].value_or(0);
  const size_t values = weights ? 1 : op.inputs.size();
  for (size_t i = 0; i < values; ++i) {
    fixed.inputs.push_back(index_[op.inputs[i]].value_or(0));
    context.inputs.push_back(&At(op.inputs[i]));
  }
  context.output = &At(op.output);
  context.weights = std::move(weights);
  Result<OpAttributes> attributes = LowerOp(context);
  if (!attributes.ok()) {
    return attributes.status().Annotate(DescribeOp(op));
  }
  if (op.kind == OpKind::kStridedSlice &&
      context.inputs[0]->shape.rank() != At(op.output).shape.rank()) {
    AddSliceWithDroppedAxes(op, std::move(*attributes));
    return OkStatus();
  }
  fixed.attributes = std::move(*attributes);
  model_.ops.push_back(std::move(fixed));
  return OkStatus();
}

void ModelBuilder::AddSliceWithDroppedAxes(const GraphOp& op, OpAttributes attributes) {
  FixedTensor whole = At(op.output);
  whole.name = At(op.output).name.substr(0, kMaxStem) + "/slice";
  whole.shape = SliceShape(std::get<StridedSliceAttributes>(op.attributes));
  const auto middle = static_cast<uint32_t>(model_.tensors.size());
  model_.tensors.push_back(std::move(whole));
  const uint32_t input = index_[op.inputs[0]].value_or(0);
  const std::string kind(OpKindName(op.kind));
  model_.ops.push_back({op.name, kind, {input}, middle, std::move(attributes)});
  model_.ops.push_back({op.name, kind, {middle}, index_[op.output].value_or(0), Reshape{}});
}

Status ModelBuilder::Requantize(const GraphOp& op, const Scheme& scheme) {
  const uint32_t from = index_[op.output].value_or(0);
  const FixedTensor& former = At(op.output);
  auto multiplier = FreezeMultiplier(former.scale / scheme.scale);
  if (!multiplier.ok()) {
    return multiplier.status().Annotate(DescribeOp(op));
  }
  Define(op.output, scheme);
  FixedTensor& middle = model_.tensors[from];
  middle.name = middle.name.substr(0, kMaxStem) +
                (middle.element_type == ElementType::kInt16 ? "/s16" : "/u8");
  model_.ops.push_back({op.name,
                        std::string(OpKindName(OpKind::kQuantize)),
                        {from},
                        index_[op.output].value_or(0),
                        npu::Requantize{*multiplier, StoredRange(scheme.type)}});
  return OkStatus();
}

Result<FixedModel> ModelBuilder::Finish() {
  for (const uint32_t output : graph_.outputs) {
    if (!index_[output]) {
      return UnimplementedError("output '" + EscapeForDisplay(graph_.tensors[output].name) +
                                "' is not computed");
    }
    model_.outputs.push_back(*index_[output]);
  }
  PLUMB_RETURN_IF_ERROR(ValidateModel(model_));
  return std::move(model_);
}

}  // namespace plumb::npu
