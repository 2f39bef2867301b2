// How a node's operands are taken into the graph together.
#pragma once

#include <vector>

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

struct Operand {
  Layout layout = Layout::kPlain;
  uint32_t tensor = 0;
};

// The first operand as it lies.
Result<Operand> TakeFirst(const NodeView& node);

struct Operands {
  Layout layout = Layout::kPlain;
  std::vector<uint32_t> tensors;
};

// Operands that broadcast, as pictures if one of them is a picture and the others can be one too.
Result<Operands> TakeTogether(const NodeView& node, const std::vector<Value*>& values);
// All operands of the node; kInvalidArgument when there is none.
Result<Operands> TakeAll(const NodeView& node);

// The first operand's elements under the name of the output.
Status MakeCopy(const NodeView& node);

// An operation whose result is the node's output number `index` (> 0), where the node has it;
// otherwise a step called `suffix`.
Result<uint32_t> MakeFurther(const NodeView& node,
                             size_t index,
                             std::string_view suffix,
                             OpKind kind,
                             std::vector<uint32_t> inputs,
                             GraphOpAttributes attributes = {});

}  // namespace plumb::npu::onnx
