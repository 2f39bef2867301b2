// The tables of a TFLite file as checked values, before any operation is understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/import/tflite/flatbuffer.h"
#include "common/npu/import/tflite/schema.h"

namespace plumb::npu::tflite {

// `type` float16 constants are float32 already in `graph`.
struct FileTensor {
  TensorType type = TensorType::kFloat32;
  bool type_supported = true;  // an unsupported type is an error only where it is used
  GraphTensor graph;
};

struct FileOperator {
  Builtin code = Builtin::kCustom;
  std::string custom_code;
  std::vector<int32_t> inputs;  // −1: an optional operand that is absent
  std::vector<int32_t> outputs;
  std::optional<FlatTable> options;
  std::vector<uint8_t> custom_options;
};

// Indices in inputs, outputs and operators point at tensors (or are −1 in inputs of operators).
// Tensor names are safe and unique.
struct File {
  std::vector<FileTensor> tensors;
  std::vector<FileOperator> operators;
  std::vector<int32_t> inputs;
  std::vector<int32_t> outputs;
};

// `bytes` must outlive the result.
Result<File> ReadFile(std::span<const uint8_t> bytes);

// Integer constants that steer an operation, at most 64 of them.
Result<std::vector<int32_t>> SteeringValues(const FileTensor& tensor);

}  // namespace plumb::npu::tflite
