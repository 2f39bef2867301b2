#include <array>
#include <chrono>
#include <utility>

#include "common/base/file.h"
#include "common/npu/float/executor.h"
#include "common/npu/import/permute.h"
#include "common/runner/failure.h"
#include "common/runner/limits.h"
#include "common/tensor/convert.h"
#include "server/simulator/external/external_runner.h"
#include "server/simulator/networks/model_files.h"
#include "server/simulator/networks/networks.h"

namespace plumb::server {
namespace {

using npu::GraphTensor;
using npu::importing::Permute;

constexpr std::array<int32_t, 4> kToPicture = {0, 2, 3, 1};
constexpr std::array<int32_t, 4> kToPlanes = {0, 3, 1, 2};

// A network and how its file lays out what the graph has as [N, H, W, C].
struct Network {
  npu::NetworkFormat format = npu::NetworkFormat::kTflite;
  std::shared_ptr<const npu::Graph> graph;

  [[nodiscard]] bool InPlanes(const GraphTensor& tensor) const {
    return format != npu::NetworkFormat::kTflite && tensor.shape.rank() == 4 &&
           tensor.role == npu::FileRole::kSame;
  }

  // As the file has the tensor.
  [[nodiscard]] Shape FileShape(const GraphTensor& tensor) const {
    const Shape& shape = tensor.shape;
    return InPlanes(tensor) ? Shape{shape[0], shape[3], shape[1], shape[2]} : shape;
  }
};

Result<Network> Import(const std::filesystem::path& model, const npu::InputShapes& shapes) {
  PLUMB_ASSIGN_OR_RETURN(const ModelFiles files, ReadModelFiles(model));
  auto graph = npu::ImportNetwork(files.file, model.stem().string(), shapes, files.other);
  if (!graph.ok()) {
    return Status(graph.status()).WithReason(kReasonModelRefused);
  }
  return Network{files.format, std::make_shared<const npu::Graph>(std::move(graph).value())};
}

Result<TensorDesc> InputDesc(const Network& network, const GraphTensor& tensor) {
  PLUMB_ASSIGN_OR_RETURN(
      TensorDesc desc,
      MakeContiguousDesc(tensor.name, tensor.element_type, network.FileShape(tensor)));
  if (tensor.quantization.scales.size() == 1) {
    desc.scale = static_cast<float>(tensor.quantization.scales.front());
    desc.zero_point = tensor.quantization.zero_points.front();
  }
  return desc;
}

// The file's bytes as the graph's real numbers.
Result<std::vector<float>> RealInput(const Network& network,
                                     const GraphTensor& tensor,
                                     const TensorDesc& desc,
                                     const std::filesystem::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxModelTensorBytes));
  if (bytes.size() != desc.aligned_size) {
    return InvalidArgumentError("input '" + desc.name + "' takes " +
                                std::to_string(desc.aligned_size) + " bytes, but " +
                                std::to_string(bytes.size()) + " were given")
        .WithReason(kReasonInputRefused);
  }
  std::vector<double> exact(ElementCount(desc));
  ToDoubles(desc, bytes.data(), exact);
  std::vector<float> values(exact.begin(), exact.end());
  return network.InPlanes(tensor) ? Permute(values, desc.shape, kToPicture) : values;
}

class FloatComputation : public Computation {
 public:
  explicit FloatComputation(NetworkOptions options) : options_(std::move(options)) {}

  Result<Produced> Compute(const Job& job, const CancelToken& cancel) override {
    PLUMB_ASSIGN_OR_RETURN(const Network network, Import(job.model, options_.shapes));
    const npu::Graph& graph = *network.graph;
    if (job.inputs.size() != graph.inputs.size()) {
      return InvalidArgumentError("the model has " + std::to_string(graph.inputs.size()) +
                                  " inputs, but " + std::to_string(job.inputs.size()) +
                                  " were given")
          .WithReason(kReasonInputRefused);
    }
    Produced produced;
    produced.model.sdk = "float executor";
    std::vector<std::vector<float>> inputs;
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const GraphTensor& tensor = graph.tensors.at(graph.inputs[i]);
      PLUMB_ASSIGN_OR_RETURN(const TensorDesc desc, InputDesc(network, tensor));
      PLUMB_ASSIGN_OR_RETURN(std::vector<float> values,
                             RealInput(network, tensor, desc, job.inputs[i]));
      produced.model.inputs.push_back(desc);
      inputs.push_back(std::move(values));
    }
    PLUMB_RETURN_IF_ERROR(Run(network, inputs, cancel, produced));
    return produced;
  }

 private:
  Status Run(const Network& network,
             const std::vector<std::vector<float>>& inputs,
             const CancelToken& cancel,
             Produced& produced) const {
    PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::FloatExecutor::Create(network.graph));
    const auto start = std::chrono::steady_clock::now();
    const auto goes_on = [&](const npu::GraphOp&, const GraphTensor&, std::span<const float>) {
      PLUMB_RETURN_IF_ERROR(cancel.status());
      return std::chrono::steady_clock::now() - start <= options_.time_limit
                 ? OkStatus()
                 : DeadlineExceededError("the float executor took longer than " +
                                         std::to_string(options_.time_limit.count()) + " ms")
                       .WithReason(kReasonRunnerHung);
    };
    PLUMB_ASSIGN_OR_RETURN(const auto outputs, executor->Run(inputs, goes_on));
    produced.invoke_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    for (size_t i = 0; i < outputs.size(); ++i) {
      const GraphTensor& tensor = network.graph->tensors.at(network.graph->outputs[i]);
      PLUMB_ASSIGN_OR_RETURN(
          TensorDesc desc,
          MakeContiguousDesc(tensor.name, ElementType::kFloat32, network.FileShape(tensor)));
      const std::vector<float> values =
          network.InPlanes(tensor) ? Permute(outputs[i], tensor.shape, kToPlanes) : outputs[i];
      const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
      produced.model.outputs.push_back(std::move(desc));
      produced.outputs.push_back(
          {UniqueFd(), Buffer::Copy({bytes, values.size() * sizeof(float)})});
    }
    return OkStatus();
  }

  NetworkOptions options_;
};

}  // namespace

std::unique_ptr<Runner> MakeFloatRunner(const NetworkOptions& options) {
  return std::make_unique<ExternalRunner>(ExternalRunnerOptions{"float", ""},
                                          std::make_shared<FloatComputation>(options));
}

}  // namespace plumb::server
