#include "tests/bench/kernels/onnx_export.h"

#include <array>
#include <span>
#include <utility>

#include "tests/bench/kernels/onnx_writer.h"

namespace plumb::bench {
namespace {

using npu::Activation;
using npu::Graph;
using npu::GraphOp;
using npu::GraphTensor;
using npu::OpKind;

// Axis of NCHW for each axis of NHWC.
constexpr std::array<int64_t, 4> kPlaneAxis = {0, 2, 3, 1};

class Exporter {
 public:
  explicit Exporter(const Graph& graph) : graph_(graph) {}

  Result<std::string> Run() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      writer_.AddInput("input" + std::to_string(i), PlanesShape(Tensor(graph_.inputs[i]).shape));
      writer_.AddNode("Identity", {"input" + std::to_string(i)}, Name(graph_.inputs[i]));
    }
    for (const GraphOp& op : graph_.ops) {
      PLUMB_RETURN_IF_ERROR(AddOp(op).Annotate(npu::DescribeOp(op)));
    }
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const GraphTensor& tensor = Tensor(graph_.outputs[i]);
      const std::string name = "output" + std::to_string(i);
      writer_.AddNode("Identity", {InOurOrder(graph_.outputs[i])}, name);
      writer_.AddOutput(name, {tensor.shape.dims().begin(), tensor.shape.dims().end()});
    }
    return writer_.Finish();
  }

 private:
  [[nodiscard]] const GraphTensor& Tensor(uint32_t index) const { return graph_.tensors[index]; }

  static std::string Name(uint32_t index) { return "t" + std::to_string(index); }

  std::string NewName() { return "n" + std::to_string(next_++); }

  Status AddOp(const GraphOp& op) {
    const std::string target = op.activation == Activation::kNone ? Name(op.output) : NewName();
    PLUMB_RETURN_IF_ERROR(AddPlain(op, target));
    return op.activation == Activation::kNone ? OkStatus()
                                              : Activate(op.activation, target, Name(op.output));
  }

  Status Activate(Activation activation, const std::string& source, const std::string& target) {
    if (activation == Activation::kRelu) {
      writer_.AddNode("Relu", {source}, target);
      return OkStatus();
    }
    const npu::ActivationBounds bounds = npu::BoundsOf(activation);
    const std::string low = NewName();
    const std::string high = NewName();
    writer_.AddFloats(low, {}, std::array{bounds.low});
    writer_.AddFloats(high, {}, std::array{bounds.high});
    writer_.AddNode("Clip", {source, low, high}, target);
    return OkStatus();
  }

  Status AddPlain(const GraphOp& op, const std::string& target) {
    switch (op.kind) {
      case OpKind::kConv2d:
      case OpKind::kDepthwiseConv2d:
        return AddConv(op, target);
      case OpKind::kMaxPool2d:
        writer_.AddNode("MaxPool", {Name(op.inputs[0])}, target, WindowOf(op));
        return OkStatus();
      case OpKind::kAdd:
        return AddSum(op, target);
      case OpKind::kRelu:
        return Activate(Activation::kRelu, Name(op.inputs[0]), target);
      case OpKind::kRelu6:
        return Activate(Activation::kRelu6, Name(op.inputs[0]), target);
      case OpKind::kLogistic:
        writer_.AddNode("Sigmoid", {Name(op.inputs[0])}, target);
        return OkStatus();
      case OpKind::kPad:
        return AddPad(op, target);
      case OpKind::kConcat:
        return AddConcat(op, target);
      case OpKind::kReshape:
        return AddReshape(op, target);
      default:
        return UnimplementedError("is not exported");
    }
  }

  // kernel_shape, strides, pads, dilations.
  static std::vector<OnnxWriter::Attribute> WindowOf(const GraphOp& op) {
    const auto& w = std::get<npu::WindowAttributes>(op.attributes);
    return {{"kernel_shape", {w.kernel_height, w.kernel_width}},
            {"strides", {w.stride_height, w.stride_width}},
            {"dilations", {w.dilation_height, w.dilation_width}},
            {"pads", {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}}};
  }

  Status AddConv(const GraphOp& op, const std::string& target) {
    const GraphTensor& weights = Tensor(op.inputs[1]);
    if (!weights.is_constant()) {
      return UnimplementedError("weights that are computed");
    }
    // Both layouts end up as [out][in of the group][height][width]; a depthwise one is [in of the
    // group = 1][height][width][out] before.
    const Shape& shape = weights.shape;
    const bool depthwise = op.kind == OpKind::kDepthwiseConv2d;
    const std::vector<float> values = npu::ConstantAsFloats(weights);
    const int64_t outputs = depthwise ? shape[3] : shape[0];
    const int64_t inputs = depthwise ? 1 : shape[3];
    const int64_t area = shape[1] * shape[2];
    std::vector<float> planes;
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t i = 0; i < inputs; ++i) {
        for (int64_t place = 0; place < area; ++place) {
          const int64_t at = depthwise ? place * outputs + o : (o * area + place) * inputs + i;
          planes.push_back(values[static_cast<size_t>(at)]);
        }
      }
    }
    std::vector<std::string> operands = {Name(op.inputs[0]), NewName()};
    writer_.AddFloats(operands[1], std::array{outputs, inputs, shape[1], shape[2]}, planes);
    if (op.inputs.size() > 2) {
      operands.push_back(NewName());
      writer_.AddFloats(
          operands[2], std::array{outputs}, npu::ConstantAsFloats(Tensor(op.inputs[2])));
    }
    std::vector<OnnxWriter::Attribute> attributes = WindowOf(op);
    attributes.push_back({"group", {Tensor(op.inputs[0]).shape[3] / inputs}, false});
    writer_.AddNode("Conv", operands, target, attributes);
    return OkStatus();
  }

  Status AddSum(const GraphOp& op, const std::string& target) {
    const GraphTensor& a = Tensor(op.inputs[0]);
    const GraphTensor& b = Tensor(op.inputs[1]);
    if (a.is_constant() || b.is_constant() || a.shape != b.shape) {
      return UnimplementedError("operands that broadcast");
    }
    writer_.AddNode("Add", {Name(op.inputs[0]), Name(op.inputs[1])}, target);
    return OkStatus();
  }

  Status AddPad(const GraphOp& op, const std::string& target) {
    const auto& pad = std::get<npu::PadAttributes>(op.attributes);
    const size_t rank = pad.before.size();
    std::vector<int64_t> amounts(rank * 2);
    for (size_t axis = 0; axis < rank; ++axis) {
      const auto to = rank == 4 ? static_cast<size_t>(kPlaneAxis[axis]) : axis;
      amounts[to] = pad.before[axis];
      amounts[rank + to] = pad.after[axis];
    }
    const std::string name = NewName();
    writer_.AddIntegers(name, amounts);
    writer_.AddNode("Pad", {Name(op.inputs[0]), name}, target);
    return OkStatus();
  }

  Status AddConcat(const GraphOp& op, const std::string& target) {
    const int64_t axis = std::get<npu::ConcatAttributes>(op.attributes).axis;
    const bool picture = Tensor(op.output).shape.rank() == 4;
    std::vector<std::string> operands;
    for (const uint32_t input : op.inputs) {
      operands.push_back(Name(input));
    }
    writer_.AddNode("Concat",
                    operands,
                    target,
                    {{"axis", {picture ? kPlaneAxis[static_cast<size_t>(axis)] : axis}, false}});
    return OkStatus();
  }

  // The name of the tensor with its elements in the order of NHWC.
  std::string InOurOrder(uint32_t index) {
    if (Tensor(index).shape.rank() != 4) {
      return Name(index);
    }
    std::string turned = NewName();
    writer_.AddNode("Transpose", {Name(index)}, turned, {{"perm", {0, 2, 3, 1}}});
    return turned;
  }

  Status AddReshape(const GraphOp& op, const std::string& target) {
    const Shape& to = Tensor(op.output).shape;
    const std::string shape = NewName();
    const std::string source = InOurOrder(op.inputs[0]);
    writer_.AddIntegers(shape, {to.dims().begin(), to.dims().end()});
    if (to.rank() != 4) {
      writer_.AddNode("Reshape", {source, shape}, target);
      return OkStatus();
    }
    const std::string ours = NewName();
    writer_.AddNode("Reshape", {source, shape}, ours);
    writer_.AddNode("Transpose", {ours}, target, {{"perm", {0, 3, 1, 2}}});
    return OkStatus();
  }

  const Graph& graph_;
  OnnxWriter writer_;
  int next_ = 0;
};

}  // namespace

Result<std::string> ExportOnnx(const Graph& graph) {
  return Exporter(graph).Run();
}

std::vector<float> ToPlanes(const Shape& shape, std::vector<float> values) {
  if (shape.rank() != 4) {
    return values;
  }
  std::vector<float> planes(values.size());
  const auto area = static_cast<size_t>(shape[1] * shape[2]);
  const auto channels = static_cast<size_t>(shape[3]);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t picture = i / channels / area;
    planes[(picture * channels + i % channels) * area + i / channels % area] = values[i];
  }
  return planes;
}

std::vector<int64_t> PlanesShape(const Shape& shape) {
  if (shape.rank() == 4) {
    return {shape[0], shape[3], shape[1], shape[2]};
  }
  return {shape.dims().begin(), shape.dims().end()};
}

}  // namespace plumb::bench
