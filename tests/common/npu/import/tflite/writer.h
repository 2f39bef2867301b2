// Small TFLite files for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/buffer.h"
#include "common/npu/import/tflite/schema.h"
#include "tests/common/npu/import/tflite/flat_writer.h"

namespace plumb::testing {

// Collects tensors and operators of one subgraph. Tensor and buffer 0 do not exist for callers:
// buffer 0 is the empty one.
class TfliteWriter {
 public:
  using Type = npu::tflite::TensorType;

  TfliteWriter() : buffers_(1) {}

  template <class T = uint8_t>
  int32_t Tensor(const std::string& name,
                 const std::vector<int32_t>& shape,
                 Type type = Type::kFloat32,
                 const std::vector<T>& constant = {}) {
    FlatNode tensor;
    tensor.Vector(npu::tflite::TensorField::kShape, shape);
    tensor.Scalar(npu::tflite::TensorField::kType, static_cast<int8_t>(type));
    tensor.Text(npu::tflite::TensorField::kName, name);
    if (!constant.empty()) {
      tensor.Scalar(npu::tflite::TensorField::kBuffer, static_cast<uint32_t>(buffers_.size()));
      std::vector<uint8_t> bytes(constant.size() * sizeof(T));
      std::memcpy(bytes.data(), constant.data(), bytes.size());
      buffers_.push_back(FlatNode().Vector(npu::tflite::BufferField::kData, bytes));
    }
    tensors_.push_back(std::move(tensor));
    return static_cast<int32_t>(tensors_.size()) - 1;
  }

  void Quantize(int32_t tensor,
                const std::vector<float>& scales,
                const std::vector<int64_t>& zero_points,
                int32_t axis = 0) {
    FlatNode quantization;
    quantization.Vector(npu::tflite::QuantizationField::kScale, scales);
    quantization.Vector(npu::tflite::QuantizationField::kZeroPoint, zero_points);
    quantization.Scalar(npu::tflite::QuantizationField::kAxis, axis);
    tensors_[static_cast<size_t>(tensor)].Table(npu::tflite::TensorField::kQuantization,
                                                std::move(quantization));
  }

  FlatNode& At(int32_t tensor) { return tensors_[static_cast<size_t>(tensor)]; }

  // The operator, for its options to be added.
  FlatNode& Op(npu::tflite::Builtin code,
               const std::vector<int32_t>& inputs,
               const std::vector<int32_t>& outputs,
               const std::string& custom = "") {
    FlatNode entry;
    entry.Scalar(npu::tflite::OperatorCodeField::kBuiltin, static_cast<int32_t>(code));
    if (!custom.empty()) {
      entry.Text(npu::tflite::OperatorCodeField::kCustom, custom);
    }
    FlatNode op;
    op.Scalar(npu::tflite::OperatorField::kCode, static_cast<uint32_t>(codes_.size()));
    op.Vector(npu::tflite::OperatorField::kInputs, inputs);
    op.Vector(npu::tflite::OperatorField::kOutputs, outputs);
    codes_.push_back(std::move(entry));
    operators_.push_back(std::move(op));
    return operators_.back();
  }

  Buffer File(const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs) const {
    FlatNode subgraph;
    subgraph.Tables(npu::tflite::SubgraphField::kTensors, tensors_);
    subgraph.Vector(npu::tflite::SubgraphField::kInputs, inputs);
    subgraph.Vector(npu::tflite::SubgraphField::kOutputs, outputs);
    subgraph.Tables(npu::tflite::SubgraphField::kOperators, operators_);
    FlatNode model;
    model.Scalar(0, uint32_t{3});
    model.Tables(npu::tflite::ModelField::kOperatorCodes, codes_);
    model.Tables(npu::tflite::ModelField::kBuffers, buffers_);
    model.Tables(npu::tflite::ModelField::kSubgraphs, {subgraph});
    return Buffer::FromVector(model.Serialize("TFL3"));
  }

 private:
  std::vector<FlatNode> tensors_;
  std::vector<FlatNode> buffers_;
  std::vector<FlatNode> codes_;
  std::vector<FlatNode> operators_;
};

// Options of CONV_2D: SAME or VALID, both strides, fused activation.
inline FlatNode ConvOptions(npu::tflite::Padding padding, int32_t stride, int8_t activation = 0) {
  FlatNode options;
  options.Scalar(0, static_cast<int8_t>(padding));
  options.Scalar(1, stride);
  options.Scalar(2, stride);
  options.Scalar(3, activation);
  return options;
}

}  // namespace plumb::testing
