// Numbers of the TFLite schema (tensorflow/lite/schema/schema.fbs, Apache-2.0): field positions of
// the tables the importer reads and the values of its enumerations.
#pragma once

#include <cstdint>

namespace plumb::npu::tflite {

struct ModelField {
  static constexpr uint32_t kOperatorCodes = 1, kSubgraphs = 2, kBuffers = 4;
};

struct OperatorCodeField {
  static constexpr uint32_t kDeprecatedBuiltin = 0, kCustom = 1, kBuiltin = 3;
};

struct SubgraphField {
  static constexpr uint32_t kTensors = 0, kInputs = 1, kOutputs = 2, kOperators = 3;
};

struct TensorField {
  static constexpr uint32_t kShape = 0, kType = 1, kBuffer = 2, kName = 3, kQuantization = 4,
                            kIsVariable = 5, kSparsity = 6;
};

struct BufferField {
  static constexpr uint32_t kData = 0, kOffset = 1;
};

struct QuantizationField {
  static constexpr uint32_t kScale = 2, kZeroPoint = 3, kAxis = 6;
};

struct SparsityField {
  static constexpr uint32_t kOrder = 0, kBlockMap = 1, kDimensions = 2;
};

// Of one dimension of a sparse tensor. The two unions are a type each, followed by the value.
struct DimensionField {
  static constexpr uint32_t kFormat = 0, kDenseSize = 1, kSegmentsType = 2, kIndicesType = 4;
};

enum class SparseIndex : uint8_t { kInt32 = 1, kUint16 = 2, kUint8 = 3 };

struct OperatorField {
  static constexpr uint32_t kCode = 0, kInputs = 1, kOutputs = 2, kOptions = 4, kCustomOptions = 5;
};

enum class TensorType : int8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
};

enum class Builtin : int32_t {
  kAdd = 0,
  kAveragePool2d = 1,
  kConcatenation = 2,
  kConv2d = 3,
  kDepthwiseConv2d = 4,
  kDepthToSpace = 5,
  kDequantize = 6,
  kFullyConnected = 9,
  kLogistic = 14,
  kMaxPool2d = 17,
  kMul = 18,
  kRelu = 19,
  kReluN1To1 = 20,
  kRelu6 = 21,
  kReshape = 22,
  kResizeBilinear = 23,
  kSoftmax = 25,
  kTanh = 28,
  kCustom = 32,
  kPad = 34,
  kTranspose = 39,
  kMean = 40,
  kSub = 41,
  kDiv = 42,
  kSqueeze = 43,
  kStridedSlice = 45,
  kExp = 47,
  kPrelu = 54,
  kNeg = 59,
  kTransposeConv = 67,
  kExpandDims = 70,
  kSum = 74,
  kReduceMax = 82,
  kResizeNearestNeighbor = 97,
  kLeakyRelu = 98,
  kAbs = 101,
  kQuantize = 114,
  kHardSwish = 117,
  kDensify = 124,
};

enum class Padding : int8_t { kSame = 0, kValid = 1 };

}  // namespace plumb::npu::tflite
