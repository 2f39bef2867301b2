// Scales and zero points of ONNX's quantised operations.
#pragma once

#include <optional>

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

// From operands `scale` and `zero_point` (absent: 0 of uint8) of a node, which must be constants;
// `axis` is kept for more than one scale. kUnimplemented for types that no graph holds.
Result<importing::StoredAs> ReadStoredAs(const NodeView& node,
                                         size_t scale,
                                         size_t zero_point,
                                         int32_t axis);

// How the nodes that read a graph input of integers say that it is stored: their scale and zero
// point where those are initialisers; nullopt when nobody says.
std::optional<importing::StoredAs> StoredAsRead(const Model& model,
                                                const std::string& input,
                                                Builder& graph,
                                                const TypeMap& types);

// Integers as a constant of reals that remembers them. `as` fits the integers' axes.
Result<ConstantPtr> Dequantized(const NodeView& node,
                                const Constant& integers,
                                importing::StoredAs as);

}  // namespace plumb::npu::onnx
