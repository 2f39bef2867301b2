// Small networks written in code.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "common/npu/graph/graph.h"

namespace plumb::testing {

class GraphBuilder {
 public:
  uint32_t Input(const Shape& shape) {
    graph_.inputs.push_back(Tensor(shape));
    return graph_.inputs.back();
  }

  uint32_t Constant(const Shape& shape, const std::vector<float>& values) {
    const uint32_t tensor = Tensor(shape);
    graph_.tensors[tensor].constant = BytesOf(values);
    return tensor;
  }

  // The output's tensor.
  uint32_t Op(npu::OpKind kind,
              std::vector<uint32_t> inputs,
              const Shape& shape,
              npu::GraphOpAttributes attributes = {},
              npu::Activation activation = npu::Activation::kNone) {
    const uint32_t output = Tensor(shape);
    graph_.ops.push_back({kind,
                          graph_.tensors[output].name,
                          std::move(inputs),
                          output,
                          activation,
                          std::move(attributes)});
    return output;
  }

  // A tensor of stored values: an input, or a constant where `constant` is not empty.
  template <class T>
  uint32_t Quantized(const Shape& shape,
                     ElementType type,
                     npu::GraphQuantization quantization,
                     const std::vector<T>& constant) {
    const uint32_t tensor = Tensor(shape);
    graph_.tensors[tensor].element_type = type;
    graph_.tensors[tensor].quantization = std::move(quantization);
    graph_.tensors[tensor].constant = BytesOf(constant);
    return tensor;
  }

  npu::GraphTensor& At(uint32_t tensor) { return graph_.tensors[tensor]; }

  npu::Graph Build(std::vector<uint32_t> outputs) {
    graph_.outputs = std::move(outputs);
    graph_.name = "test";
    return graph_;
  }

 private:
  template <class T>
  static Buffer BytesOf(const std::vector<T>& values) {
    std::vector<uint8_t> bytes(values.size() * sizeof(T));
    if (!bytes.empty()) {
      std::memcpy(bytes.data(), values.data(), bytes.size());
    }
    return Buffer::FromVector(std::move(bytes));
  }

  uint32_t Tensor(const Shape& shape) {
    npu::GraphTensor tensor;
    tensor.name = "t" + std::to_string(graph_.tensors.size());
    tensor.shape = shape;
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<uint32_t>(graph_.tensors.size() - 1);
  }

  npu::Graph graph_;
};

// A window of one kernel size without padding.
inline npu::WindowAttributes Window(int32_t kernel_height, int32_t kernel_width) {
  npu::WindowAttributes window;
  window.kernel_height = kernel_height;
  window.kernel_width = kernel_width;
  return window;
}

}  // namespace plumb::testing
