#include "common/npu/import/onnx/lines.h"

#include <array>

namespace plumb::npu::onnx {
namespace {

// Attributes of one value per axis, or (pads) two; what they are along the axis of size 1.
struct Widening {
  std::string_view name;
  int64_t value;
};

constexpr Widening kWidenings[] = {
    {"kernel_shape", 1}, {"strides", 1}, {"dilations", 1}, {"pads", 0}, {"output_padding", 0}};

void Widen(Attribute& attribute) {
  for (const Widening& widening : kWidenings) {
    if (attribute.name != widening.name) {
      continue;
    }
    auto& values = attribute.integers;
    const bool pairs = attribute.name == "pads" && values.size() == 2;
    values.insert(values.begin(), widening.value);
    if (pairs) {
      values.insert(values.begin() + 2, widening.value);
    }
  }
}

Result<std::string> WidenInput(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const Shape s = value->shape;
  const std::string name = node.NewName("lines");
  PLUMB_ASSIGN_OR_RETURN(const uint32_t lines, node.graph().Use(*value, Layout::kPlain));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t tensor,
      node.graph().Emit(name, OpKind::kReshape, {lines}, {}, Shape{s[0], s[1], 1, s[2]}));
  PLUMB_RETURN_IF_ERROR(node.graph().Define(name, tensor, Layout::kPlain));
  return name;
}

Result<std::string> WidenWeights(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr weights, node.Known(1));
  const Shape s = weights->shape;
  if (s.rank() != 3) {
    return InvalidArgumentError("has weights " + s.ToString() + " for lines");
  }
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(weights->size()));
  auto wide = std::make_shared<Constant>(*weights);
  wide->shape = Shape{s[0], s[1], 1, s[2]};
  std::string name = node.NewName("weights");
  PLUMB_RETURN_IF_ERROR(node.graph().DefineConstant(name, std::move(wide)));
  return name;
}

}  // namespace

Result<Node> PictureOfLines(const NodeView& node) {
  Node picture = node.node();
  if (!node.Integers("output_shape").empty()) {
    return UnimplementedError("has an output_shape for lines").WithHint("export with pads");
  }
  PLUMB_ASSIGN_OR_RETURN(picture.inputs[0], WidenInput(node));
  const bool has_weights = node.op() == "Conv" || node.op() == "ConvTranspose";
  if (has_weights) {
    PLUMB_ASSIGN_OR_RETURN(picture.inputs[1], WidenWeights(node));
  }
  picture.outputs = {node.NewName("picture")};
  for (Attribute& attribute : picture.attributes) {
    Widen(attribute);
  }
  return picture;
}

}  // namespace plumb::npu::onnx
