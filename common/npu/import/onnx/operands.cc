#include "common/npu/import/onnx/operands.h"

namespace plumb::npu::onnx {
namespace {

Layout MeetingLayout(const std::vector<Value*>& values) {
  bool picture = false;
  bool possible = true;
  for (const Value* value : values) {
    picture = picture || value->is_picture();
    possible = possible && (value->constant ? value->shape.rank() <= 4 : value->shape.rank() == 4);
  }
  return picture && possible ? Layout::kPicture : Layout::kPlain;
}

}  // namespace

Result<Operand> TakeFirst(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const Layout layout = value->home;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, node.graph().Use(*value, layout));
  return Operand{layout, tensor};
}

Result<Operands> TakeTogether(const NodeView& node, const std::vector<Value*>& values) {
  Operands operands;
  operands.layout = MeetingLayout(values);
  for (Value* value : values) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, node.graph().Use(*value, operands.layout));
    operands.tensors.push_back(tensor);
  }
  return operands;
}

Result<Operands> TakeAll(const NodeView& node) {
  std::vector<Value*> values;
  for (size_t i = 0; i < node.input_count(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(i));
    values.push_back(value);
  }
  if (values.empty()) {
    return InvalidArgumentError("has no operands");
  }
  return TakeTogether(node, values);
}

Status MakeCopy(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  const Shape shape = node.graph().ShapeOf(x.tensor);
  return node.Make(x.layout, OpKind::kReshape, {x.tensor}, {}, shape);
}

Result<uint32_t> MakeFurther(const NodeView& node,
                             size_t index,
                             std::string_view suffix,
                             OpKind kind,
                             std::vector<uint32_t> inputs,
                             GraphOpAttributes attributes) {
  if (index >= node.outputs().size() || node.outputs()[index].empty()) {
    return node.Step(suffix, kind, std::move(inputs), std::move(attributes));
  }
  const std::string& name = node.outputs()[index];
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor,
                         node.graph().Emit(name, kind, std::move(inputs), std::move(attributes)));
  PLUMB_RETURN_IF_ERROR(node.graph().Define(name, tensor, Layout::kPlain));
  return tensor;
}

}  // namespace plumb::npu::onnx
