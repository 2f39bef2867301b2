#include "tests/oracle/export_tflite.h"

#include <optional>

#include "tests/common/npu/import/tflite/writer.h"
#include "tests/oracle/tflite_codes.h"

namespace plumb::testing {
namespace {

using npu::Graph;
using npu::GraphOp;
using npu::GraphTensor;
using npu::OpKind;
using npu::WindowAttributes;
using npu::tflite::Builtin;
using npu::tflite::OperatorField;
using npu::tflite::Padding;
using npu::tflite::TensorType;

class Exporter {
 public:
  explicit Exporter(const Graph& graph) : graph_(graph) {}

  Result<Buffer> Export();

 private:
  void AddTensor(const GraphTensor& tensor);
  int32_t Steering(const std::vector<int32_t>& values, const std::vector<int32_t>& shape);
  FlatNode& Emit(const GraphOp& op, Builtin code, std::vector<int32_t> inputs);
  void EmitWith(const GraphOp& op, Builtin code, Options type, const FlatNode& options);
  Status AddOp(const GraphOp& op);
  Status AddWindowOp(const GraphOp& op);
  Status AddTransposeConv(const GraphOp& op);
  Status AddPointwiseOp(const GraphOp& op);
  Status AddLayoutOp(const GraphOp& op);
  void AddSlice(const GraphOp& op);
  void AddReduce(const GraphOp& op);
  void AddResize(const GraphOp& op);

  [[nodiscard]] const Shape& ShapeOf(uint32_t tensor) const { return graph_.tensors[tensor].shape; }

  const Graph& graph_;
  TfliteWriter writer_;
};

void Exporter::AddTensor(const GraphTensor& tensor) {
  const std::span<const uint8_t> bytes = tensor.constant.span();
  const int32_t index = writer_.Tensor(tensor.name,
                                       Dims(tensor.shape),
                                       TypeOf(tensor.element_type),
                                       std::vector<uint8_t>(bytes.begin(), bytes.end()));
  const npu::GraphQuantization& quantization = tensor.quantization;
  if (!quantization.empty()) {
    writer_.Quantize(index,
                     {quantization.scales.begin(), quantization.scales.end()},
                     quantization.zero_points,
                     quantization.axis);
  }
}

int32_t Exporter::Steering(const std::vector<int32_t>& values, const std::vector<int32_t>& shape) {
  return writer_.Tensor("steering", shape, TensorType::kInt32, values);
}

FlatNode& Exporter::Emit(const GraphOp& op, Builtin code, std::vector<int32_t> inputs) {
  return writer_.Op(code, inputs, {static_cast<int32_t>(op.output)});
}

void AddOptions(FlatNode& op, Options type, const FlatNode& options) {
  op.Scalar(OperatorField::kOptions - 1, static_cast<uint8_t>(type));
  op.Table(OperatorField::kOptions, options);
}

void Exporter::EmitWith(const GraphOp& op, Builtin code, Options type, const FlatNode& options) {
  AddOptions(Emit(op, code, {op.inputs.begin(), op.inputs.end()}), type, options);
}

Status Exporter::AddWindowOp(const GraphOp& op) {
  const auto& window = std::get<WindowAttributes>(op.attributes);
  const std::optional<Padding> padding =
      PaddingCode(window, ShapeOf(op.inputs[0]), ShapeOf(op.output));
  if (!padding) {
    return UnimplementedError("its padding is neither SAME nor VALID");
  }
  const bool depthwise = op.kind == OpKind::kDepthwiseConv2d;
  FlatNode options;
  options.Scalar(0, static_cast<int8_t>(*padding));
  options.Scalar(1, window.stride_width).Scalar(2, window.stride_height);
  if (op.kind == OpKind::kMaxPool2d || op.kind == OpKind::kAveragePool2d) {
    options.Scalar(3, window.kernel_width).Scalar(4, window.kernel_height);
    options.Scalar(5, ActivationCode(op.activation));
    const bool is_max = op.kind == OpKind::kMaxPool2d;
    EmitWith(op, is_max ? Builtin::kMaxPool2d : Builtin::kAveragePool2d, Options::kPool2d, options);
    return OkStatus();
  }
  if (window.groups != 1) {
    return UnimplementedError("is a grouped convolution");
  }
  uint32_t field = 3;
  if (depthwise) {
    const int64_t multiplier = ShapeOf(op.output)[3] / ShapeOf(op.inputs[0])[3];
    options.Scalar(field++, static_cast<int32_t>(multiplier));
  }
  options.Scalar(field++, ActivationCode(op.activation));
  options.Scalar(field, window.dilation_width).Scalar(field + 1, window.dilation_height);
  EmitWith(op,
           depthwise ? Builtin::kDepthwiseConv2d : Builtin::kConv2d,
           depthwise ? Options::kDepthwiseConv2d : Options::kConv2d,
           options);
  return OkStatus();
}

Status Exporter::AddTransposeConv(const GraphOp& op) {
  const auto& window = std::get<WindowAttributes>(op.attributes);
  const bool cropped = window.pad_top + window.pad_bottom + window.pad_left + window.pad_right != 0;
  FlatNode options;
  options.Scalar(0, static_cast<int8_t>(cropped ? Padding::kSame : Padding::kValid));
  options.Scalar(1, window.stride_width).Scalar(2, window.stride_height);
  options.Scalar(3, ActivationCode(op.activation));
  std::vector<int32_t> inputs = {Steering(Dims(ShapeOf(op.output)), {4}),
                                 static_cast<int32_t>(op.inputs[1]),
                                 static_cast<int32_t>(op.inputs[0])};
  if (op.inputs.size() > 2) {
    inputs.push_back(static_cast<int32_t>(op.inputs[2]));
  }
  AddOptions(
      Emit(op, Builtin::kTransposeConv, std::move(inputs)), Options::kTransposeConv, options);
  return OkStatus();
}

Status Exporter::AddPointwiseOp(const GraphOp& op) {
  FlatNode fused;
  fused.Scalar(0, ActivationCode(op.activation));
  switch (op.kind) {
    case OpKind::kAdd:
      EmitWith(op, Builtin::kAdd, Options::kAdd, fused);
      return OkStatus();
    case OpKind::kSub:
      EmitWith(op, Builtin::kSub, Options::kSub, fused);
      return OkStatus();
    case OpKind::kMul:
      EmitWith(op, Builtin::kMul, Options::kMul, fused);
      return OkStatus();
    case OpKind::kDiv:
      EmitWith(op, Builtin::kDiv, Options::kDiv, fused);
      return OkStatus();
    case OpKind::kFullyConnected:
      fused.Scalar(2, static_cast<uint8_t>(ShapeOf(op.output).rank() > 2 ? 1 : 0));
      EmitWith(op, Builtin::kFullyConnected, Options::kFullyConnected, fused);
      return OkStatus();
    case OpKind::kLeakyRelu:
      EmitWith(op,
               Builtin::kLeakyRelu,
               Options::kLeakyRelu,
               FlatNode().Scalar(0, std::get<npu::LeakyReluAttributes>(op.attributes).slope));
      return OkStatus();
    case OpKind::kSoftmax:
      EmitWith(op,
               Builtin::kSoftmax,
               Options::kSoftmax,
               FlatNode().Scalar(0, std::get<npu::SoftmaxAttributes>(op.attributes).beta));
      return OkStatus();
    default:
      return AddLayoutOp(op);
  }
}

// begin + (size − 1) · stride + 1 ends an axis; what the output drops, the file shrinks.
void Exporter::AddSlice(const GraphOp& op) {
  const auto& slice = std::get<npu::StridedSliceAttributes>(op.attributes);
  const auto rank = static_cast<int32_t>(slice.begin.size());
  std::vector<int32_t> end;
  int32_t shrink = 0;
  for (size_t i = 0; i < slice.begin.size(); ++i) {
    end.push_back(slice.begin[i] + (slice.size[i] - 1) * slice.stride[i] + 1);
  }
  if (ShapeOf(op.output).rank() < slice.begin.size()) {
    size_t kept = 0;
    const Shape& output = ShapeOf(op.output);
    for (size_t i = 0; i < slice.size.size(); ++i) {
      const bool keeps = kept < output.rank() && output[kept] == slice.size[i];
      kept += keeps ? 1 : 0;
      shrink |= keeps ? 0 : int32_t{1} << i;
    }
  }
  FlatNode& node = Emit(op,
                        Builtin::kStridedSlice,
                        {static_cast<int32_t>(op.inputs[0]),
                         Steering(slice.begin, {rank}),
                         Steering(end, {rank}),
                         Steering(slice.stride, {rank})});
  AddOptions(node, Options::kStridedSlice, FlatNode().Scalar(4, shrink));
}

Status Exporter::AddLayoutOp(const GraphOp& op) {
  const auto input = static_cast<int32_t>(op.inputs[0]);
  const auto rank = static_cast<int32_t>(ShapeOf(op.inputs[0]).rank());
  switch (op.kind) {
    case OpKind::kReshape: {
      const std::vector<int32_t> dims = Dims(ShapeOf(op.output));
      Emit(op, Builtin::kReshape, {input, Steering(dims, {static_cast<int32_t>(dims.size())})});
      return OkStatus();
    }
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      AddReduce(op);
      return OkStatus();
    case OpKind::kPad: {
      const auto& pad = std::get<npu::PadAttributes>(op.attributes);
      if (pad.value != 0) {
        return UnimplementedError("TFLite's PAD pads with zero");
      }
      std::vector<int32_t> pairs;
      for (size_t i = 0; i < pad.before.size(); ++i) {
        pairs.insert(pairs.end(), {pad.before[i], pad.after[i]});
      }
      Emit(op, Builtin::kPad, {input, Steering(pairs, {rank, 2})});
      return OkStatus();
    }
    case OpKind::kTranspose: {
      const auto& turn = std::get<npu::TransposeAttributes>(op.attributes);
      Emit(op, Builtin::kTranspose, {input, Steering(turn.permutation, {rank})});
      return OkStatus();
    }
    case OpKind::kConcat:
      EmitWith(op,
               Builtin::kConcatenation,
               Options::kConcatenation,
               FlatNode()
                   .Scalar(0, std::get<npu::ConcatAttributes>(op.attributes).axis)
                   .Scalar(1, ActivationCode(op.activation)));
      return OkStatus();
    case OpKind::kStridedSlice:
      AddSlice(op);
      return OkStatus();
    case OpKind::kDepthToSpace:
      EmitWith(op,
               Builtin::kDepthToSpace,
               Options::kDepthToSpace,
               FlatNode().Scalar(0, std::get<npu::DepthToSpaceAttributes>(op.attributes).block));
      return OkStatus();
    default:
      AddResize(op);
      return OkStatus();
  }
}

void Exporter::AddReduce(const GraphOp& op) {
  const auto& reduce = std::get<npu::ReduceAttributes>(op.attributes);
  const int32_t axes = Steering(reduce.axes, {static_cast<int32_t>(reduce.axes.size())});
  AddOptions(Emit(op, ReduceCode(op.kind), {static_cast<int32_t>(op.inputs[0]), axes}),
             Options::kReducer,
             FlatNode().Scalar(0, static_cast<uint8_t>(reduce.keep_dims ? 1 : 0)));
}

void Exporter::AddResize(const GraphOp& op) {
  const auto& resize = std::get<npu::ResizeAttributes>(op.attributes);
  const Shape& out = ShapeOf(op.output);
  const bool bilinear = op.kind == OpKind::kResizeBilinear;
  const uint32_t first = bilinear ? 2 : 0;
  FlatNode options;
  options.Scalar(first, static_cast<uint8_t>(resize.align_corners ? 1 : 0));
  options.Scalar(first + 1, static_cast<uint8_t>(resize.half_pixel_centers ? 1 : 0));
  const int32_t size = Steering({static_cast<int32_t>(out[1]), static_cast<int32_t>(out[2])}, {2});
  AddOptions(Emit(op,
                  bilinear ? Builtin::kResizeBilinear : Builtin::kResizeNearestNeighbor,
                  {static_cast<int32_t>(op.inputs[0]), size}),
             bilinear ? Options::kResizeBilinear : Options::kResizeNearest,
             options);
}

Status Exporter::AddOp(const GraphOp& op) {
  if (const std::optional<Builtin> plain = PlainCode(op.kind)) {
    Emit(op, *plain, {op.inputs.begin(), op.inputs.end()});
    return OkStatus();
  }
  switch (op.kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kMaxPool2d:
    case OpKind::kAveragePool2d:
      return AddWindowOp(op);
    case OpKind::kTransposeConv2d:
      return AddTransposeConv(op);
    default:
      return AddPointwiseOp(op);
  }
}

Result<Buffer> Exporter::Export() {
  for (const GraphTensor& tensor : graph_.tensors) {
    AddTensor(tensor);
  }
  for (const GraphOp& op : graph_.ops) {
    PLUMB_RETURN_IF_ERROR(AddOp(op).Annotate(npu::DescribeOp(op)));
  }
  return writer_.File({graph_.inputs.begin(), graph_.inputs.end()},
                      {graph_.outputs.begin(), graph_.outputs.end()});
}

}  // namespace

Result<Buffer> ExportTflite(const Graph& graph) {
  return Exporter(graph).Export();
}

}  // namespace plumb::testing
