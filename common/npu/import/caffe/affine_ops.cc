#include <array>
#include <cmath>

#include "common/base/portable_math.h"
#include "common/base/text.h"
#include "common/npu/import/caffe/ops.h"
#include "common/npu/import/permute.h"

namespace plumb::npu::caffe {
namespace {

using importing::OrdersAgree;
using importing::Permute;
using importing::ToPicture;

// `dims` as the dimensions of `onto` from `axis` on, with 1 for all the others.
Result<Shape> Aligned(std::span<const int64_t> dims, int32_t axis, const Shape& onto) {
  std::vector<int64_t> aligned(onto.rank(), 1);
  for (size_t i = 0; i < dims.size(); ++i) {
    const size_t place = static_cast<size_t>(axis) + i;
    if (place >= onto.rank() || dims[i] != onto[place]) {
      return InvalidArgumentError("has an operand that does not fit " + onto.ToString() +
                                  " from axis " + std::to_string(axis) + " on");
    }
    aligned[place] = dims[i];
  }
  return Shape::Create(aligned);
}

// Without the leading dimensions of size 1, which broadcasting puts back.
Result<Shape> Shortest(const Shape& shape) {
  size_t first = 0;
  while (first + 1 < shape.rank() && shape[first] == 1) {
    ++first;
  }
  return Shape::Create(shape.dims().subspan(first));
}

// The constant 'top:suffix' that lies along `onto` as `shape` of Aligned says.
Result<uint32_t> AddAligned(const LayerView& layer,
                            std::string_view suffix,
                            const Shape& shape,
                            Layout layout,
                            std::vector<float> values) {
  constexpr std::array<int32_t, 4> kToPicture = {0, 2, 3, 1};
  if (layout == Layout::kPicture) {
    values = Permute<float>(values, shape, kToPicture);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shortest,
                         Shortest(layout == Layout::kPicture ? ToPicture(shape) : shape));
  return layer.Constant(suffix, shortest, std::move(values));
}

// Where a computed operand lies along `onto`.
Result<uint32_t> TakeAligned(const LayerView& layer,
                             Value& value,
                             const Shape& shape,
                             Layout layout) {
  if (value.shape.rank() == shape.rank()) {
    return layer.graph().Use(value, layout);
  }
  if (layout == Layout::kPicture && !OrdersAgree(shape)) {
    return UnimplementedError("takes '" + EscapeForDisplay(value.name) + "' of " +
                              value.shape.ToString() + " together with a picture");
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, layer.graph().UseInOrder(value));
  return layer.Step("aligned",
                    OpKind::kReshape,
                    {tensor},
                    {},
                    layout == Layout::kPicture ? ToPicture(shape) : shape);
}

struct BatchNorm {
  std::vector<float> factor, offset;
};

// (x − mean / s) / sqrt(variance / s + epsilon), where s is the third blob.
Result<BatchNorm> FoldBatchNorm(const LayerView& layer, int64_t channels, float epsilon) {
  const auto count = static_cast<uint64_t>(channels);
  PLUMB_ASSIGN_OR_RETURN(const Blob* const mean, layer.Weight(0, count));
  PLUMB_ASSIGN_OR_RETURN(const Blob* const variance, layer.Weight(1, count));
  PLUMB_ASSIGN_OR_RETURN(const Blob* const sum, layer.Weight(2, 1));
  const auto total = static_cast<double>(sum->values[0]);
  const double scale = total == 0 ? 0 : 1 / total;
  BatchNorm folded;
  for (size_t c = 0; c < count; ++c) {
    const double spread =
        static_cast<double>(variance->values[c]) * scale + static_cast<double>(epsilon);
    const double factor = 1 / std::sqrt(spread);
    if (!std::isfinite(factor)) {
      return InvalidArgumentError("has a variance of " + std::to_string(spread) + " in channel " +
                                  std::to_string(c));
    }
    folded.factor.push_back(static_cast<float>(factor));
    folded.offset.push_back(
        static_cast<float>(-static_cast<double>(mean->values[c]) * scale * factor));
  }
  return folded;
}

Status ConvertBatchNorm(const LayerView& layer) {
  constexpr float kEpsilon = 1e-5F;
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("batch_norm_param"));
  PLUMB_ASSIGN_OR_RETURN(const bool global, param.Flag("use_global_stats", true));
  PLUMB_ASSIGN_OR_RETURN(const float epsilon, param.Real("eps", kEpsilon));
  const Shape& shape = layer.bottom().shape;
  if (!global) {
    return UnimplementedError("normalises by what it sees, as in training")
        .WithHint("set use_global_stats: true");
  }
  const int64_t channels = shape.rank() > 1 ? shape[1] : 1;
  PLUMB_ASSIGN_OR_RETURN(BatchNorm folded, FoldBatchNorm(layer, channels, epsilon));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  PLUMB_ASSIGN_OR_RETURN(const Shape along,
                         Aligned(std::span(&channels, shape.rank() > 1 ? 1U : 0U), 1, shape));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t factor,
                         AddAligned(layer, "factor", along, x.layout, std::move(folded.factor)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t offset,
                         AddAligned(layer, "offset", along, x.layout, std::move(folded.offset)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled,
                         layer.Step("scaled", OpKind::kMul, {x.tensor, factor}));
  return layer.Make(x.layout, OpKind::kAdd, {scaled, offset});
}

// The operand of Scale or Bias: a second bottom, or a weight of the dimensions that axis and
// num_axes name.
struct Partner {
  uint32_t tensor = 0;
  Shape along;
};

Result<Partner> TakePartner(const LayerView& layer, const Param& param, Layout layout) {
  const Shape& shape = layer.bottom().shape;
  PLUMB_ASSIGN_OR_RETURN(const int64_t asked, param.Integer("axis", 1));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, WrapAxis(asked, shape.rank()));
  Partner partner;
  if (layer.bottoms().size() == 2) {
    Value& value = *layer.bottoms()[1];
    PLUMB_ASSIGN_OR_RETURN(partner.along, Aligned(value.shape.dims(), axis, shape));
    PLUMB_ASSIGN_OR_RETURN(partner.tensor, TakeAligned(layer, value, partner.along, layout));
    return partner;
  }
  PLUMB_ASSIGN_OR_RETURN(const int64_t axes, param.Integer("num_axes", 1));
  const auto rest = static_cast<int64_t>(shape.rank()) - axis;
  if (axes < -1 || axes > rest) {
    return InvalidArgumentError("names " + std::to_string(axes) + " axes from axis " +
                                std::to_string(axis) + " of " + shape.ToString());
  }
  const auto dims = shape.dims().subspan(static_cast<size_t>(axis),
                                         static_cast<size_t>(axes == -1 ? rest : axes));
  PLUMB_ASSIGN_OR_RETURN(partner.along, Aligned(dims, axis, shape));
  PLUMB_ASSIGN_OR_RETURN(Blob* const blob,
                         layer.Weight(0, partner.along.element_count().value_or(0)));
  PLUMB_ASSIGN_OR_RETURN(
      partner.tensor, AddAligned(layer, "factor", partner.along, layout, std::move(blob->values)));
  return partner;
}

Status CheckOneOrTwo(const LayerView& layer) {
  return layer.bottoms().size() <= 2 ? OkStatus() : layer.NeedBottoms(2);
}

Status ConvertScale(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(CheckOneOrTwo(layer));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("scale_param"));
  PLUMB_ASSIGN_OR_RETURN(const bool bias, param.Flag("bias_term", false));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  PLUMB_ASSIGN_OR_RETURN(const Partner factor, TakePartner(layer, param, x.layout));
  if (!bias) {
    return layer.Make(x.layout, OpKind::kMul, {x.tensor, factor.tensor});
  }
  PLUMB_ASSIGN_OR_RETURN(
      Blob* const blob,
      layer.Weight(2 - layer.bottoms().size(), factor.along.element_count().value_or(0)));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t offset,
      AddAligned(layer, "offset", factor.along, x.layout, std::move(blob->values)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled,
                         layer.Step("scaled", OpKind::kMul, {x.tensor, factor.tensor}));
  return layer.Make(x.layout, OpKind::kAdd, {scaled, offset});
}

Status ConvertBias(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(CheckOneOrTwo(layer));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("bias_param"));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  PLUMB_ASSIGN_OR_RETURN(const Partner offset, TakePartner(layer, param, x.layout));
  return layer.Make(x.layout, OpKind::kAdd, {x.tensor, offset.tensor});
}

// factor · x + offset, one number each.
Result<uint32_t> AddLine(const LayerView& layer, uint32_t x, float factor, float offset) {
  if (factor != 1) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t by, layer.Scalar("scale", factor));
    PLUMB_ASSIGN_OR_RETURN(x, layer.Step("scaled", OpKind::kMul, {x, by}));
  }
  if (offset != 0) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t by, layer.Scalar("shift", offset));
    PLUMB_ASSIGN_OR_RETURN(x, layer.Step("shifted", OpKind::kAdd, {x, by}));
  }
  return x;
}

struct Line {
  float scale = 1;
  float shift = 0;
};

Result<Line> ReadLine(const Param& param) {
  Line line;
  PLUMB_ASSIGN_OR_RETURN(line.scale, param.Real("scale", 1));
  PLUMB_ASSIGN_OR_RETURN(line.shift, param.Real("shift", 0));
  return line;
}

// factor · x + offset as the layer itself.
Status MakeLine(const LayerView& layer, const Operand& x, const Line& line) {
  if (line.shift == 0 && line.scale == 1) {
    return layer.MakeCopies();
  }
  if (line.shift == 0) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t by, layer.Scalar("scale", line.scale));
    return layer.Make(x.layout, OpKind::kMul, {x.tensor, by});
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled, AddLine(layer, x.tensor, line.scale, 0));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t by, layer.Scalar("shift", line.shift));
  return layer.Make(x.layout, OpKind::kAdd, {scaled, by});
}

// The natural logarithm of the parameter `base`, where −1 stands for e.
Result<double> LogarithmOfBase(const Param& param) {
  PLUMB_ASSIGN_OR_RETURN(const float base, param.Real("base", -1));
  if (base == -1) {
    return 1.0;
  }
  if (!(base > 0) || base == 1) {
    return InvalidArgumentError("has a base of " + std::to_string(base));
  }
  return PortableLog(static_cast<double>(base));
}

// base^(scale · x + shift)
Status ConvertExp(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("exp_param"));
  PLUMB_ASSIGN_OR_RETURN(const double logarithm, LogarithmOfBase(param));
  PLUMB_ASSIGN_OR_RETURN(const Line line, ReadLine(param));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t exponent,
                         AddLine(layer,
                                 x.tensor,
                                 static_cast<float>(static_cast<double>(line.scale) * logarithm),
                                 static_cast<float>(static_cast<double>(line.shift) * logarithm)));
  return layer.Make(x.layout, OpKind::kExp, {exponent});
}

// (scale · x + shift)^power
Status ConvertPower(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("power_param"));
  PLUMB_ASSIGN_OR_RETURN(const float power, param.Real("power", 1));
  PLUMB_ASSIGN_OR_RETURN(const Line line, ReadLine(param));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  if (power == 1) {
    return MakeLine(layer, x, line);
  }
  return layer.Make(
      x.layout, OpKind::kPower, {x.tensor}, PowerAttributes{power, line.scale, line.shift});
}

// The logarithm of scale · x + shift to a base.
Status ConvertLog(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("log_param"));
  PLUMB_ASSIGN_OR_RETURN(const double logarithm, LogarithmOfBase(param));
  PLUMB_ASSIGN_OR_RETURN(const Line line, ReadLine(param));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(layer, layer.bottom()));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t operand, AddLine(layer, x.tensor, line.scale, line.shift));
  if (logarithm == 1) {
    return layer.Make(x.layout, OpKind::kLog, {operand});
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t natural, layer.Step("natural", OpKind::kLog, {operand}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t factor,
                         layer.Scalar("base", static_cast<float>(1 / logarithm)));
  return layer.Make(x.layout, OpKind::kMul, {natural, factor});
}

constexpr NamedConverter kConverters[] = {
    {"BatchNorm", ConvertBatchNorm},
    {"Bias", ConvertBias},
    {"Exp", ConvertExp},
    {"Log", ConvertLog},
    {"Power", ConvertPower},
    {"Scale", ConvertScale},
};

}  // namespace

std::span<const NamedConverter> AffineConverters() {
  return kConverters;
}

}  // namespace plumb::npu::caffe
