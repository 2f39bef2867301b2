#include <algorithm>
#include <array>

#include "common/npu/import/caffe/ops.h"

namespace plumb::npu::caffe {
namespace {

enum class Operation : uint8_t { kSum = 1, kAbsoluteSum = 2, kSquareSum = 3, kMean = 4 };

// Everything from one axis on becomes one number.
struct Reduction {
  Operation operation = Operation::kSum;
  int32_t axis = 0;
  float coefficient = 1;
};

Result<Reduction> ReadReduction(const LayerView& layer) {
  constexpr std::array<std::string_view, 4> kOperations = {"SUM", "ASUM", "SUMSQ", "MEAN"};
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("reduction_param"));
  Reduction reduction;
  PLUMB_ASSIGN_OR_RETURN(const int32_t operation, param.Choice("operation", kOperations, 1, 1));
  reduction.operation = static_cast<Operation>(operation);
  PLUMB_ASSIGN_OR_RETURN(const int64_t axis, param.Integer("axis", 0));
  PLUMB_ASSIGN_OR_RETURN(reduction.axis, WrapAxis(axis, layer.bottom().shape.rank()));
  PLUMB_ASSIGN_OR_RETURN(reduction.coefficient, param.Real("coeff", 1));
  return reduction;
}

// Without its height and width, or its channels too, a picture is in Caffe's order.
ReduceAttributes AxesFrom(int32_t axis, size_t rank, Layout layout) {
  ReduceAttributes attributes;
  for (auto i = axis; i < static_cast<int32_t>(rank); ++i) {
    attributes.axes.push_back(AxisUnder(layout, i));
  }
  std::sort(attributes.axes.begin(), attributes.axes.end());
  return attributes;
}

Status ConvertReduction(const LayerView& layer) {
  PLUMB_ASSIGN_OR_RETURN(const Reduction reduction, ReadReduction(layer));
  constexpr int32_t kWidth = 3;
  Value& value = layer.bottom();
  const Layout layout = reduction.axis < kWidth ? value.home : Layout::kPlain;
  PLUMB_ASSIGN_OR_RETURN(uint32_t x, layer.graph().Use(value, layout));
  if (reduction.operation == Operation::kAbsoluteSum) {
    PLUMB_ASSIGN_OR_RETURN(x, layer.Step("absolute", OpKind::kAbs, {x}));
  } else if (reduction.operation == Operation::kSquareSum) {
    PLUMB_ASSIGN_OR_RETURN(x, layer.Step("square", OpKind::kMul, {x, x}));
  }
  const OpKind kind = reduction.operation == Operation::kMean ? OpKind::kMean : OpKind::kSum;
  const ReduceAttributes axes = AxesFrom(reduction.axis, value.shape.rank(), layout);
  if (reduction.coefficient == 1) {
    return layer.Make(Layout::kPlain, kind, {x}, axes);
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sum, layer.Step("reduced", kind, {x}, axes));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t factor, layer.Scalar("coeff", reduction.coefficient));
  return layer.Make(Layout::kPlain, OpKind::kMul, {sum, factor});
}

struct Response {
  int32_t size = 5;
  float alpha = 1;
  float beta = 0.75F;
  float k = 1;
  bool within = false;
};

Result<Response> ReadResponse(const LayerView& layer) {
  constexpr std::array<std::string_view, 2> kRegions = {"ACROSS_CHANNELS", "WITHIN_CHANNEL"};
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_RETURN_IF_ERROR(layer.NeedPicture());
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("lrn_param"));
  Response response;
  PLUMB_ASSIGN_OR_RETURN(response.size, param.Size("local_size", 1, response.size));
  PLUMB_ASSIGN_OR_RETURN(response.alpha, param.Real("alpha", response.alpha));
  PLUMB_ASSIGN_OR_RETURN(response.beta, param.Real("beta", response.beta));
  PLUMB_ASSIGN_OR_RETURN(response.k, param.Real("k", response.k));
  PLUMB_ASSIGN_OR_RETURN(const int32_t region, param.Choice("norm_region", kRegions, 0));
  response.within = region == 1;
  if (response.size % 2 == 0) {
    return InvalidArgumentError("has an even local_size of " + std::to_string(response.size));
  }
  return response;
}

// Sums of `size` neighbouring channels, times alpha / size, plus k: a window of 1×1 whose weights
// are alpha / size along a band.
Result<uint32_t> SumAcross(const LayerView& layer, uint32_t square, const Response& response) {
  const int64_t channels = layer.bottom().shape[1];
  constexpr int64_t kMostChannels = 8192;
  if (channels > kMostChannels) {
    return ResourceExhaustedError("normalises over " + std::to_string(channels) +
                                  " channels; 8192 are supported");
  }
  PLUMB_RETURN_IF_ERROR(layer.graph().Spend(static_cast<uint64_t>(channels * channels)));
  std::vector<float> band(static_cast<size_t>(channels * channels), 0.0F);
  const int64_t reach = response.size / 2;
  for (int64_t to = 0; to < channels; ++to) {
    const int64_t end = std::min(channels - 1, to + reach);
    for (int64_t from = std::max<int64_t>(0, to - reach); from <= end; ++from) {
      band[static_cast<size_t>(to * channels + from)] =
          response.alpha / static_cast<float>(response.size);
    }
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t weights,
                         layer.Constant("band", Shape{channels, 1, 1, channels}, std::move(band)));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t k,
      layer.Constant(
          "k", Shape{channels}, std::vector<float>(static_cast<size_t>(channels), response.k)));
  return layer.Step("sum", OpKind::kConv2d, {square, weights, k}, WindowAttributes{});
}

// Averages over `size` × `size` places, where those beyond the border are zeros.
Result<uint32_t> AverageWithin(const LayerView& layer, uint32_t square, const Response& response) {
  const int32_t reach = response.size / 2;
  PadAttributes pad;
  pad.before = {0, reach, reach, 0};
  pad.after = pad.before;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t padded,
                         layer.Step("padded", OpKind::kPad, {square}, std::move(pad)));
  WindowAttributes window;
  window.kernel_height = window.kernel_width = response.size;
  return layer.Step("average", OpKind::kAveragePool2d, {padded}, window);
}

// x · (k + alpha · average of squares)^−beta; within a channel k is 1 always, as in Caffe.
Status ConvertLrn(const LayerView& layer) {
  PLUMB_ASSIGN_OR_RETURN(const Response response, ReadResponse(layer));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t x, layer.graph().Use(layer.bottom(), Layout::kPicture));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t square, layer.Step("square", OpKind::kMul, {x, x}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t local,
                         response.within ? AverageWithin(layer, square, response)
                                         : SumAcross(layer, square, response));
  PowerAttributes power;
  power.power = -response.beta;
  power.scale = response.within ? response.alpha : 1;
  power.shift = response.within ? 1.0F : 0.0F;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t factor,
                         layer.Step("factor", OpKind::kPower, {local}, power));
  return layer.Make(Layout::kPicture, OpKind::kMul, {x, factor});
}

// x / sqrt(sum of squares + eps), over the channels of each place or over the whole picture, times
// one factor for each channel or for all.
Status ConvertNormalize(const LayerView& layer) {
  constexpr float kEpsilon = 1e-10F;
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_RETURN_IF_ERROR(layer.NeedPicture());
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("norm_param"));
  PLUMB_ASSIGN_OR_RETURN(const bool across, param.Flag("across_spatial", true));
  PLUMB_ASSIGN_OR_RETURN(const bool shared, param.Flag("channel_shared", true));
  PLUMB_ASSIGN_OR_RETURN(const float epsilon, param.Real("eps", kEpsilon));
  const int64_t factors = shared ? 1 : layer.bottom().shape[1];
  PLUMB_ASSIGN_OR_RETURN(Blob* const blob, layer.Weight(0, static_cast<uint64_t>(factors)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scale,
                         layer.Constant("scale", Shape{factors}, std::move(blob->values)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t x, layer.graph().Use(layer.bottom(), Layout::kPicture));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t square, layer.Step("square", OpKind::kMul, {x, x}));
  ReduceAttributes axes{{3}, true};
  if (across) {
    axes.axes = {1, 2, 3};
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sum, layer.Step("sum", OpKind::kSum, {square}, axes));
  PowerAttributes power;
  power.power = -0.5F;
  power.shift = epsilon;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t inverse,
                         layer.Step("inverse", OpKind::kPower, {sum}, power));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t normal, layer.Step("normal", OpKind::kMul, {x, inverse}));
  return layer.Make(Layout::kPicture, OpKind::kMul, {normal, scale});
}

constexpr NamedConverter kConverters[] = {
    {"LRN", ConvertLrn},
    {"Normalize", ConvertNormalize},
    {"Reduction", ConvertReduction},
};

}  // namespace

std::span<const NamedConverter> ReduceConverters() {
  return kConverters;
}

}  // namespace plumb::npu::caffe
