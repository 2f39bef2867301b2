// What a file is, and what is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/npu/import/import.h"
#include "common/tensor/tensor.h"

namespace plumb::client {

// One tensor of whatever was opened. What does not apply stays empty.
struct InspectedTensor {
  std::string role;  // "input", "output", "constant", "layer", "reference", "target", "as f32"
  std::string name;
  std::string op;
  std::string element_type;
  std::string shape;
  std::optional<double> scale;
  std::optional<int64_t> zero_point;
  // Of the values, or for the integers of a model the range that they can express.
  std::optional<double> low;
  std::optional<double> high;
  uint64_t nan_count = 0;
  uint32_t bits = 0;
};

struct Inspection {
  std::string
      kind;  // "tflite", "onnx", "caffe", "fixed_model", "offline_model", "dump", "npy", "run", …
  std::vector<std::pair<std::string, std::string>> facts;  // "rounding" → "half_even"
  std::vector<InspectedTensor> tensors;
};

// Looks at the content, never at the name. kInvalidArgument when the file claims to be something
// and is damaged; what nobody knows is "raw" with its numbers read in the usual ways.
Result<Inspection> InspectPath(const std::string& path, const npu::InputShapes& shapes = {});

// Lowest and highest of the values that are numbers, and how many are not.
void SetRange(std::span<const double> values, InspectedTensor& tensor);

}  // namespace plumb::client
