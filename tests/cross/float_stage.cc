#include <cstring>

#include "common/base/file.h"
#include "common/npu/float/executor.h"
#include "common/tensor/npy.h"
#include "tests/cross/network.h"

namespace plumb::cross {
namespace {

std::span<const uint8_t> BytesOf(std::span<const float> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

}  // namespace

Result<std::vector<std::vector<float>>> RunFloat(const Network& network) {
  PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::FloatExecutor::Create(network.graph));
  std::string layers;
  const auto sink = [&layers](const npu::GraphOp&,
                              const npu::GraphTensor& tensor,
                              std::span<const float> values) {
    layers += LayerLine(tensor.name, BytesOf(values), values.size());
    return OkStatus();
  };
  PLUMB_ASSIGN_OR_RETURN(auto outputs, executor->Run(network.values, sink));
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(network.out / "float_layers.txt", layers));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const npu::GraphTensor& tensor = network.graph->tensors.at(network.graph->outputs.at(i));
    Tensor output;
    PLUMB_ASSIGN_OR_RETURN(output.desc,
                           MakeContiguousDesc(tensor.name, ElementType::kFloat32, tensor.shape));
    output.bytes = Buffer::Copy(BytesOf(outputs[i]));
    PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> file, SerializeNpy(output));
    PLUMB_RETURN_IF_ERROR(
        WriteFileAtomically(network.out / ("float_output_" + std::to_string(i) + ".npy"), file));
  }
  return outputs;
}

}  // namespace plumb::cross
