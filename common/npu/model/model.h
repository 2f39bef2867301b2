// FixedModel: a network with every number frozen as an integer, ready to run bit for bit alike on
// any CPU. Made by common/npu/quantize, stored by container.h, run by the two kernel sets.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/npu/model/input_format.h"
#include "common/npu/model/ops.h"
#include "common/npu/model/rounding.h"
#include "common/tensor/element_type.h"
#include "common/tensor/family.h"
#include "common/tensor/shape.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::npu {

// real = (q − zero_point) · scale. q is kept as its type says: kUint8 0…255, kInt8 −128…127,
// kInt16 −32768…32767 with zero point 0. Executors hold every q in an int16_t.
struct FixedTensor {
  std::string name;
  Shape shape;  // rank ≤ 8, no zero dimension
  ElementType element_type = ElementType::kUint8;
  double scale = 1;  // for people and for descriptors; no kernel reads it
  int32_t zero_point = 0;
  Buffer constant;  // elements of this type, little-endian; empty for what is computed
  // Of four axes as a framework has it whose pictures are [N, C, H, W]: a dump turns it 0,2,3,1, as
  // dumps of the other stages do. No kernel reads it.
  bool plain_nchw = false;
};

struct FixedOp {
  std::string name;              // the name of the layer this came from
  std::string source_op;         // its kind there, e.g. "CONV_2D", for reports
  std::vector<uint32_t> inputs;  // indices into FixedModel::tensors
  uint32_t output = 0;
  OpAttributes attributes;
};

// A layer of the float network that has no tensor of its own here: an operation computes within
// what it was. For reports; no kernel reads it.
struct FusedLayer {
  std::string name;
  uint32_t into = 0;  // index into FixedModel::tensors of that operation's output

  friend bool operator==(const FusedLayer&, const FusedLayer&) = default;
};

// What a picture means to the network: real = (pixel − mean) / std_dev per channel, in the channel
// order of `training_format`. Its tensor is U8 or INT8 (pixel − 128), even among INT16 activations.
// For RAWDATA formats mean and std_dev are unused.
struct ModelInput {
  uint32_t tensor = 0;
  InputFormat training_format = InputFormat::kRawS16Nhwc;
  std::array<double, 3> mean = {0, 0, 0};
  double std_dev = 1;
};

struct ChipInput {
  InputFormat format = InputFormat::kRawS16Nhwc;
  TensorDesc desc;  // as the chip reports it
};

struct ChipOutput {
  bool dequantize = false;  // FP32 instead of INT16
  TensorDesc desc;
};

// What makes a fixed model an offline model for one chip family (see compile.h).
struct ChipSection {
  Family family = Family::kS3;
  std::vector<ChipInput> inputs;    // in the order of FixedModel::inputs
  std::vector<ChipOutput> outputs;  // in the order of FixedModel::outputs
  // Inputs that one Invoke takes, at most kMaxBatch. Descriptors are of one of them. `one_buf`: the
  // batches of a tensor lie in one buffer, aligned_size apart; otherwise each has its own.
  uint32_t batch = 1;
  bool one_buf = false;
};

constexpr uint32_t kMaxBatch = 16;

// Plain data; ops are in execution order. A model that ValidateModel accepts can be run without
// further checks. Copies share weights.
struct FixedModel {
  std::string name;
  RoundingProfile rounding = RoundingProfile::kHalfEven;
  std::vector<FixedTensor> tensors;
  std::vector<FixedOp> ops;
  std::vector<ModelInput> inputs;
  std::vector<uint32_t> outputs;
  std::vector<FusedLayer> fused;
  std::optional<ChipSection> chip;
};

// Called after each operation with its output tensor's index and stored values, which live until
// the call returns.
using LayerTap = std::function<void(uint32_t tensor, std::span<const int16_t> values)>;

// Lowest and highest stored value of kUint8, kInt8, kInt16; {0, 0} for other types.
Clamp StoredRange(ElementType type);

}  // namespace plumb::npu
