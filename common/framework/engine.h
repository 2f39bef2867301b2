// Engine: a framework's own implementation of a network, the yardstick for our float stage.
//
// The engines are foreign code that is fetched apart (tools/install-deps --frameworks,
// tools/fetch-tflite); common/framework/engines.h finds them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/npu/import/onnx/onnx.h"
#include "common/tensor/element_type.h"
#include "common/tensor/shape.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::framework {

// An input or output of the network. Elements are contiguous, in the order the framework has them.
struct Port {
  std::string name;
  ElementType element_type = ElementType::kFloat32;
  Shape shape;
};

struct OutputTensor {
  Port port;
  Buffer bytes;
};

enum class LayerKind : uint8_t {
  kComputed,
  kConstant,    // known before the network runs: weights, shape arithmetic
  kUnreadable,  // the engine cannot show it; `why` says so and `values` is empty
};

// What one operation made. Views live until the sink returns.
struct Layer {
  std::string name;  // of the tensor, as the file has it
  std::string op;    // the framework's word: "Conv", "CONV_2D", "Convolution"
  std::string type;  // the framework's word for its elements: "float", "int64"
  Shape shape;       // as the framework has it
  LayerKind kind = LayerKind::kComputed;
  std::span<const float> values;  // in the order of `shape`; integers with a scale are dequantised
  std::string why;
};

// Called in execution order. An error ends the run with it.
using LayerSink = std::function<Status(const Layer& layer)>;

struct EngineRequest {
  std::filesystem::path model;
  std::filesystem::path weights;  // Caffe: the .caffemodel beside the .prototxt; empty otherwise
  npu::InputShapes shapes;        // what the file leaves open
  bool every_layer = false;       // false: Run computes outputs alone, optimised as usual
  uint32_t threads = 1;
};

struct RunControl {
  CancelToken cancel;
  std::chrono::milliseconds timeout{300'000};
};

// One network in one engine. One Run at a time; Run may be called from any thread and blocks.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  // With its version: "ONNX Runtime 1.17.0".
  [[nodiscard]] virtual std::string name() const = 0;
  // How this framework lays out pictures. A dump of one with kNchw has every tensor of four
  // dimensions turned 0,2,3,1, as the vendor's dumpers do; one with kNhwc is never turned.
  [[nodiscard]] virtual Layout pictures() const = 0;
  [[nodiscard]] virtual const std::vector<Port>& inputs() const = 0;
  // A dimension that only a run tells is 0 here.
  [[nodiscard]] virtual const std::vector<Port>& outputs() const = 0;

  // One buffer per input, exactly its bytes. Every tensor goes to `layers` (may be null) when the
  // engine was opened with every_layer. Returns the outputs in the file's order.
  //   kInvalidArgument, input_refused   another number or size of inputs
  //   kInternal, invoke_failed          what the framework says
  //   kDeadlineExceeded, runner_hung    `control.timeout` is over
  //   cancel's status                   within about a second of Cancel()
  virtual Result<std::vector<OutputTensor>> Run(std::span<const Buffer> inputs,
                                                const LayerSink& layers,
                                                const RunControl& control) = 0;
};

// kInvalidArgument with reason input_refused, naming the port, unless `inputs` fit `ports`.
Status CheckInputs(std::span<const Port> ports, std::span<const Buffer> inputs);

}  // namespace plumb::framework
