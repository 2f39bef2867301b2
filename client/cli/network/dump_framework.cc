#include <algorithm>
#include <cmath>
#include <limits>

#include "client/cli/frame/usage.h"
#include "client/cli/network/dump_stages.h"
#include "client/cli/option/samples.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/framework/engines.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

using framework::Engine;
using framework::Port;
using npu::NetworkFormat;

constexpr uint64_t kMaxModelSize = uint64_t{2} << 30U;

// The engine's request for the model and, in `format`, which framework it is of.
Result<framework::EngineRequest> RequestFor(const DumpRequest& request, NetworkFormat& format) {
  auto bytes = ReadFile(request.model, kMaxModelSize);
  if (!bytes.ok()) {
    return UsageError("--model: " + bytes.status().message(), bytes.status().hint());
  }
  const auto found = npu::DetectNetworkFormat(*bytes);
  if (!found) {
    return UsageError(
        "--stage framework: " + EscapeForDisplay(request.model) + " is no model of a framework",
        "give the TFLite, ONNX or Caffe file; a fixed or offline model is dumped "
        "with --stage fixed");
  }
  format = *found;
  framework::EngineRequest wanted;
  wanted.model = request.model;
  wanted.shapes = request.shapes;
  wanted.every_layer = true;
  if (format == NetworkFormat::kCaffe) {
    const auto other = ReadOtherFile(request.model, *bytes);
    if (!other.ok()) {
      return UsageError("--model: " + other.status().message(), other.status().hint());
    }
    wanted.model.replace_extension(".prototxt");
    wanted.weights = wanted.model;
    wanted.weights.replace_extension(".caffemodel");
  }
  return wanted;
}

bool IsPictureShape(const Shape& nchw) {
  return nchw.rank() == 4 && (nchw[1] == 1 || nchw[1] == 3) && nchw[3] != 3;
}

// The inputs alone, for a network that our importers do not take: [N, C, H, W] with one or three
// channels is taken for a picture, as the importers would.
npu::Graph InputsOnly(const Engine& engine) {
  npu::Graph graph;
  for (const Port& port : engine.inputs()) {
    npu::GraphTensor tensor;
    tensor.name = port.name;
    tensor.shape = port.shape;
    tensor.element_type = port.element_type;
    if (engine.pictures() == Layout::kNchw && port.shape.rank() == 4) {
      const Shape& nchw = port.shape;
      const bool picture = IsPictureShape(nchw);
      tensor.role = picture ? npu::FileRole::kSame : npu::FileRole::kPlainNchw;
      tensor.shape = picture ? Shape{nchw[0], nchw[2], nchw[3], nchw[1]} : nchw;
    }
    graph.inputs.push_back(static_cast<uint32_t>(graph.tensors.size()));
    graph.tensors.push_back(std::move(tensor));
  }
  return graph;
}

// How the inputs lie: as our importer has them, so that a sample means the same to every stage.
npu::Graph InputGraph(const DumpRequest& request, const Engine& engine) {
  const auto file = LoadModelFile(request.model, request.shapes);
  const bool known =
      file.ok() && file->graph != nullptr && file->graph->inputs.size() == engine.inputs().size();
  return known ? *file->graph : InputsOnly(engine);
}

// The nearest element of an integer port; real = (q − zero) · scale where it has a scale.
template <class T>
std::vector<uint8_t> AsIntegers(std::span<const float> values, const npu::GraphTensor& tensor) {
  const bool scaled = tensor.quantization.scales.size() == 1;
  const double scale = scaled ? tensor.quantization.scales.front() : 1;
  const auto zero = static_cast<double>(scaled ? tensor.quantization.zero_points.front() : 0);
  std::vector<T> stored;
  stored.reserve(values.size());
  for (const float value : values) {
    const double q = std::isnan(value) ? 0 : std::nearbyint(static_cast<double>(value) / scale);
    stored.push_back(
        static_cast<T>(std::clamp(q + zero,
                                  static_cast<double>(std::numeric_limits<T>::min()),
                                  static_cast<double>(std::numeric_limits<T>::max()))));
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(stored.data());
  return {bytes, bytes + stored.size() * sizeof(T)};
}

Result<Buffer> BytesOf(std::span<const float> values,
                       const npu::GraphTensor& tensor,
                       const Port& port) {
  switch (port.element_type) {
    case ElementType::kFloat32:
      return Buffer::Copy({reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()});
    case ElementType::kUint8:
      return Buffer::FromVector(AsIntegers<uint8_t>(values, tensor));
    case ElementType::kInt8:
      return Buffer::FromVector(AsIntegers<int8_t>(values, tensor));
    case ElementType::kInt16:
      return Buffer::FromVector(AsIntegers<int16_t>(values, tensor));
    case ElementType::kInt32:
      return Buffer::FromVector(AsIntegers<int32_t>(values, tensor));
    default:
      return UnimplementedError("--stage framework: input '" + EscapeForDisplay(port.name) +
                                "' is of type '" + std::string(ElementTypeName(port.element_type)) +
                                "'; float32, uint8, int8, int16 and int32 are supported");
  }
}

Result<std::vector<Buffer>> EngineInputs(const DumpRequest& request,
                                         const Engine& engine,
                                         VerbContext& context) {
  const npu::Graph graph = InputGraph(request, engine);
  PLUMB_ASSIGN_OR_RETURN(const auto values, GraphInputsOf(request, graph, context));
  std::vector<Buffer> inputs;
  for (size_t i = 0; i < values.size(); ++i) {
    const npu::GraphTensor& tensor = graph.tensors.at(graph.inputs[i]);
    const bool turn = engine.pictures() == Layout::kNchw && tensor.shape.rank() == 4 &&
                      tensor.role != npu::FileRole::kPlainNchw;
    PLUMB_ASSIGN_OR_RETURN(
        Buffer bytes,
        BytesOf(
            turn ? NhwcToNchw(values[i], tensor.shape) : values[i], tensor, engine.inputs()[i]));
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

Status AddLayer(const framework::Layer& layer, bool turn, DumpOutput& output) {
  if (layer.kind == framework::LayerKind::kUnreadable) {
    output.NoteUnreadable(layer.name, layer.why);
    return OkStatus();
  }
  dump::DumpEntry entry;
  entry.type = layer.type;
  entry.name = layer.name;
  entry.op = layer.op;
  entry.shape = layer.shape;
  entry.constant = layer.kind == framework::LayerKind::kConstant;
  return output.Add(entry, layer.values, turn);
}

// What the person can mend is exit code 2, as for every other stage.
Status AsUsage(const Status& status) {
  const bool mends = status.reason().empty() || status.reason() == kReasonRuntimeUnavailable ||
                     status.reason() == kReasonModelRefused;
  return mends ? UsageError("--stage framework: " + status.message(), status.hint()) : status;
}

}  // namespace

Result<DumpResult> DumpFramework(const DumpRequest& request, VerbContext& context) {
  NetworkFormat format = NetworkFormat::kOnnx;
  PLUMB_ASSIGN_OR_RETURN(const framework::EngineRequest wanted, RequestFor(request, format));
  auto engine = framework::OpenEngine(format, request.engine, wanted);
  if (!engine.ok()) {
    return AsUsage(engine.status());
  }
  PLUMB_ASSIGN_OR_RETURN(const auto inputs, EngineInputs(request, **engine, context));
  PLUMB_ASSIGN_OR_RETURN(DumpOutput output, DumpOutput::Create(request.out, true, 0, context));
  const bool turn = (*engine)->pictures() == Layout::kNchw;
  const auto sink = [&](const framework::Layer& layer) { return AddLayer(layer, turn, output); };
  PLUMB_RETURN_IF_ERROR((*engine)->Run(inputs, sink, {context.cancel, request.timeout}).status());
  PLUMB_RETURN_IF_ERROR(output.Commit());
  return DumpResult{(*engine)->name(), output.counts()};
}

}  // namespace plumb::client
