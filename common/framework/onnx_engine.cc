#include "common/framework/onnx_engine.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <unordered_map>
#include <utility>

#include "common/base/checked.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/framework/onnx_tensors.h"
#include "common/framework/onnx_value.h"
#include "common/framework/ort_api.h"
#include "common/runner/failure.h"

namespace plumb::framework {
namespace {

constexpr uint64_t kMaxModelSize = uint64_t{2} << 30U;  // protobuf's own limit
constexpr int kLogFatal = 4;
constexpr int kNoOptimisation = 0;
constexpr int kOptimiseAll = 99;
constexpr size_t kMaxPorts = 65536;

std::string Quoted(std::string_view name) {
  return "'" + EscapeForDisplay(name) + "'";
}

// "x=?x3x?x?": how the file has an input, '?' for what it leaves open (0 here).
std::string Notation(const Port& port) {
  std::string text = EscapeForDisplay(port.name) + "=";
  for (size_t i = 0; i < port.shape.rank(); ++i) {
    text += (i == 0 ? "" : "x") + (port.shape[i] == 0 ? "?" : std::to_string(port.shape[i]));
  }
  return text;
}

// The file's shape with what it leaves open (0) taken from `given`.
Result<Shape> FixShape(const Port& port, const std::vector<int64_t>* given) {
  std::vector<int64_t> dims(port.shape.dims().begin(), port.shape.dims().end());
  if (given != nullptr) {
    bool fits = given->size() == dims.size();
    for (size_t i = 0; fits && i < dims.size(); ++i) {
      fits = dims[i] == 0 || dims[i] == (*given)[i];
    }
    if (!fits) {
      return InvalidArgumentError("--input-shape of " + Quoted(port.name) +
                                  " contradicts the file, which says " + Notation(port))
          .WithHint("only dimensions that are '?' can be chosen");
    }
    return Shape::Create(*given);
  }
  if (!dims.empty() && dims[0] == 0) {
    dims[0] = 1;
  }
  if (std::find(dims.begin(), dims.end(), 0) != dims.end()) {
    return InvalidArgumentError("the file leaves the shape of input " + Quoted(port.name) +
                                " open: " + Notation(port))
        .WithHint("fix it with --input-shape " + Notation(port) + ", numbers for the '?'");
  }
  return Shape::Create(dims);
}

// Ends a Run on cancellation or when its time is over.
class Terminator {
 public:
  Terminator(const OrtApi& api, void* run_options, const RunControl& control)
      : registration_(control.cancel.OnCancel([api, run_options] { Stop(api, run_options); })),
        watch_([this, api, run_options, timeout = control.timeout] {
          if (!done_.WaitFor(timeout)) {
            late_ = true;
            Stop(api, run_options);
          }
        }) {}

  Terminator(const Terminator&) = delete;
  Terminator& operator=(const Terminator&) = delete;

  ~Terminator() {
    done_.Cancel();
    watch_.join();
  }

  [[nodiscard]] bool late() const { return late_; }

 private:
  static void Stop(const OrtApi& api, void* run_options) {
    // It sets a flag that is read between two nodes; there is nothing to do about a failure.
    static_cast<void>(api.Call(OrtSlot::kRunOptionsSetTerminate, run_options));
  }

  CancelToken done_;
  std::atomic<bool> late_ = false;
  CancelToken::Registration registration_;
  std::thread watch_;
};

class OnnxEngine : public Engine {
 public:
  explicit OnnxEngine(OrtApi api)
      : api_(std::move(api)),
        env_(api_, OrtSlot::kReleaseEnv),
        options_(api_, OrtSlot::kReleaseSessionOptions),
        session_(api_, OrtSlot::kReleaseSession),
        memory_(api_, OrtSlot::kReleaseMemoryInfo) {}

  Status Open(const EngineRequest& request);

  [[nodiscard]] std::string name() const override { return "ONNX Runtime " + api_.version(); }

  [[nodiscard]] Layout pictures() const override { return Layout::kNchw; }

  [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }

  [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }

  Result<std::vector<OutputTensor>> Run(std::span<const Buffer> inputs,
                                        const LayerSink& layers,
                                        const RunControl& control) override;

 private:
  Status CreateSession(const EngineRequest& request, std::span<const uint8_t> model);
  Status ReadPorts(OrtSlot count, OrtSlot name, OrtSlot type, std::vector<Port>& ports);
  Status FixShapes(const npu::InputShapes& shapes);
  Result<std::vector<OrtHandle>> MakeInputs(std::vector<std::vector<uint8_t>>& bytes);
  Result<std::vector<OrtHandle>> Compute(std::span<const OrtHandle> inputs,
                                         const RunControl& control);
  Status Tell(std::span<const OrtHandle> values, const LayerSink& layers) const;

  OrtApi api_;
  OrtHandle env_;
  OrtHandle options_;
  OrtHandle session_;
  OrtHandle memory_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;  // the file's own
  std::vector<Port> wanted_;   // outputs of the session: the file's and, with every layer, the rest
  OnnxTensors tensors_;
};

Status OnnxEngine::Open(const EngineRequest& request) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ReadFile(request.model, kMaxModelSize));
  PLUMB_ASSIGN_OR_RETURN(tensors_, ReadOnnxTensors(file.span()));
  const size_t outputs = tensors_.outputs.size();
  if (!request.every_layer) {
    tensors_.tensors.clear();
    PLUMB_RETURN_IF_ERROR(CreateSession(request, file.span()));
  } else {
    PLUMB_RETURN_IF_ERROR(CreateSession(request, WithEveryTensorAnOutput(file.span(), tensors_)));
  }
  PLUMB_RETURN_IF_ERROR(ReadPorts(OrtSlot::kSessionGetInputCount,
                                  OrtSlot::kSessionGetInputName,
                                  OrtSlot::kSessionGetInputTypeInfo,
                                  inputs_));
  PLUMB_RETURN_IF_ERROR(ReadPorts(OrtSlot::kSessionGetOutputCount,
                                  OrtSlot::kSessionGetOutputName,
                                  OrtSlot::kSessionGetOutputTypeInfo,
                                  wanted_));
  if (wanted_.size() < outputs) {
    return InternalError(name() + " tells fewer outputs than the file has");
  }
  outputs_.assign(wanted_.begin(), wanted_.begin() + static_cast<std::ptrdiff_t>(outputs));
  for (Port& port : outputs_) {
    if (!port.shape.element_count()) {
      return InvalidArgumentError("output " + Quoted(port.name) + " is too large");
    }
  }
  return FixShapes(request.shapes);
}

Status OnnxEngine::CreateSession(const EngineRequest& request, std::span<const uint8_t> model) {
  const auto threads = static_cast<int>(std::clamp(request.threads, 1U, 256U));
  PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kCreateEnv, kLogFatal, "plumb", env_.slot()));
  PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kCreateSessionOptions, options_.slot()));
  PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kSetIntraOpNumThreads, options_.get(), threads));
  PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kSetInterOpNumThreads, options_.get(), 1));
  PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kSetSessionGraphOptimizationLevel,
                                  options_.get(),
                                  request.every_layer ? kNoOptimisation : kOptimiseAll));
  // Spinning threads take the processor from everybody else and win nothing here.
  PLUMB_RETURN_IF_ERROR(api_.Call(
      OrtSlot::kAddSessionConfigEntry, options_.get(), "session.intra_op.allow_spinning", "0"));
  Status created = api_.Call(OrtSlot::kCreateSessionFromArray,
                             env_.get(),
                             static_cast<const void*>(model.data()),
                             model.size(),
                             options_.get(),
                             session_.slot());
  if (!created.ok()) {
    return InvalidArgumentError(name() + " does not take " + Quoted(request.model.string()) + ": " +
                                created.message())
        .WithReason(kReasonModelRefused);
  }
  return MakeCpuMemory(api_, memory_);
}

Status OnnxEngine::ReadPorts(OrtSlot count, OrtSlot name, OrtSlot type, std::vector<Port>& ports) {
  size_t number = 0;
  PLUMB_RETURN_IF_ERROR(api_.Call(count, session_.get(), &number));
  if (number > kMaxPorts) {
    return InvalidArgumentError("the model has " + std::to_string(number) + " inputs or outputs");
  }
  void* allocator = nullptr;  // the runtime's own, never released
  PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kGetAllocatorWithDefaultOptions, &allocator));
  for (size_t i = 0; i < number; ++i) {
    char* text = nullptr;
    PLUMB_RETURN_IF_ERROR(api_.Call(name, session_.get(), i, allocator, &text));
    Port& port = ports.emplace_back();
    port.name = text;
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kAllocatorFree, allocator, static_cast<void*>(text)));
    OrtHandle info(api_, OrtSlot::kReleaseTypeInfo);
    PLUMB_RETURN_IF_ERROR(api_.Call(type, session_.get(), i, info.slot()));
    PLUMB_RETURN_IF_ERROR(
        ReadPortType(api_, info.get(), port).Annotate("'" + EscapeForDisplay(port.name) + "'"));
  }
  return OkStatus();
}

Status OnnxEngine::FixShapes(const npu::InputShapes& given_shapes) {
  std::vector<std::string> names;
  for (const Port& port : inputs_) {
    names.push_back(port.name);
  }
  PLUMB_ASSIGN_OR_RETURN(const npu::InputShapes shapes, npu::NamedShapes(given_shapes, names));
  for (Port& port : inputs_) {
    const auto given = shapes.find(port.name);
    PLUMB_ASSIGN_OR_RETURN(port.shape,
                           FixShape(port, given == shapes.end() ? nullptr : &given->second));
  }
  for (const auto& [input, dims] : shapes) {
    if (std::none_of(inputs_.begin(), inputs_.end(), [name = &input](const Port& port) {
          return port.name == *name;
        })) {
      return InvalidArgumentError("--input-shape names " + Quoted(input) +
                                  ", which is no input of the model");
    }
  }
  return OkStatus();
}

Result<std::vector<OrtHandle>> OnnxEngine::MakeInputs(std::vector<std::vector<uint8_t>>& bytes) {
  std::vector<OrtHandle> values;
  for (size_t i = 0; i < bytes.size(); ++i) {
    OrtHandle value(api_, OrtSlot::kReleaseValue);
    PLUMB_RETURN_IF_ERROR(WrapTensor(api_, memory_.get(), inputs_[i], bytes[i], value));
    values.push_back(std::move(value));
  }
  return values;
}

Result<std::vector<OrtHandle>> OnnxEngine::Compute(std::span<const OrtHandle> inputs,
                                                   const RunControl& control) {
  std::vector<const char*> input_names;
  std::vector<void*> input_values;
  for (size_t i = 0; i < inputs.size(); ++i) {
    input_names.push_back(inputs_[i].name.c_str());
    input_values.push_back(inputs[i].get());
  }
  std::vector<const char*> names;
  for (const Port& port : wanted_) {
    names.push_back(port.name.c_str());
  }
  std::vector<void*> results(names.size(), nullptr);
  OrtHandle run_options(api_, OrtSlot::kReleaseRunOptions);
  PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kCreateRunOptions, run_options.slot()));
  Status status;
  bool late = false;
  {
    const Terminator terminator(api_, run_options.get(), control);
    status = api_.Call(OrtSlot::kRun,
                       session_.get(),
                       run_options.get(),
                       input_names.data(),
                       input_values.data(),
                       input_values.size(),
                       names.data(),
                       names.size(),
                       results.data());
    late = terminator.late();
  }
  std::vector<OrtHandle> values;
  for (void* result : results) {
    *values.emplace_back(api_, OrtSlot::kReleaseValue).slot() = result;
  }
  PLUMB_RETURN_IF_ERROR(control.cancel.status());
  if (late && !status.ok()) {
    return DeadlineExceededError(name() + " took longer than " +
                                 std::to_string(control.timeout.count()) + " ms")
        .WithReason(kReasonRunnerHung);
  }
  PLUMB_RETURN_IF_ERROR(std::move(status).WithReason(kReasonInvokeFailed));
  return values;
}

Status OnnxEngine::Tell(std::span<const OrtHandle> values, const LayerSink& layers) const {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < wanted_.size(); ++i) {
    places.emplace(wanted_[i].name, i);
  }
  for (const OnnxTensor& tensor : tensors_.tensors) {
    Layer layer;
    layer.name = tensor.name;
    layer.op = tensor.op;
    layer.kind = tensor.constant ? LayerKind::kConstant : LayerKind::kComputed;
    std::vector<float> converted;
    const auto place = places.find(tensor.name);
    if (place == places.end()) {
      layer.kind = LayerKind::kUnreadable;
      layer.why = "the runtime does not hand it out";
    } else {
      PLUMB_RETURN_IF_ERROR(ReadLayer(api_, values[place->second].get(), layer, converted));
    }
    PLUMB_RETURN_IF_ERROR(layers(layer));
  }
  return OkStatus();
}

Result<std::vector<OutputTensor>> OnnxEngine::Run(std::span<const Buffer> inputs,
                                                  const LayerSink& layers,
                                                  const RunControl& control) {
  PLUMB_RETURN_IF_ERROR(control.cancel.status());
  PLUMB_RETURN_IF_ERROR(CheckInputs(inputs_, inputs));
  // The runtime wants aligned memory that it may write to.
  std::vector<std::vector<uint8_t>> bytes;
  for (const Buffer& input : inputs) {
    bytes.emplace_back(input.span().begin(), input.span().end());
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<OrtHandle> given, MakeInputs(bytes));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<OrtHandle> values, Compute(given, control));
  if (layers) {
    PLUMB_RETURN_IF_ERROR(Tell(values, layers));
  }
  std::vector<OutputTensor> results;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(OutputTensor output,
                           ReadTensor(api_, values[i].get(), outputs_[i].name));
    results.push_back(std::move(output));
  }
  return results;
}

}  // namespace

Result<std::unique_ptr<Engine>> OpenOnnxRuntime(const std::filesystem::path& library,
                                                const EngineRequest& request) {
  PLUMB_ASSIGN_OR_RETURN(OrtApi api, OrtApi::Load(library));
  auto engine = std::make_unique<OnnxEngine>(std::move(api));
  PLUMB_RETURN_IF_ERROR(engine->Open(request));
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace plumb::framework
