#include "common/framework/tflite_engine.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "common/base/checked.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/framework/node_child.h"
#include "common/npu/import/tflite/file.h"
#include "common/npu/import/tflite/ops.h"
#include "common/npu/import/tflite/tflite.h"
#include "common/runner/failure.h"
#include "common/tensor/convert.h"

#include <nlohmann/json.hpp>

namespace plumb::framework {
namespace {

namespace fs = std::filesystem;
using npu::tflite::Builtin;
using npu::tflite::FileTensor;

constexpr uint64_t kMaxModelSize = uint64_t{2} << 30U;
constexpr uint64_t kMaxTensorBytes = uint64_t{1} << 30U;
constexpr const char* kRuntimeFile = "tflite_web_api_cc_simd.wasm";
constexpr const char* kVersion = "TFLite (tfjs-tflite 0.0.1-alpha.10)";

// One tensor of one operation, to be asked for.
struct Wanted {
  int32_t tensor = 0;
  std::string op;
  bool constant = false;
};

// What the child says before bytes.
struct Header {
  nlohmann::json json;

  [[nodiscard]] std::optional<uint64_t> Number(const char* key) const {
    const auto found = json.find(key);
    return found == json.end() || !found->is_number_unsigned()
               ? std::nullopt
               : std::optional<uint64_t>(found->get<uint64_t>());
  }

  [[nodiscard]] std::string Text(const char* key) const {
    const auto found = json.find(key);
    return found == json.end() || !found->is_string() ? std::string() : found->get<std::string>();
  }
};

Status Broken(const std::string& what) {
  return DataLossError("TFLite's node answers " + what).WithReason(kReasonRunnerCrashed);
}

std::optional<ElementType> TypeOf(const std::string& word) {
  constexpr std::pair<const char*, ElementType> kTypes[] = {{"float32", ElementType::kFloat32},
                                                            {"int32", ElementType::kInt32},
                                                            {"int16", ElementType::kInt16},
                                                            {"int8", ElementType::kInt8},
                                                            {"uint8", ElementType::kUint8},
                                                            {"bool", ElementType::kBool}};
  for (const auto& [name, type] : kTypes) {
    if (word == name) {
      return type;
    }
  }
  return std::nullopt;
}

Result<Shape> ShapeIn(const Header& header) {
  const auto found = header.json.find("shape");
  std::vector<int64_t> dims;
  if (found == header.json.end() || !found->is_array() || found->size() > Shape::kMaxRank) {
    return Broken("without a shape");
  }
  for (const auto& dim : *found) {
    if (!dim.is_number_unsigned()) {
      return Broken("a shape of other things than numbers");
    }
    dims.push_back(dim.get<int64_t>());
  }
  return Shape::Create(dims);
}

struct Received {
  ElementType type = ElementType::kUnknown;
  Shape shape;
  std::vector<uint8_t> bytes;
};

// The bytes that `header` announces. TFLite calls scalars and what it never resized by an empty
// shape; the file's `declared` one then says.
Result<Received> Receive(NodeChild& child, const Header& header, const Shape& declared) {
  const auto size = header.Number("bytes");
  const auto type = TypeOf(header.Text("type"));
  Received received;
  PLUMB_ASSIGN_OR_RETURN(received.shape, ShapeIn(header));
  if (received.shape.rank() == 0) {
    received.shape = declared;
  }
  received.type = type.value_or(ElementType::kUnknown);
  const auto expected = CheckedMul<uint64_t>(received.shape.element_count().value_or(UINT64_MAX),
                                             ElementSize(received.type));
  if (!type || !size || *size > kMaxTensorBytes || expected != *size) {
    return Broken("a tensor of " + received.shape.ToString() + " and type '" +
                  EscapeForDisplay(header.Text("type")) + "' with another number of bytes");
  }
  PLUMB_ASSIGN_OR_RETURN(received.bytes, child.Bytes(*size));
  return received;
}

class TfliteEngine : public Engine {
 public:
  TfliteEngine(std::string name, fs::path runtime, fs::path script, fs::path model)
      : name_(std::move(name)),
        runtime_(std::move(runtime)),
        script_(std::move(script)),
        model_(std::move(model)) {}

  Status Open(bool every_layer);

  [[nodiscard]] std::string name() const override { return name_; }

  [[nodiscard]] Layout pictures() const override { return Layout::kNhwc; }

  [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }

  [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }

  Result<std::vector<OutputTensor>> Run(std::span<const Buffer> inputs,
                                        const LayerSink& layers,
                                        const RunControl& control) override;

 private:
  void ListTensors();
  [[nodiscard]] Port PortOf(int32_t tensor) const;
  [[nodiscard]] std::vector<uint8_t> RequestFor(std::span<const Buffer> inputs,
                                                bool with_layers) const;
  Result<Header> Next(NodeChild& child) const;
  Status TellLayer(NodeChild& child,
                   const Wanted& wanted,
                   const Header& header,
                   const LayerSink& layers) const;

  std::string name_;
  fs::path runtime_;
  fs::path script_;
  fs::path model_;
  Buffer bytes_;
  npu::tflite::File file_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::vector<Wanted> wanted_;
};

Port TfliteEngine::PortOf(int32_t tensor) const {
  const npu::GraphTensor& found = file_.tensors[static_cast<size_t>(tensor)].graph;
  return {found.name, found.element_type, found.shape};
}

// Of every operation's outputs. What depends on constants alone is one: weights stored as float16.
void TfliteEngine::ListTensors() {
  std::unordered_set<int32_t> constants;
  const auto constant = [&](int32_t tensor) {
    return tensor < 0 || constants.count(tensor) != 0 ||
           file_.tensors[static_cast<size_t>(tensor)].graph.is_constant();
  };
  for (const npu::tflite::FileOperator& op : file_.operators) {
    const std::string name = npu::tflite::OperatorName(op);
    const bool known = name == "SHAPE" || std::all_of(op.inputs.begin(), op.inputs.end(), constant);
    for (const int32_t output : op.outputs) {
      wanted_.push_back({output, name, known});
      if (known) {
        constants.insert(output);
      }
    }
  }
}

Status TfliteEngine::Open(bool every_layer) {
  PLUMB_ASSIGN_OR_RETURN(bytes_, ReadFile(model_, kMaxModelSize));
  auto file = npu::LooksLikeTflite(bytes_)
                  ? npu::tflite::ReadFile(bytes_.span())
                  : Result<npu::tflite::File>(InvalidArgumentError("it is no TFLite file"));
  if (!file.ok()) {
    return InvalidArgumentError("'" + EscapeForDisplay(model_.string()) +
                                "' cannot be read: " + file.status().message())
        .WithReason(kReasonModelRefused);
  }
  file_ = std::move(file).value();
  for (const int32_t input : file_.inputs) {
    inputs_.push_back(PortOf(input));
  }
  for (const int32_t output : file_.outputs) {
    outputs_.push_back(PortOf(output));
  }
  if (every_layer) {
    ListTensors();
  }
  return OkStatus();
}

std::vector<uint8_t> TfliteEngine::RequestFor(std::span<const Buffer> inputs,
                                              bool with_layers) const {
  nlohmann::json header = {{"inputs", nlohmann::json::array()},
                           {"tensors", nlohmann::json::array()}};
  for (const Buffer& input : inputs) {
    header["inputs"].push_back(input.size());
  }
  for (const Wanted& wanted : wanted_) {
    if (with_layers) {
      header["tensors"].push_back(wanted.tensor);
    }
  }
  const std::string line = header.dump() + "\n";
  std::vector<uint8_t> request(line.begin(), line.end());
  for (const Buffer& input : inputs) {
    request.insert(request.end(), input.span().begin(), input.span().end());
  }
  return request;
}

Result<Header> TfliteEngine::Next(NodeChild& child) const {
  PLUMB_ASSIGN_OR_RETURN(const std::string line, child.Line());
  Header header{nlohmann::json::parse(line, nullptr, false)};
  if (!header.json.is_object()) {
    return Broken("no JSON: " + EscapeForDisplay(line.substr(0, 80)));
  }
  if (!header.json.contains("tensor") && header.json.contains("error")) {
    return InternalError(name_ + ": " + EscapeForDisplay(header.Text("error")))
        .WithReason(kReasonInvokeFailed);
  }
  return header;
}

Status TfliteEngine::TellLayer(NodeChild& child,
                               const Wanted& wanted,
                               const Header& header,
                               const LayerSink& layers) const {
  const FileTensor& tensor = file_.tensors[static_cast<size_t>(wanted.tensor)];
  if (header.Number("tensor") != static_cast<uint64_t>(wanted.tensor)) {
    return Broken("another tensor than the one that is next");
  }
  Layer layer;
  layer.name = tensor.graph.name;
  layer.op = wanted.op;
  layer.shape = tensor.graph.shape;
  if (header.json.contains("error")) {
    layer.kind = LayerKind::kUnreadable;
    layer.why = EscapeForDisplay(header.Text("error"));
    return layers(layer);
  }
  layer.kind = wanted.constant ? LayerKind::kConstant : LayerKind::kComputed;
  PLUMB_ASSIGN_OR_RETURN(const Received received, Receive(child, header, tensor.graph.shape));
  layer.shape = received.shape;
  layer.type = header.Text("type");
  PLUMB_ASSIGN_OR_RETURN(TensorDesc desc,
                         MakeContiguousDesc("layer", received.type, received.shape));
  if (tensor.graph.quantization.scales.size() == 1) {
    desc.scale = static_cast<float>(tensor.graph.quantization.scales.front());
    desc.zero_point = tensor.graph.quantization.zero_points.front();
  }
  std::vector<double> real(received.bytes.size() / ElementSize(received.type));
  ToDoubles(desc, received.bytes.data(), real);
  const std::vector<float> values(real.begin(), real.end());
  layer.values = values;
  return layers(layer);
}

Result<std::vector<OutputTensor>> TfliteEngine::Run(std::span<const Buffer> inputs,
                                                    const LayerSink& layers,
                                                    const RunControl& control) {
  PLUMB_RETURN_IF_ERROR(control.cancel.status());
  PLUMB_RETURN_IF_ERROR(CheckInputs(inputs_, inputs));
  const bool with_layers = layers != nullptr;
  PLUMB_ASSIGN_OR_RETURN(
      NodeChild child,
      NodeChild::Start(
          script_, {runtime_.string(), model_.string()}, RequestFor(inputs, with_layers), control));
  for (size_t i = 0; with_layers && i < wanted_.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const Header header, Next(child));
    PLUMB_RETURN_IF_ERROR(TellLayer(child, wanted_[i], header, layers));
  }
  std::vector<OutputTensor> results;
  for (const Port& port : outputs_) {
    PLUMB_ASSIGN_OR_RETURN(const Header header, Next(child));
    if (header.Number("output") != results.size()) {
      return Broken("another output than the one that is next");
    }
    PLUMB_ASSIGN_OR_RETURN(Received received, Receive(child, header, port.shape));
    results.push_back({{port.name, received.type, received.shape},
                       Buffer::FromVector(std::move(received.bytes))});
  }
  PLUMB_ASSIGN_OR_RETURN(const Header end, Next(child));
  return end.json.contains("done") ? Result<std::vector<OutputTensor>>(std::move(results))
                                   : Broken("more than was asked for");
}

}  // namespace

Result<std::string> TfliteRuntimeName(const fs::path& runtime) {
  std::error_code error;
  if (!fs::exists(runtime / kRuntimeFile, error)) {
    return NotFoundError("'" + EscapeForDisplay(runtime.string()) + "' has no TFLite runtime (" +
                         kRuntimeFile + ")")
        .WithReason(kReasonRuntimeUnavailable)
        .WithHint("fetch it with: tools/fetch-tflite");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string node, NodeVersion());
  return std::string(kVersion) + " in node " + node;
}

Result<std::unique_ptr<Engine>> OpenTflite(const fs::path& runtime,
                                           const fs::path& script,
                                           const EngineRequest& request) {
  if (!request.shapes.empty()) {
    return InvalidArgumentError("a TFLite file fixes its shapes itself")
        .WithHint("leave --input-shape out");
  }
  PLUMB_ASSIGN_OR_RETURN(std::string name, TfliteRuntimeName(runtime));
  std::error_code error;
  if (!fs::exists(script, error)) {
    return NotFoundError("'" + EscapeForDisplay(script.string()) + "' is not there")
        .WithReason(kReasonRuntimeUnavailable)
        .WithHint("build or install Plumbline again: tools/build");
  }
  auto engine = std::make_unique<TfliteEngine>(std::move(name), runtime, script, request.model);
  PLUMB_RETURN_IF_ERROR(engine->Open(request.every_layer));
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace plumb::framework
