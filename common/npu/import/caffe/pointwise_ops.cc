#include <array>

#include "common/npu/import/caffe/ops.h"

namespace plumb::npu::caffe {
namespace {

template <OpKind kKind>
Status ConvertUnary(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  return layer.Make(x.layout, kKind, {x.tensor});
}

Status ConvertCopy(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  return layer.MakeCopies();
}

Status MakeLeaky(const LayerView& layer, const Operand& x, float slope) {
  return slope == 0
             ? layer.Make(x.layout, OpKind::kRelu, {x.tensor})
             : layer.Make(x.layout, OpKind::kLeakyRelu, {x.tensor}, LeakyReluAttributes{slope});
}

Status ConvertRelu(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("relu_param"));
  PLUMB_ASSIGN_OR_RETURN(const float slope, param.Real("negative_slope", 0));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  return MakeLeaky(layer, x, slope);
}

// One slope for each channel, or one for all.
Status ConvertPrelu(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("prelu_param"));
  PLUMB_ASSIGN_OR_RETURN(const bool shared, param.Flag("channel_shared", false));
  const Shape& shape = layer.bottom().shape;
  if (shape.rank() < 2) {
    return InvalidArgumentError("has no channels in " + shape.ToString());
  }
  const int64_t channels = shared ? 1 : shape[1];
  PLUMB_ASSIGN_OR_RETURN(Blob* const slopes, layer.Weight(0, static_cast<uint64_t>(channels)));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  std::vector<int64_t> dims = {channels};
  if (x.layout == Layout::kPlain && !shared) {
    dims.resize(shape.rank() - 1, 1);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape declared, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t slope,
                         layer.Constant("slopes", declared, std::move(slopes->values)));
  return layer.Make(x.layout, OpKind::kPrelu, {x.tensor, slope});
}

// x · sigmoid(beta · x)
Status ConvertSwish(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("swish_param"));
  PLUMB_ASSIGN_OR_RETURN(const float beta, param.Real("beta", 1));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  uint32_t scaled = x.tensor;
  if (beta != 1) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t factor, layer.Scalar("beta", beta));
    PLUMB_ASSIGN_OR_RETURN(scaled, layer.Step("scaled", OpKind::kMul, {x.tensor, factor}));
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t gate, layer.Step("gate", OpKind::kLogistic, {scaled}));
  return layer.Make(x.layout, OpKind::kMul, {x.tensor, gate});
}

// x > 0: x, else alpha · (exp(x) − 1).
Status ConvertElu(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("elu_param"));
  EluAttributes elu;
  PLUMB_ASSIGN_OR_RETURN(elu.alpha, param.Real("alpha", 1));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  return layer.Make(x.layout, OpKind::kElu, {x.tensor}, elu);
}

Status ConvertClip(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("clip_param"));
  if (!param.Has("min") || !param.Has("max")) {
    return InvalidArgumentError("must have clip_param with min and max");
  }
  ClipAttributes clip;
  PLUMB_ASSIGN_OR_RETURN(clip.low, param.Real("min", 0));
  PLUMB_ASSIGN_OR_RETURN(clip.high, param.Real("max", 0));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  return layer.Make(x.layout, OpKind::kClip, {x.tensor}, clip);
}

// The bottoms under one layout, each times its coefficient.
struct Terms {
  Layout layout = Layout::kPlain;
  std::vector<uint32_t> tensors;
};

Result<Terms> TakeTerms(const LayerView& layer, std::span<const float> coefficients) {
  Terms terms;
  const Shape& shape = layer.bottom().shape;
  for (const Value* value : layer.bottoms()) {
    if (!(value->shape == shape)) {
      return InvalidArgumentError("combines " + shape.ToString() + " and " +
                                  value->shape.ToString());
    }
    terms.layout = value->is_picture() ? Layout::kPicture : terms.layout;
  }
  for (size_t i = 0; i < layer.bottoms().size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(uint32_t term, layer.graph().Use(*layer.bottoms()[i], terms.layout));
    if (i < coefficients.size() && coefficients[i] != 1) {
      PLUMB_ASSIGN_OR_RETURN(const uint32_t factor, layer.Scalar("coeff", coefficients[i]));
      PLUMB_ASSIGN_OR_RETURN(term, layer.Step("term", OpKind::kMul, {term, factor}));
    }
    terms.tensors.push_back(term);
  }
  return terms;
}

Result<OpKind> CombiningKind(const Param& param) {
  constexpr std::array<std::string_view, 3> kOperations = {"PROD", "SUM", "MAX"};
  PLUMB_ASSIGN_OR_RETURN(const int32_t operation, param.Choice("operation", kOperations, 1));
  constexpr std::array<OpKind, 3> kKinds = {OpKind::kMul, OpKind::kAdd, OpKind::kMaximum};
  return kKinds.at(static_cast<size_t>(operation));
}

Status ConvertEltwise(const LayerView& layer) {
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("eltwise_param"));
  PLUMB_ASSIGN_OR_RETURN(OpKind kind, CombiningKind(param));
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> coefficients, param.Reals("coeff"));
  const size_t count = layer.bottoms().size();
  if (count < 2 || (!coefficients.empty() && coefficients.size() != count) ||
      (!coefficients.empty() && kind != OpKind::kAdd)) {
    return InvalidArgumentError("has " + std::to_string(coefficients.size()) +
                                " coefficients for " + std::to_string(count) + " bottoms");
  }
  if (count == 2 && coefficients == std::vector<float>{1, -1}) {
    kind = OpKind::kSub;
    coefficients.clear();
  }
  PLUMB_ASSIGN_OR_RETURN(const Terms terms, TakeTerms(layer, coefficients));
  uint32_t combined = terms.tensors[0];
  for (size_t i = 1; i + 1 < count; ++i) {
    PLUMB_ASSIGN_OR_RETURN(combined, layer.Step("part", kind, {combined, terms.tensors[i]}));
  }
  return layer.Make(terms.layout, kind, {combined, terms.tensors.back()});
}

constexpr NamedConverter kConverters[] = {
    {"AbsVal", ConvertUnary<OpKind::kAbs>},
    {"BNLL", ConvertUnary<OpKind::kSoftplus>},
    {"Clip", ConvertClip},
    {"Dropout", ConvertCopy},
    {"ELU", ConvertElu},
    {"Eltwise", ConvertEltwise},
    {"PReLU", ConvertPrelu},
    {"ReLU", ConvertRelu},
    {"ReLU6", ConvertUnary<OpKind::kRelu6>},
    {"Sigmoid", ConvertUnary<OpKind::kLogistic>},
    {"Split", ConvertCopy},
    {"Swish", ConvertSwish},
    {"TanH", ConvertUnary<OpKind::kTanh>},
};

}  // namespace

std::span<const NamedConverter> PointwiseConverters() {
  return kConverters;
}

}  // namespace plumb::npu::caffe
