// What an ONNX file holds, read out of its messages and checked; see onnx.proto of ONNX 1.15.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/npu/import/constant.h"
#include "common/tensor/shape.h"

namespace plumb::npu::onnx {

using importing::Constant;
using importing::ConstantPtr;
using importing::kMaxConstantElements;

// TensorProto.DataType
enum class DataType : int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
};

struct Attribute {
  std::string name;
  std::optional<float> real;
  std::optional<int64_t> integer;
  std::optional<std::string> text;
  std::vector<float> reals;
  std::vector<int64_t> integers;
  ConstantPtr tensor;
};

struct Node {
  std::string op;    // "Conv"; with its domain unless that is ONNX's own: "com.microsoft.Gelu"
  std::string name;  // may be empty
  std::vector<std::string> inputs;  // "" for an optional one that is absent
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;
};

// An input or output of the graph; a dimension that the file leaves open is −1.
struct ValueInfo {
  std::string name;
  DataType type = DataType::kFloat;
  std::vector<int64_t> dims;
  bool has_shape = false;
};

struct Initializer {
  std::string name;
  ConstantPtr value;
};

struct Model {
  int64_t opset = 0;
  std::vector<Node> nodes;  // in execution order
  std::vector<Initializer> initializers;
  std::vector<ValueInfo> inputs;  // in old files the initialisers too
  std::vector<ValueInfo> outputs;
};

constexpr size_t kMaxNodes = 65536;
constexpr int64_t kFirstOpset = 7;
constexpr int64_t kLastOpset = 20;

// kInvalidArgument for a malformed file; kUnimplemented for data outside the file, other types of
// elements, and operator sets outside 1 to 20 (onnx_types.h says what is read of 1 to 6).
Result<Model> ReadModel(std::span<const uint8_t> file);

// True when the bytes begin as ModelProto does, up to where its graph begins.
bool BeginsAsModel(std::span<const uint8_t> file);

}  // namespace plumb::npu::onnx
