#include <algorithm>
#include <array>

#include "common/base/checked.h"
#include "common/npu/import/caffe/ops.h"
#include "common/npu/import/permute.h"

namespace plumb::npu::caffe {
namespace {

using importing::OrdersAgree;
using importing::Permute;
using importing::ToPicture;

// Height and width of a parameter: X_h and X_w, or one or two X.
struct Pair {
  int32_t height, width;
};

Result<Pair> ReadPair(const Param& param,
                      const std::string& both,
                      const std::string& each,
                      int32_t least,
                      int32_t otherwise) {
  const std::string name_h = each + "_h";
  const std::string name_w = each + "_w";
  Pair pair{otherwise, otherwise};
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> values, param.Integers(both));
  if (param.Has(name_h) != param.Has(name_w) || (param.Has(name_h) && !values.empty()) ||
      values.size() > 2) {
    return InvalidArgumentError("must have either " + both + " or both " + name_h + " and " +
                                name_w);
  }
  if (values.size() == 2) {
    if (std::min(values[0], values[1]) < least || std::max(values[0], values[1]) > 65536) {
      return InvalidArgumentError("has " + both + " outside " + std::to_string(least) +
                                  " to 65536");
    }
    return Pair{static_cast<int32_t>(values[0]), static_cast<int32_t>(values[1])};
  }
  if (!values.empty()) {
    PLUMB_ASSIGN_OR_RETURN(pair.height, param.Size(both, least, otherwise));
    return Pair{pair.height, pair.height};
  }
  PLUMB_ASSIGN_OR_RETURN(pair.height, param.Size(name_h, least, otherwise));
  PLUMB_ASSIGN_OR_RETURN(pair.width, param.Size(name_w, least, otherwise));
  return pair;
}

Result<WindowAttributes> ReadWindow(const Param& param) {
  WindowAttributes window;
  PLUMB_ASSIGN_OR_RETURN(const Pair kernel, ReadPair(param, "kernel_size", "kernel", 1, 0));
  PLUMB_ASSIGN_OR_RETURN(const Pair stride, ReadPair(param, "stride", "stride", 1, 1));
  PLUMB_ASSIGN_OR_RETURN(const Pair pad, ReadPair(param, "pad", "pad", 0, 0));
  window.kernel_height = kernel.height;
  window.kernel_width = kernel.width;
  window.stride_height = stride.height;
  window.stride_width = stride.width;
  window.pad_top = window.pad_bottom = pad.height;
  window.pad_left = window.pad_right = pad.width;
  return window;
}

// What Convolution and Deconvolution share.
struct Convolution {
  WindowAttributes window;
  int64_t outputs = 0;
  int64_t groups = 1;
  bool bias = true;
};

Result<Convolution> ReadConvolution(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_RETURN_IF_ERROR(layer.NeedPicture());
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("convolution_param"));
  Convolution convolution;
  PLUMB_ASSIGN_OR_RETURN(convolution.window, ReadWindow(param));
  PLUMB_ASSIGN_OR_RETURN(const Pair dilation, ReadPair(param, "dilation", "dilation", 1, 1));
  convolution.window.dilation_height = dilation.height;
  convolution.window.dilation_width = dilation.width;
  const int64_t channels = layer.bottom().shape[1];
  const bool depthwise = layer.type() != "Convolution" && layer.type() != "Deconvolution";
  PLUMB_ASSIGN_OR_RETURN(convolution.outputs, param.Size("num_output", 1, 0));
  PLUMB_ASSIGN_OR_RETURN(
      convolution.groups,
      param.Size(
          "group", 1, depthwise ? static_cast<int32_t>(std::min<int64_t>(channels, 65536)) : 1));
  PLUMB_ASSIGN_OR_RETURN(convolution.bias, param.Flag("bias_term", true));
  PLUMB_ASSIGN_OR_RETURN(const int64_t axis, param.Integer("axis", 1));
  if (axis != 1) {
    return UnimplementedError("convolves from axis " + std::to_string(axis) + "; 1 is supported");
  }
  if (channels % convolution.groups != 0 || convolution.outputs % convolution.groups != 0) {
    return InvalidArgumentError("has " + std::to_string(convolution.groups) + " groups of " +
                                std::to_string(channels) + " channels and " +
                                std::to_string(convolution.outputs) + " outputs");
  }
  return convolution;
}

// The picture with the window's paddings, which are gone then, as zeros of its own.
Result<uint32_t> PadPicture(const LayerView& layer, uint32_t input, WindowAttributes& window) {
  if (window.pad_top + window.pad_left == 0) {
    return input;
  }
  PadAttributes pad;
  pad.before = {0, window.pad_top, window.pad_left, 0};
  pad.after = pad.before;
  window.pad_top = window.pad_bottom = window.pad_left = window.pad_right = 0;
  return layer.Step("padded", OpKind::kPad, {input}, pad);
}

// Products of numbers below 2^31 and 2^16.
Result<uint64_t> Product(std::initializer_list<int64_t> factors) {
  uint64_t product = 1;
  for (const int64_t factor : factors) {
    const auto next = CheckedMul(product, static_cast<uint64_t>(factor));
    if (!next || *next > importing::kMaxConstantElements) {
      return ResourceExhaustedError("has more than 2^28 weights");
    }
    product = *next;
  }
  return product;
}

Status AddBias(const LayerView& layer, int64_t outputs, std::vector<uint32_t>& operands) {
  PLUMB_ASSIGN_OR_RETURN(Blob* const bias, layer.Weight(1, static_cast<uint64_t>(outputs)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t operand,
                         layer.Constant("bias", Shape{outputs}, std::move(bias->values)));
  operands.push_back(operand);
  return OkStatus();
}

// True when a window lies in the paddings alone, as under SqueezeNet's 1x1 window with a padding.
bool PadsWholeWindows(const WindowAttributes& window) {
  return window.pad_top > int64_t{window.kernel_height - 1} * window.dilation_height ||
         window.pad_left > int64_t{window.kernel_width - 1} * window.dilation_width;
}

// [out][in / groups][kh][kw] to [out][kh][kw][in / groups] or, of one channel to a group, to
// [1][kh][kw][out].
Status ConvertConvolution(const LayerView& layer) {
  PLUMB_ASSIGN_OR_RETURN(Convolution conv, ReadConvolution(layer));
  WindowAttributes& window = conv.window;
  const int64_t channels = layer.bottom().shape[1];
  const int64_t per_group = channels / conv.groups;
  PLUMB_ASSIGN_OR_RETURN(
      const uint64_t count,
      Product({conv.outputs, per_group, window.kernel_height, window.kernel_width}));
  PLUMB_ASSIGN_OR_RETURN(Blob* const weights, layer.Weight(0, count));
  const Shape from{conv.outputs, per_group, window.kernel_height, window.kernel_width};
  const bool depthwise = conv.groups > 1 && per_group == 1;
  const std::array<int32_t, 4> permutation =
      depthwise ? std::array<int32_t, 4>{1, 2, 3, 0} : std::array<int32_t, 4>{0, 2, 3, 1};
  const Shape to{from[static_cast<size_t>(permutation[0])],
                 from[static_cast<size_t>(permutation[1])],
                 from[static_cast<size_t>(permutation[2])],
                 from[static_cast<size_t>(permutation[3])]};
  window.groups = depthwise ? 1 : static_cast<int32_t>(conv.groups);
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t kernel,
      layer.Constant("weights", to, Permute<float>(weights->values, from, permutation)));
  PLUMB_ASSIGN_OR_RETURN(uint32_t input, layer.graph().Use(layer.bottom(), Layout::kPicture));
  if (PadsWholeWindows(window)) {
    PLUMB_ASSIGN_OR_RETURN(input, PadPicture(layer, input, window));
  }
  std::vector<uint32_t> operands = {input, kernel};
  if (conv.bias) {
    PLUMB_RETURN_IF_ERROR(AddBias(layer, conv.outputs, operands));
  }
  return layer.Make(Layout::kPicture,
                    depthwise ? OpKind::kDepthwiseConv2d : OpKind::kConv2d,
                    std::move(operands),
                    window);
}

// [in][out / groups][kh][kw] to [out][kh][kw][in], with zeros between channels of other groups.
std::vector<float> SpreadGroups(const std::vector<float>& values,
                                const Shape& shape,
                                int64_t groups,
                                size_t count) {
  const int64_t in = shape[0];
  const int64_t out_per_group = shape[1];
  const int64_t kernel = shape[2] * shape[3];
  std::vector<float> spread(count, 0.0F);
  for (int64_t i = 0; i < in; ++i) {
    const int64_t first_out = i / (in / groups) * out_per_group;
    for (int64_t o = 0; o < out_per_group; ++o) {
      for (int64_t k = 0; k < kernel; ++k) {
        spread[static_cast<size_t>(((first_out + o) * kernel + k) * in + i)] =
            values[static_cast<size_t>((i * out_per_group + o) * kernel + k)];
      }
    }
  }
  return spread;
}

Status ConvertDeconvolution(const LayerView& layer) {
  PLUMB_ASSIGN_OR_RETURN(const Convolution conv, ReadConvolution(layer));
  const WindowAttributes& window = conv.window;
  if (window.dilation_height != 1 || window.dilation_width != 1) {
    return UnimplementedError("is dilated");
  }
  const Shape& picture = layer.bottom().shape;
  const Shape from{
      picture[1], conv.outputs / conv.groups, window.kernel_height, window.kernel_width};
  PLUMB_ASSIGN_OR_RETURN(const uint64_t count, Product({from[0], from[1], from[2], from[3]}));
  PLUMB_ASSIGN_OR_RETURN(Blob* const weights, layer.Weight(0, count));
  const Shape to{conv.outputs, from[2], from[3], from[0]};
  PLUMB_ASSIGN_OR_RETURN(const uint64_t spread, Product({to[0], to[1], to[2], to[3]}));
  PLUMB_RETURN_IF_ERROR(layer.graph().Spend(spread));
  const int64_t height =
      (picture[2] - 1) * window.stride_height + window.kernel_height - 2 * int64_t{window.pad_top};
  const int64_t width =
      (picture[3] - 1) * window.stride_width + window.kernel_width - 2 * int64_t{window.pad_left};
  if (height < 1 || width < 1) {
    return InvalidArgumentError("crops all of its output");
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape output,
                         Shape::Create(std::array{picture[0], height, width, conv.outputs}));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t kernel,
      layer.Constant(
          "weights",
          to,
          SpreadGroups(weights->values, from, conv.groups, static_cast<size_t>(spread))));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, layer.graph().Use(layer.bottom(), Layout::kPicture));
  std::vector<uint32_t> operands = {input, kernel};
  if (conv.bias) {
    PLUMB_RETURN_IF_ERROR(AddBias(layer, conv.outputs, operands));
  }
  return layer.Make(
      Layout::kPicture, OpKind::kTransposeConv2d, std::move(operands), window, output);
}

// [out][in], or [in][out] if `transposed`, to [out][in]; of a picture with `in` in its order.
Result<uint32_t> AddMatrix(const LayerView& layer,
                           int64_t outputs,
                           int64_t depth,
                           bool transposed) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t count, Product({outputs, depth}));
  PLUMB_ASSIGN_OR_RETURN(Blob* const weights, layer.Weight(0, count));
  std::vector<float> values = std::move(weights->values);
  if (transposed) {
    constexpr std::array<int32_t, 2> kTurned = {1, 0};
    values = Permute<float>(values, Shape{depth, outputs}, kTurned);
  }
  const Value& bottom = layer.bottom();
  if (bottom.is_picture() && !OrdersAgree(bottom.shape)) {
    constexpr std::array<int32_t, 4> kToPicture = {0, 2, 3, 1};
    values = Permute<float>(
        values, Shape{outputs, bottom.shape[1], bottom.shape[2], bottom.shape[3]}, kToPicture);
  }
  return layer.Constant("weights", Shape{outputs, depth}, std::move(values));
}

Status ConvertInnerProduct(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("inner_product_param"));
  Value& bottom = layer.bottom();
  PLUMB_ASSIGN_OR_RETURN(const int64_t asked, param.Integer("axis", 1));
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, WrapAxis(asked, bottom.shape.rank()));
  PLUMB_ASSIGN_OR_RETURN(const int32_t outputs, param.Size("num_output", 1, 0));
  PLUMB_ASSIGN_OR_RETURN(const bool bias, param.Flag("bias_term", true));
  PLUMB_ASSIGN_OR_RETURN(const bool transposed, param.Flag("transpose", false));
  if (bottom.is_picture() && axis != 1 && !OrdersAgree(bottom.shape)) {
    return UnimplementedError("multiplies a picture from axis " + std::to_string(axis) +
                              "; 1 is supported");
  }
  std::vector<int64_t> dims;
  uint64_t rows = 1;
  for (size_t i = 0; i < static_cast<size_t>(axis); ++i) {
    dims.push_back(bottom.shape[i]);
    rows *= static_cast<uint64_t>(bottom.shape[i]);
  }
  dims.push_back(outputs);
  PLUMB_ASSIGN_OR_RETURN(const Shape output, Shape::Create(dims));
  const uint64_t depth = bottom.shape.element_count().value_or(0) / rows;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t matrix,
                         AddMatrix(layer, outputs, static_cast<int64_t>(depth), transposed));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, layer.graph().Use(bottom, bottom.home));
  std::vector<uint32_t> operands = {input, matrix};
  if (bias) {
    PLUMB_RETURN_IF_ERROR(AddBias(layer, outputs, operands));
  }
  return layer.Make(Layout::kPlain, OpKind::kFullyConnected, std::move(operands), {}, output);
}

struct PoolAxis {
  int64_t size, kernel, stride, pad;
};

// Caffe's number of windows: rounded up, but none that begins in the padding behind the picture.
Result<int64_t> PooledSize(const PoolAxis& axis, bool ceil) {
  const int64_t room = axis.size + 2 * axis.pad - axis.kernel;
  if (room < 0 || axis.pad >= axis.kernel) {
    return InvalidArgumentError("has a window of " + std::to_string(axis.kernel) +
                                " that does not fit in " + std::to_string(axis.size) +
                                " with paddings of " + std::to_string(axis.pad));
  }
  int64_t count = (room + (ceil ? axis.stride - 1 : 0)) / axis.stride + 1;
  if (axis.pad > 0 && (count - 1) * axis.stride >= axis.size + axis.pad) {
    --count;
  }
  if ((count - 1) * axis.stride >= axis.size + axis.pad) {
    return UnimplementedError("has a window that lies behind the picture, of a stride of " +
                              std::to_string(axis.stride) + " over " + std::to_string(axis.size))
        .WithHint("choose a kernel that is not smaller than the stride");
  }
  return count;
}

// How far the last window reaches beyond `size` places that begin where the first one does.
int32_t Overhang(const PoolAxis& axis, int64_t count, int64_t size) {
  return static_cast<int32_t>(std::max<int64_t>(0, (count - 1) * axis.stride + axis.kernel - size));
}

Status ConvertGlobalPool(const LayerView& layer, bool max) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, layer.graph().Use(layer.bottom(), Layout::kPicture));
  return layer.Make(Layout::kPicture,
                    max ? OpKind::kReduceMax : OpKind::kMean,
                    {input},
                    ReduceAttributes{{1, 2}, true});
}

Result<bool> RoundsUp(const Param& param) {
  constexpr std::array<std::string_view, 2> kModes = {"CEIL", "FLOOR"};
  PLUMB_ASSIGN_OR_RETURN(const bool ceil_mode, param.Flag("ceil_mode", true));
  PLUMB_ASSIGN_OR_RETURN(const int32_t mode, param.Choice("round_mode", kModes, 0));
  return ceil_mode && mode == 0;
}

Result<bool> PoolsMaximum(const Param& param) {
  constexpr std::array<std::string_view, 3> kRules = {"MAX", "AVE", "STOCHASTIC"};
  PLUMB_ASSIGN_OR_RETURN(const int32_t rule, param.Choice("pool", kRules, 0));
  if (rule == 2) {
    return UnimplementedError("pools by chance, as in training")
        .WithHint("write pool: AVE, which is what it tends to");
  }
  return rule == 0;
}

Status ConvertPooling(const LayerView& layer) {
  PLUMB_RETURN_IF_ERROR(layer.NeedBottoms(1));
  PLUMB_RETURN_IF_ERROR(layer.NeedPicture());
  if (layer.tops().size() != 1) {
    return UnimplementedError("gives the places of its maxima");
  }
  PLUMB_ASSIGN_OR_RETURN(const Param param, layer.Read("pooling_param"));
  PLUMB_ASSIGN_OR_RETURN(const bool max, PoolsMaximum(param));
  PLUMB_ASSIGN_OR_RETURN(const bool global, param.Flag("global_pooling", false));
  if (global) {
    return ConvertGlobalPool(layer, max);
  }
  PLUMB_ASSIGN_OR_RETURN(const bool ceil, RoundsUp(param));
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window, ReadWindow(param));
  const Shape& picture = layer.bottom().shape;
  const PoolAxis rows{picture[2], window.kernel_height, window.stride_height, window.pad_top};
  const PoolAxis columns{picture[3], window.kernel_width, window.stride_width, window.pad_left};
  PLUMB_ASSIGN_OR_RETURN(const int64_t height, PooledSize(rows, ceil));
  PLUMB_ASSIGN_OR_RETURN(const int64_t width, PooledSize(columns, ceil));
  PLUMB_ASSIGN_OR_RETURN(uint32_t input, layer.graph().Use(layer.bottom(), Layout::kPicture));
  if (max) {
    window.pad_bottom = Overhang(rows, height, rows.size + rows.pad);
    window.pad_right = Overhang(columns, width, columns.size + columns.pad);
    return layer.Make(Layout::kPicture, OpKind::kMaxPool2d, {input}, window);
  }
  // Padding counts in the average up to the same width behind as before, what lies beyond does not.
  PLUMB_ASSIGN_OR_RETURN(input, PadPicture(layer, input, window));
  window.pad_bottom = Overhang(rows, height, rows.size + 2 * rows.pad);
  window.pad_right = Overhang(columns, width, columns.size + 2 * columns.pad);
  return layer.Make(Layout::kPicture, OpKind::kAveragePool2d, {input}, window);
}

constexpr NamedConverter kConverters[] = {
    {"Convolution", ConvertConvolution},
    {"ConvolutionDepthwise", ConvertConvolution},
    {"Deconvolution", ConvertDeconvolution},
    {"DepthwiseConvolution", ConvertConvolution},
    {"InnerProduct", ConvertInnerProduct},
    {"Pooling", ConvertPooling},
};

}  // namespace

std::span<const NamedConverter> WindowConverters() {
  return kConverters;
}

}  // namespace plumb::npu::caffe
