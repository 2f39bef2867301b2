// Graph: a network as the importers read it and as the float executor and the quantiser take it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/op.h"
#include "common/tensor/element_type.h"
#include "common/tensor/shape.h"

namespace plumb::npu {

// real = (q − zero_points[i]) · scales[i]. One entry for the whole tensor, or one for each index
// along `axis`. Empty: not quantised.
struct GraphQuantization {
  std::vector<double> scales;
  std::vector<int64_t> zero_points;  // as many as scales
  int32_t axis = 0;

  [[nodiscard]] bool empty() const { return scales.empty(); }
};

// How a tensor stands to the one of the same name in the file it was read from.
enum class FileRole : uint8_t {
  kSame,  // it is that one; or, where the file has pictures as [N, C, H, W], [N, H, W, C] of it
  kPlainNchw,  // it is that one, of four axes and as it lies in a framework whose pictures are
               // [N, C, H, W]: a dump turns it 0,2,3,1, as the vendor's dumpers do blindly
  kStep,       // the file has none: one of several steps that one node takes here
};

// kFloat32, kInt8, kUint8, kInt16, or (biases) kInt32 and kInt64.
struct GraphTensor {
  std::string name;
  Shape shape;  // no dimension is 0
  FileRole role = FileRole::kSame;
  ElementType element_type = ElementType::kFloat32;
  GraphQuantization quantization;
  Buffer constant;  // elements, little-endian, aligned for their type; empty when computed

  [[nodiscard]] bool is_constant() const { return !constant.empty(); }
};

struct GraphOp {
  OpKind kind = OpKind::kReshape;
  std::string name;              // unique enough to report: the output tensor's name
  std::vector<uint32_t> inputs;  // indices into Graph::tensors
  uint32_t output = 0;
  Activation activation = Activation::kNone;
  GraphOpAttributes attributes;
};

// Plain data; ops are in execution order. What ValidateGraph accepts can be run without further
// checks. Copies share the constants.
struct Graph {
  std::string name;
  std::vector<GraphTensor> tensors;
  std::vector<GraphOp> ops;
  std::vector<uint32_t> inputs;
  std::vector<uint32_t> outputs;
};

constexpr size_t kMaxGraphTensors = 16384;
constexpr size_t kMaxGraphOps = 8192;
constexpr size_t kMaxGraphRank = 8;
constexpr uint64_t kMaxGraphElements = uint64_t{1} << 28;  // of one tensor

// The part of ValidateGraph that concerns one tensor: name, type, shape, quantisation, bytes.
Status ValidateTensor(const GraphTensor& tensor);

// Checks names, types, sizes, indices, that every operand exists before it is read and that every
// operation's operands and attributes give the output's shape. kInvalidArgument names the operation
// or tensor and what is wrong.
Status ValidateGraph(const Graph& graph);

// True when the network's activations are integers with their own scales (an int8 TFLite file).
bool IsQuantized(const Graph& graph);

// The elements as floats, dequantised where the tensor has QuantParams. `tensor` must be a constant
// that ValidateTensor accepts.
std::vector<float> ConstantAsFloats(const GraphTensor& tensor);

// "CONV_2D 'name'", made safe to print.
std::string DescribeOp(const GraphOp& op);

}  // namespace plumb::npu
