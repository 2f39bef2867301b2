#include <array>

#include "common/base/text.h"
#include "common/npu/import/onnx/lines.h"
#include "common/npu/import/onnx/window.h"
#include "common/npu/import/permute.h"

namespace plumb::npu::onnx {
namespace {

using importing::Permute;
using importing::StoredIntegers;

// Constant weights of four axes and where they come from.
struct Weights {
  std::string name;
  Shape shape;
  std::vector<float> values;
  std::shared_ptr<const StoredIntegers> stored;
};

Result<Weights> ReadWeights(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(1));
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, node.KnownFloats(1));
  if (value->shape.rank() != 4) {
    return UnimplementedError("has weights " + value->shape.ToString() +
                              "; only two spatial axes are supported");
  }
  return Weights{value->name, value->shape, std::move(values), value->constant->stored};
}

Result<Value*> ReadPicture(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  if (value->shape.rank() != 4) {
    return UnimplementedError("reads '" + EscapeForDisplay(value->name) + "' of " +
                              value->shape.ToString() +
                              "; only pictures [N, C, H, W] are supported");
  }
  return value;
}

Status AddBias(const NodeView& node, std::vector<uint32_t>& operands) {
  if (!node.Has(2)) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(Value* const bias, node.Input(2));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr known, node.Known(2));
  if (known->shape.rank() != 1) {
    return InvalidArgumentError("has a bias of " + known->shape.ToString());
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t operand, node.graph().Use(*bias, Layout::kPlain));
  operands.push_back(operand);
  return OkStatus();
}

Result<int32_t> ReadGroups(const NodeView& node, const Shape& picture) {
  PLUMB_ASSIGN_OR_RETURN(const int32_t groups, Narrow(node.Integer("group", 1)));
  if (groups < 1 || picture[1] % groups != 0) {
    return InvalidArgumentError("has " + std::to_string(groups) + " groups of " +
                                std::to_string(picture[1]) + " channels");
  }
  return groups;
}

// Several scales are those of the output channels, axis `from` of the file and `to` of the graph.
Status MoveChannels(GraphQuantization& quantization, int32_t from, int32_t to) {
  if (quantization.scales.size() > 1 && quantization.axis != from) {
    return UnimplementedError("has weights with scales along axis " +
                              std::to_string(quantization.axis))
        .WithHint("quantise weights per output channel or per tensor");
  }
  quantization.axis = quantization.scales.size() > 1 ? to : 0;
  return OkStatus();
}

// [out][in / groups][kh][kw] to [out][kh][kw][in / groups], or, of one channel to a group,
// to [1][kh][kw][out].
Result<uint32_t> AddConvWeights(const NodeView& node, const Weights& weights, bool depthwise) {
  const Shape& s = weights.shape;
  const std::array<int32_t, 4> permutation =
      depthwise ? std::array<int32_t, 4>{1, 2, 3, 0} : std::array<int32_t, 4>{0, 2, 3, 1};
  const Shape shape = depthwise ? Shape{s[1], s[2], s[3], s[0]} : Shape{s[0], s[2], s[3], s[1]};
  if (!weights.stored) {
    return node.graph().AddConstant(
        weights.name, shape, Permute<float>(weights.values, s, permutation));
  }
  StoredIntegers stored = *weights.stored;
  PLUMB_RETURN_IF_ERROR(MoveChannels(stored.as.quantization, 0, depthwise ? 3 : 0));
  stored.values = Permute<int64_t>(stored.values, s, permutation);
  return node.graph().AddStored(weights.name, shape, stored);
}

Status ConvertConv(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  PLUMB_ASSIGN_OR_RETURN(const Weights weights, ReadWeights(node));
  PLUMB_ASSIGN_OR_RETURN(const int32_t groups, ReadGroups(node, picture->shape));
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window,
                         ReadWindow(node, weights.shape[2], weights.shape[3]));
  PLUMB_RETURN_IF_ERROR(ApplyAutoPad(node, picture->shape, window));
  const bool depthwise = groups > 1 && groups == picture->shape[1] && weights.shape[1] == 1;
  window.groups = depthwise ? 1 : groups;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kernel, AddConvWeights(node, weights, depthwise));
  std::vector<uint32_t> operands = {input, kernel};
  PLUMB_RETURN_IF_ERROR(AddBias(node, operands));
  return node.Make(Layout::kPicture,
                   depthwise ? OpKind::kDepthwiseConv2d : OpKind::kConv2d,
                   std::move(operands),
                   window);
}

// [in][out / groups][kh][kw] to [out][kh][kw][in], with zeros between channels of other groups.
Result<uint32_t> AddTransposedWeights(const NodeView& node,
                                      const Weights& weights,
                                      int64_t groups) {
  const Shape& s = weights.shape;
  const int64_t in = s[0];
  const int64_t out_per_group = s[1];
  const int64_t kernel = s[2] * s[3];
  PLUMB_ASSIGN_OR_RETURN(const Shape shape,
                         Shape::Create(std::array{out_per_group * groups, s[2], s[3], in}));
  const uint64_t count = shape.element_count().value_or(kMaxConstantElements + 1);
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(count));
  const auto turn = [&](const auto& from, auto& to) {
    for (int64_t i = 0; i < in; ++i) {
      const int64_t first_out = i / (in / groups) * out_per_group;
      for (int64_t o = 0; o < out_per_group; ++o) {
        for (int64_t k = 0; k < kernel; ++k) {
          to[static_cast<size_t>(((first_out + o) * kernel + k) * in + i)] =
              from[static_cast<size_t>((i * out_per_group + o) * kernel + k)];
        }
      }
    }
  };
  if (!weights.stored || groups != 1) {
    std::vector<float> values(static_cast<size_t>(count), 0.0F);
    turn(weights.values, values);
    return node.graph().AddConstant(weights.name, shape, std::move(values));
  }
  StoredIntegers stored = *weights.stored;
  PLUMB_RETURN_IF_ERROR(MoveChannels(stored.as.quantization, 1, 0));
  turn(weights.stored->values, stored.values);
  return node.graph().AddStored(weights.name, shape, stored);
}

// A dilated kernel as a larger one with zeros between its weights.
Status SpreadKernel(const NodeView& node, Weights& weights) {
  PLUMB_ASSIGN_OR_RETURN(const WindowAttributes window,
                         ReadWindow(node, weights.shape[2], weights.shape[3]));
  const Shape s = weights.shape;
  const int64_t rows = (s[2] - 1) * window.dilation_height + 1;
  const int64_t columns = (s[3] - 1) * window.dilation_width + 1;
  if (rows == s[2] && columns == s[3]) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(weights.shape, Shape::Create(std::array{s[0], s[1], rows, columns}));
  const uint64_t count = weights.shape.element_count().value_or(kMaxConstantElements + 1);
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(count));
  std::vector<float> spread(static_cast<size_t>(count), 0.0F);
  for (size_t i = 0; i < weights.values.size(); ++i) {
    const auto place = s.Unravel(i);
    const int64_t plane = place.at(0) * s[1] + place.at(1);
    const int64_t row = place.at(2) * window.dilation_height;
    const int64_t column = place.at(3) * window.dilation_width;
    spread[static_cast<size_t>((plane * rows + row) * columns + column)] = weights.values[i];
  }
  weights.values = std::move(spread);
  weights.stored = nullptr;
  return OkStatus();
}

Status ConvertConvTranspose(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  PLUMB_ASSIGN_OR_RETURN(Weights weights, ReadWeights(node));
  PLUMB_ASSIGN_OR_RETURN(const int32_t groups, ReadGroups(node, picture->shape));
  PLUMB_RETURN_IF_ERROR(SpreadKernel(node, weights));
  if (weights.shape[0] != picture->shape[1]) {
    return InvalidArgumentError("has weights " + weights.shape.ToString() + " for an input " +
                                picture->shape.ToString());
  }
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window,
                         ReadWindow(node, weights.shape[2], weights.shape[3]));
  window.dilation_height = window.dilation_width = 1;
  PLUMB_ASSIGN_OR_RETURN(
      const Shape output,
      ReadTransposedOutput(node, picture->shape, weights.shape[1] * groups, window));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kernel, AddTransposedWeights(node, weights, groups));
  std::vector<uint32_t> operands = {input, kernel};
  PLUMB_RETURN_IF_ERROR(AddBias(node, operands));
  return node.Make(Layout::kPicture, OpKind::kTransposeConv2d, std::move(operands), window, output);
}

// count_include_pad: the zeros of the paddings count, so they become part of the picture.
Result<uint32_t> PadPicture(const NodeView& node, uint32_t input, WindowAttributes& window) {
  if (window.pad_top + window.pad_bottom + window.pad_left + window.pad_right == 0) {
    return input;
  }
  PadAttributes pad;
  pad.before = {0, window.pad_top, window.pad_left, 0};
  pad.after = {0, window.pad_bottom, window.pad_right, 0};
  window.pad_top = window.pad_bottom = window.pad_left = window.pad_right = 0;
  return node.Step("padded", OpKind::kPad, {input}, pad);
}

Status ConvertPool(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  const std::vector<int64_t> kernel = node.Integers("kernel_shape");
  if (kernel.size() != 2) {
    return UnimplementedError("has a kernel of " + std::to_string(kernel.size()) +
                              " axes; two are supported");
  }
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window, ReadWindow(node, kernel[0], kernel[1]));
  PLUMB_RETURN_IF_ERROR(ApplyAutoPad(node, picture->shape, window));
  const WindowAttributes declared = window;
  if (node.Integer("ceil_mode", 0) != 0) {
    ApplyCeilMode(picture->shape, window);
  }
  PLUMB_ASSIGN_OR_RETURN(uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  if (node.op() == "MaxPool") {
    return node.Make(Layout::kPicture, OpKind::kMaxPool2d, {input}, window);
  }
  if (node.Integer("count_include_pad", 0) != 0) {
    WindowAttributes counted = declared;
    PLUMB_ASSIGN_OR_RETURN(input, PadPicture(node, input, counted));
    counted.pad_bottom = window.pad_bottom - declared.pad_bottom;
    counted.pad_right = window.pad_right - declared.pad_right;
    window = counted;
  }
  return node.Make(Layout::kPicture, OpKind::kAveragePool2d, {input}, window);
}

OpKind GlobalKind(const NodeView& node) {
  return node.op() == "GlobalMaxPool" ? OpKind::kReduceMax : OpKind::kMean;
}

Status ConvertGlobalPool(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const lines, node.Input(0));
  if (lines->shape.rank() == 3) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*lines, Layout::kPlain));
    return node.Make(Layout::kPlain, GlobalKind(node), {input}, ReduceAttributes{{2}, true});
  }
  PLUMB_ASSIGN_OR_RETURN(Value* const picture, ReadPicture(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t input, node.graph().Use(*picture, Layout::kPicture));
  return node.Make(Layout::kPicture, GlobalKind(node), {input}, ReduceAttributes{{1, 2}, true});
}

// A window over lines [N, C, W] is one over pictures [N, C, 1, W]; its step is 'output:picture'.
template <ConvertNode kConvert>
Status OverLines(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  if (value->shape.rank() != 3) {
    return kConvert(node);
  }
  PLUMB_ASSIGN_OR_RETURN(const Node picture, PictureOfLines(node));
  PLUMB_RETURN_IF_ERROR(kConvert(node.As(picture)));
  PLUMB_ASSIGN_OR_RETURN(Value* const made, node.graph().Find(picture.outputs.front()));
  const Shape s = made->shape;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, node.graph().UseInOrder(*made));
  return node.Make(Layout::kPlain, OpKind::kReshape, {tensor}, {}, Shape{s[0], s[1], s[3]});
}

constexpr NamedConverter kConverters[] = {
    {"AveragePool", OverLines<ConvertPool>},
    {"Conv", OverLines<ConvertConv>},
    {"ConvTranspose", OverLines<ConvertConvTranspose>},
    {"GlobalAveragePool", ConvertGlobalPool},
    {"GlobalMaxPool", ConvertGlobalPool},
    {"MaxPool", OverLines<ConvertPool>},
};

}  // namespace

std::span<const NamedConverter> WindowConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
