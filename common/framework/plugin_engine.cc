#include "common/framework/plugin_engine.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/framework/plugin_abi.h"
#include "common/runner/failure.h"

namespace plumb::framework {
namespace {

constexpr uint32_t kMaxPorts = 1024;
constexpr size_t kMaxErrorSize = 4096;

// Room for the engine's words.
class ErrorText {
 public:
  [[nodiscard]] const PlumbFrameworkError* get() const { return &error_; }

  [[nodiscard]] std::string Words() {
    text_.back() = '\0';
    return text_.front() == '\0' ? "it does not say why" : EscapeForDisplay(text_.data());
  }

 private:
  std::array<char, kMaxErrorSize> text_{};
  PlumbFrameworkError error_{text_.data(), text_.size()};
};

std::string TextOf(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

Status Unavailable(const std::filesystem::path& library, const std::string& what) {
  return FailedPreconditionError("the engine '" + EscapeForDisplay(library.string()) + "' " + what)
      .WithReason(kReasonRuntimeUnavailable);
}

bool IsComplete(const PlumbFrameworkPlugin& plugin) {
  return plugin.engine != nullptr && plugin.open != nullptr && plugin.input_count != nullptr &&
         plugin.output_count != nullptr && plugin.input != nullptr && plugin.output != nullptr &&
         plugin.run != nullptr && plugin.close != nullptr;
}

Result<const PlumbFrameworkPlugin*> Load(const std::filesystem::path& library) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return Unavailable(library, "cannot be loaded: " + EscapeForDisplay(TextOf(reason)));
  }
  const auto get =
      reinterpret_cast<PlumbFrameworkPluginGetFunction>(::dlsym(handle, PLUMB_FRAMEWORK_SYMBOL));
  const PlumbFrameworkPlugin* plugin = get == nullptr ? nullptr : get();
  if (plugin == nullptr || plugin->abi != PLUMB_FRAMEWORK_ABI || !IsComplete(*plugin)) {
    return Unavailable(library, "does not speak version 1 of the plug-in interface")
        .WithHint("build it with the same version of Plumbline");
  }
  return plugin;
}

// What a plug-in says of a tensor, checked.
Result<Shape> ShapeOf(const PlumbFrameworkTensor& tensor) {
  if (tensor.rank > PLUMB_FRAMEWORK_MAX_RANK) {
    return DataLossError("tells a tensor of " + std::to_string(tensor.rank) + " dimensions");
  }
  return Shape::Create(std::span(tensor.dims).first(tensor.rank));
}

Result<Port> PortOf(const PlumbFrameworkTensor& tensor) {
  Port port;
  port.name = TextOf(tensor.name);
  PLUMB_ASSIGN_OR_RETURN(port.shape, ShapeOf(tensor));
  return port;
}

Result<std::span<const float>> ValuesOf(const PlumbFrameworkTensor& tensor, const Shape& shape) {
  if (shape.element_count() != tensor.count || (tensor.values == nullptr && tensor.count != 0)) {
    return DataLossError("tells " + std::to_string(tensor.count) + " values of " +
                         shape.ToString());
  }
  return std::span<const float>(tensor.values, tensor.count);
}

// The sink of one run: turns what the plug-in calls into what Engine::Run hands on.
class Receiver {
 public:
  Receiver(const LayerSink& layers, const std::vector<Port>& outputs, const RunControl& control)
      : layers_(layers),
        outputs_(outputs.size()),
        control_(control),
        until_(std::chrono::steady_clock::now() + control.timeout) {}

  [[nodiscard]] PlumbFrameworkSink Calls() {
    PlumbFrameworkSink sink{};
    sink.context = this;
    if (layers_) {
      sink.layer = [](void* context, const PlumbFrameworkTensor* tensor) {
        return static_cast<Receiver*>(context)->Note(
            [&](Receiver& self) { return self.OnLayer(*tensor); });
      };
    }
    sink.output = [](void* context, uint32_t index, const PlumbFrameworkTensor* tensor) {
      return static_cast<Receiver*>(context)->Note(
          [&](Receiver& self) { return self.OnOutput(index, *tensor); });
    };
    sink.stopped = [](void* context) {
      return static_cast<Receiver*>(context)->Note([](Receiver&) { return OkStatus(); });
    };
    return sink;
  }

  [[nodiscard]] const Status& status() const { return status_; }

  Result<std::vector<OutputTensor>> Outputs() {
    if (received_ != outputs_.size()) {
      return DataLossError("tells " + std::to_string(received_) + " of " +
                           std::to_string(outputs_.size()) + " outputs");
    }
    return std::move(outputs_);
  }

 private:
  // The first error stays, and every later call is told to stop.
  template <class Step>
  int Note(const Step& step) {
    if (status_.ok()) {
      status_ = control_.cancel.status();
    }
    if (status_.ok() && std::chrono::steady_clock::now() > until_) {
      status_ = DeadlineExceededError("the engine took longer than " +
                                      std::to_string(control_.timeout.count()) + " ms")
                    .WithReason(kReasonRunnerHung);
    }
    if (status_.ok()) {
      status_ = step(*this);
    }
    return status_.ok() ? 0 : 1;
  }

  Status OnLayer(const PlumbFrameworkTensor& tensor) {
    Layer layer;
    layer.name = TextOf(tensor.name);
    layer.op = TextOf(tensor.op);
    layer.why = TextOf(tensor.why);
    layer.type = "float";
    PLUMB_ASSIGN_OR_RETURN(layer.shape, ShapeOf(tensor));
    layer.kind = tensor.kind == PLUMB_FRAMEWORK_UNREADABLE ? LayerKind::kUnreadable
                 : tensor.kind == PLUMB_FRAMEWORK_CONSTANT ? LayerKind::kConstant
                                                           : LayerKind::kComputed;
    if (layer.kind != LayerKind::kUnreadable) {
      PLUMB_ASSIGN_OR_RETURN(layer.values, ValuesOf(tensor, layer.shape));
    }
    return layers_(layer);
  }

  Status OnOutput(uint32_t index, const PlumbFrameworkTensor& tensor) {
    if (index >= outputs_.size() || !outputs_[index].port.name.empty()) {
      return DataLossError("tells output " + std::to_string(index) + " twice or beyond the last");
    }
    PLUMB_ASSIGN_OR_RETURN(Port port, PortOf(tensor));
    PLUMB_ASSIGN_OR_RETURN(const auto values, ValuesOf(tensor, port.shape));
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    outputs_[index] = {std::move(port), Buffer::Copy({bytes, values.size_bytes()})};
    ++received_;
    return OkStatus();
  }

  const LayerSink& layers_;
  std::vector<OutputTensor> outputs_;
  const RunControl& control_;
  std::chrono::steady_clock::time_point until_;
  size_t received_ = 0;
  Status status_;
};

class PluginEngine : public Engine {
 public:
  PluginEngine(const PlumbFrameworkPlugin& plugin, void* session)
      : plugin_(plugin),
        session_(session) {}

  PluginEngine(const PluginEngine&) = delete;
  PluginEngine& operator=(const PluginEngine&) = delete;

  ~PluginEngine() override { plugin_.close(session_); }

  Status ReadPorts() {
    PLUMB_RETURN_IF_ERROR(ReadPorts(plugin_.input_count(session_), plugin_.input, inputs_));
    return ReadPorts(plugin_.output_count(session_), plugin_.output, outputs_);
  }

  [[nodiscard]] std::string name() const override { return TextOf(plugin_.engine); }

  [[nodiscard]] Layout pictures() const override {
    return plugin_.pictures == PLUMB_FRAMEWORK_NCHW ? Layout::kNchw : Layout::kNhwc;
  }

  [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }

  [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }

  Result<std::vector<OutputTensor>> Run(std::span<const Buffer> inputs,
                                        const LayerSink& layers,
                                        const RunControl& control) override;

 private:
  Status ReadPorts(uint32_t count,
                   void (*read)(void*, uint32_t, PlumbFrameworkTensor*),
                   std::vector<Port>& ports) {
    if (count > kMaxPorts) {
      return DataLossError(name() + " tells " + std::to_string(count) + " inputs or outputs");
    }
    for (uint32_t i = 0; i < count; ++i) {
      PlumbFrameworkTensor tensor{};
      read(session_, i, &tensor);
      auto port = PortOf(tensor);
      if (!port.ok()) {
        return port.status().Annotate(name());
      }
      ports.push_back(std::move(port).value());
    }
    return OkStatus();
  }

  const PlumbFrameworkPlugin& plugin_;
  void* session_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
};

Result<std::vector<OutputTensor>> PluginEngine::Run(std::span<const Buffer> inputs,
                                                    const LayerSink& layers,
                                                    const RunControl& control) {
  PLUMB_RETURN_IF_ERROR(control.cancel.status());
  PLUMB_RETURN_IF_ERROR(CheckInputs(inputs_, inputs));
  // A buffer need not be aligned for floats.
  std::vector<std::vector<float>> values;
  std::vector<const float*> pointers;
  pointers.reserve(inputs.size());
  for (const Buffer& input : inputs) {
    values.emplace_back(input.size() / sizeof(float));
    std::memcpy(values.back().data(), input.data(), input.size());
  }
  for (const auto& value : values) {
    pointers.push_back(value.data());
  }
  Receiver receiver(layers, outputs_, control);
  const PlumbFrameworkSink sink = receiver.Calls();
  ErrorText error;
  const int ended = plugin_.run(session_, pointers.data(), &sink, error.get());
  PLUMB_RETURN_IF_ERROR(receiver.status());
  if (ended != 0) {
    return InternalError(name() + " could not run the model: " + error.Words())
        .WithReason(kReasonInvokeFailed);
  }
  auto outputs = receiver.Outputs();
  return outputs.ok() ? std::move(outputs) : outputs.status().Annotate(name());
}

std::vector<PlumbFrameworkShape> ShapesOf(const npu::InputShapes& shapes) {
  std::vector<PlumbFrameworkShape> list;
  for (const auto& [input, dims] : shapes) {
    PlumbFrameworkShape& shape = list.emplace_back();
    shape.input = input.c_str();
    shape.rank = static_cast<uint32_t>(std::min(dims.size(), size_t{PLUMB_FRAMEWORK_MAX_RANK}));
    std::copy_n(dims.begin(), shape.rank, std::begin(shape.dims));
  }
  return list;
}

}  // namespace

Result<std::unique_ptr<Engine>> OpenPlugin(const std::filesystem::path& library,
                                           const EngineRequest& request) {
  PLUMB_ASSIGN_OR_RETURN(const PlumbFrameworkPlugin* plugin, Load(library));
  const std::vector<PlumbFrameworkShape> shapes = ShapesOf(request.shapes);
  PlumbFrameworkRequest asked{};
  asked.model = request.model.c_str();
  asked.weights = request.weights.c_str();
  asked.shapes = shapes.data();
  asked.shape_count = static_cast<uint32_t>(shapes.size());
  asked.every_layer = request.every_layer ? 1 : 0;
  asked.threads = request.threads;
  ErrorText error;
  void* session = plugin->open(&asked, error.get());
  if (session == nullptr) {
    return InvalidArgumentError(TextOf(plugin->engine) + " does not take '" +
                                EscapeForDisplay(request.model.string()) + "': " + error.Words())
        .WithReason(kReasonModelRefused);
  }
  auto engine = std::make_unique<PluginEngine>(*plugin, session);
  PLUMB_RETURN_IF_ERROR(engine->ReadPorts());
  return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::string> PluginEngineName(const std::filesystem::path& library) {
  PLUMB_ASSIGN_OR_RETURN(const PlumbFrameworkPlugin* plugin, Load(library));
  return TextOf(plugin->engine);
}

}  // namespace plumb::framework
