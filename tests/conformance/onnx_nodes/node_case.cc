#include "tests/conformance/onnx_nodes/node_case.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/npu/float/executor.h"
#include "common/npu/import/import.h"
#include "common/npu/import/onnx/file.h"
#include "common/npu/import/onnx/tensor.h"
#include "common/npu/quantize/quantize.h"
#include "common/npu/quantize/scheme.h"
#include "tests/common/npu/import/onnx/message.h"
#include "tests/common/npu/quantize/run_fixed.h"

namespace plumb::test {
namespace {

namespace fs = std::filesystem;
using npu::onnx::NamedTensor;
using Values = std::vector<float>;

constexpr int64_t kMostExact = 1 << 24;
constexpr uint64_t kMaxFile = uint64_t{1} << 28U;

// ModelProto and GraphProto, by their numbers in onnx.proto.
constexpr uint32_t kModelGraph = 7;
constexpr uint32_t kGraphInitializer = 5;
constexpr uint32_t kTensorName = 8;

struct Tensors {
  std::vector<NamedTensor> read;
  std::vector<std::string> messages;
};

struct Case {
  Buffer model;
  std::vector<std::string> input_names;
  Tensors inputs;
  Tensors outputs;
};

Result<Tensors> ReadTensors(const fs::path& folder, const std::string& prefix) {
  Tensors tensors;
  for (int i = 0; fs::exists(folder / (prefix + std::to_string(i) + ".pb")); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const Buffer file,
                           ReadFile(folder / (prefix + std::to_string(i) + ".pb"), kMaxFile));
    uint64_t budget = kMaxFile;
    PLUMB_ASSIGN_OR_RETURN(NamedTensor tensor, npu::onnx::ReadTensor(file.span(), budget));
    tensors.read.push_back(std::move(tensor));
    tensors.messages.emplace_back(file.view());
  }
  return tensors;
}

Result<Case> ReadCase(const fs::path& folder) {
  Case found;
  PLUMB_ASSIGN_OR_RETURN(found.model, ReadFile(folder / "model.onnx", kMaxFile));
  PLUMB_ASSIGN_OR_RETURN(const npu::onnx::Model model, npu::onnx::ReadModel(found.model.span()));
  for (const auto& input : model.inputs) {
    found.input_names.push_back(input.name);
  }
  PLUMB_ASSIGN_OR_RETURN(found.inputs, ReadTensors(folder / "test_data_set_0", "input_"));
  PLUMB_ASSIGN_OR_RETURN(found.outputs, ReadTensors(folder / "test_data_set_0", "output_"));
  return found;
}

// The model with its inputs from the second on as initialisers: what stands behind a message's end
// merges with it, and the last name holds.
Buffer WithInitializers(const Case& node) {
  testing::OnnxMessage graph;
  for (size_t i = 1; i < node.inputs.messages.size() && i < node.input_names.size(); ++i) {
    testing::OnnxMessage name;
    name.Bytes(kTensorName, node.input_names[i]);
    graph.Bytes(kGraphInitializer, node.inputs.messages[i] + name.bytes());
  }
  testing::OnnxMessage model;
  model.Message(kModelGraph, graph);
  return Buffer::FromString(std::string(node.model.view()) + model.bytes());
}

// [N, C, H, W] in the order of [N, H, W, C].
Values Turned(const Values& values, const Shape& shape) {
  Values turned;
  turned.reserve(values.size());
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t at = 0; at < shape[2] * shape[3]; ++at) {
      for (int64_t c = 0; c < shape[1]; ++c) {
        turned.push_back(
            values[static_cast<size_t>((n * shape[1] + c) * shape[2] * shape[3] + at)]);
      }
    }
  }
  return turned;
}

// Integers and bools as the network computes them; what is stored as the reals it stands for.
Values AsFloats(const npu::onnx::Constant& tensor, const npu::GraphQuantization& stored) {
  Values values = tensor.floats;
  for (const int64_t integer : tensor.integers) {
    const double real =
        stored.empty() ? static_cast<double>(integer)
                       : static_cast<double>(integer - stored.zero_points[0]) * stored.scales[0];
    values.push_back(static_cast<float>(real));
  }
  return values;
}

// The orders in which a tensor of the file may stand in the graph: one or two.
std::vector<Values> Orders(const npu::onnx::Constant& tensor, const npu::GraphTensor& place) {
  const Shape& in_graph = place.shape;
  std::vector<Values> orders;
  const Shape& shape = tensor.shape;
  const bool picture = shape.rank() == 4 && in_graph.rank() == 4 && in_graph[1] == shape[2] &&
                       in_graph[2] == shape[3] && in_graph[3] == shape[1];
  if (picture) {
    orders.push_back(Turned(AsFloats(tensor, place.quantization), shape));
  }
  if (!picture || in_graph == shape) {
    orders.push_back(AsFloats(tensor, place.quantization));
  }
  return orders;
}

bool Close(const Values& expected, const Values& actual) {
  return std::equal(
      expected.begin(), expected.end(), actual.begin(), actual.end(), [](float e, float a) {
        return e == a || (std::isnan(e) && std::isnan(a)) ||
               std::fabs(e - a) <= 1e-3F + 1e-3F * std::fabs(e);
      });
}

// The stored integers as numbers, rounded and saturated as a QuantizeLinear does.
Values StoredValues(const Values& real, const npu::GraphTensor& tensor) {
  const npu::Scheme scheme = *npu::SchemeOfFile(tensor);
  const npu::Clamp range = npu::StoredRange(scheme.type);
  Values stored;
  for (const float value : real) {
    const double q = std::rint(static_cast<double>(value) / scheme.scale) +
                     static_cast<double>(scheme.zero_point);
    stored.push_back(static_cast<float>(std::clamp<double>(q, range.low, range.high)));
  }
  return stored;
}

// Stored outputs must be the same integers.
bool OutputsAgree(const Case& node, const npu::Graph& graph, const std::vector<Values>& actual) {
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    npu::GraphTensor place = graph.tensors[graph.outputs[i]];
    const bool is_stored = place.element_type != ElementType::kFloat32;
    const Values values = is_stored ? StoredValues(actual[i], place) : actual[i];
    place.quantization = {};
    const auto orders = Orders(*node.outputs.read[i].value, place);
    if (std::none_of(orders.begin(), orders.end(), [&](const Values& expected) {
          return Close(expected, values);
        })) {
      return false;
    }
  }
  return true;
}

// The fixed model of a graph with integers of its own gives the case's outputs too; true where
// there is none (one QUANTIZE alone, weights that no fixed model holds).
bool FixedAgrees(const Case& node, const npu::Graph& graph, const std::vector<Values>& inputs) {
  if (!npu::IsQuantized(graph)) {
    return true;
  }
  const auto fixed = npu::FixedFromQuantizedGraph(graph);
  if (!fixed.ok()) {
    return true;
  }
  std::vector<std::vector<int16_t>> stored;
  for (size_t i = 0; i < inputs.size(); ++i) {
    stored.push_back(testing::Quantize(fixed->tensors[fixed->inputs[i].tensor], inputs[i]));
  }
  const auto results = testing::RunFixed(*fixed, stored);
  std::vector<Values> real;
  for (size_t i = 0; i < results.size(); ++i) {
    const auto values = testing::Dequantize(fixed->tensors[fixed->outputs[i]], results[i]);
    real.emplace_back(values.begin(), values.end());
  }
  return OutputsAgree(node, graph, real);
}

CaseResult Failed(const Status& status) {
  return {CaseEnd::kFailed, status.ToString()};
}

// Every combination of the inputs' orders; one that gives the outputs is enough.
CaseResult Execute(const Case& node, const std::shared_ptr<const npu::Graph>& graph) {
  auto executor = npu::FloatExecutor::Create(graph);
  if (!executor.ok()) {
    return Failed(executor.status());
  }
  std::vector<std::vector<Values>> orders;
  for (size_t i = 0; i < graph->inputs.size(); ++i) {
    orders.push_back(Orders(*node.inputs.read[i].value, graph->tensors[graph->inputs[i]]));
  }
  for (uint32_t choice = 0; choice < 1U << orders.size(); ++choice) {
    std::vector<Values> inputs;
    for (size_t i = 0; i < orders.size(); ++i) {
      inputs.push_back(orders[i][std::min<size_t>(choice >> i & 1U, orders[i].size() - 1)]);
    }
    const auto actual = (*executor)->Run(inputs);
    if (!actual.ok()) {
      return Failed(actual.status());
    }
    if (OutputsAgree(node, *graph, *actual)) {
      return FixedAgrees(node, *graph, inputs)
                 ? CaseResult{CaseEnd::kPassed, ""}
                 : CaseResult{CaseEnd::kFailed, "other integers than the reference's"};
    }
  }
  return {CaseEnd::kFailed, "other values than the reference's"};
}

// nullopt when the case can be run.
std::optional<std::string> CannotCompare(const Case& node, const npu::Graph& graph) {
  const auto is_held = [](const NamedTensor& tensor) {
    const auto& integers = tensor.value->integers;
    return std::all_of(integers.begin(), integers.end(), [](int64_t i) {
      return i >= -kMostExact && i <= kMostExact;
    });
  };
  if (!std::all_of(node.outputs.read.begin(), node.outputs.read.end(), is_held) ||
      !std::all_of(node.inputs.read.begin(), node.inputs.read.end(), is_held)) {
    return "integers that float32 does not hold";
  }
  if (graph.inputs.size() > std::min<size_t>(node.inputs.read.size(), 8) ||
      graph.outputs.size() != node.outputs.read.size()) {
    return "optional inputs or outputs left away";
  }
  return std::nullopt;
}

}  // namespace

CaseResult RunNodeCase(const fs::path& folder) {
  const auto node = ReadCase(folder);
  if (!node.ok()) {
    return node.status().code() == StatusCode::kUnimplemented
               ? CaseResult{CaseEnd::kUnsupported, node.status().message()}
               : Failed(node.status());
  }
  if (!node->inputs.read.empty() && node->inputs.read.front().value->shape.element_count() == 0U) {
    return {CaseEnd::kUnsupported, "an input without elements"};
  }
  if (node->input_names.empty()) {
    return {CaseEnd::kUnsupported, "a network without inputs"};
  }
  auto graph = npu::ImportNetwork(node->model, folder.filename().string());
  if (!graph.ok()) {
    graph = npu::ImportNetwork(WithInitializers(*node), folder.filename().string());
  }
  if (!graph.ok()) {
    return graph.status().code() == StatusCode::kUnimplemented
               ? CaseResult{CaseEnd::kUnsupported, graph.status().message()}
               : Failed(graph.status());
  }
  if (const auto why = CannotCompare(*node, *graph)) {
    return {CaseEnd::kUnsupported, *why};
  }
  return Execute(*node, std::make_shared<const npu::Graph>(std::move(graph).value()));
}

}  // namespace plumb::test
