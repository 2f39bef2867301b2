#include "common/npu/import/graph_builder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "common/base/text.h"
#include "common/npu/graph/infer.h"
#include "common/npu/import/permute.h"

namespace plumb::npu::importing {
namespace {

constexpr std::array<int32_t, 4> kPlainToPicture = {0, 2, 3, 1};
constexpr std::array<int32_t, 4> kPictureToPlain = {0, 3, 1, 2};

TransposeAttributes Permutation(const std::array<int32_t, 4>& axes) {
  return {{axes.begin(), axes.end()}};
}

Shape WithFourDims(const Shape& shape) {
  std::array<int64_t, 4> dims = {1, 1, 1, 1};
  std::copy(shape.dims().begin(),
            shape.dims().end(),
            dims.end() - static_cast<std::ptrdiff_t>(shape.rank()));
  return {dims[0], dims[1], dims[2], dims[3]};
}

// kUnimplemented for an integer that float32 does not hold.
Result<std::vector<float>> Floats(const Constant& constant) {
  if (constant.is_float) {
    return constant.floats;
  }
  constexpr int64_t kFar = int64_t{1} << 62U;
  std::vector<float> values;
  values.reserve(constant.integers.size());
  for (const int64_t integer : constant.integers) {
    values.push_back(static_cast<float>(integer));
    const bool exact =
        integer > -kFar && integer < kFar && static_cast<int64_t>(values.back()) == integer;
    if (!exact) {
      return UnimplementedError("computes with the integer " + std::to_string(integer) +
                                ", which float32 does not hold");
    }
  }
  return values;
}

// Kinds whose results are elements of their operand.
bool MovesElements(OpKind kind) {
  constexpr std::array kKinds = {OpKind::kReshape,
                                 OpKind::kTranspose,
                                 OpKind::kStridedSlice,
                                 OpKind::kGather,
                                 OpKind::kDepthToSpace,
                                 OpKind::kMaxPool2d,
                                 OpKind::kResizeNearest,
                                 OpKind::kReduceMax,
                                 OpKind::kReduceMin};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

// Sets how the output is stored where the operand decides it.
Status KeepStored(OpKind kind, const std::vector<const GraphTensor*>& operands, StoredAs& as) {
  if (as.type != ElementType::kFloat32 || kind == OpKind::kDequantize || operands.empty()) {
    return OkStatus();
  }
  const GraphTensor& first = *operands.front();
  const bool is_stored = first.element_type != ElementType::kFloat32 && !first.is_constant();
  if (is_stored && MovesElements(kind)) {
    as = {first.element_type, first.quantization};
    return OkStatus();
  }
  return is_stored ? UnimplementedError("computes with the stored integers of '" +
                                        EscapeForDisplay(first.name) + "'")
                         .WithHint("put a DequantizeLinear before it")
                   : OkStatus();
}

struct IntegerRange {
  int64_t low;
  int64_t high;
};

IntegerRange RangeOf(ElementType type) {
  switch (type) {
    case ElementType::kInt8:
      return {-128, 127};
    case ElementType::kUint8:
      return {0, 255};
    case ElementType::kInt16:
      return {-32768, 32767};
    default:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  }
}

}  // namespace

Shape ToPicture(const Shape& shape) {
  return {shape[0], shape[2], shape[3], shape[1]};
}

Shape ToPlain(const Shape& shape) {
  return {shape[0], shape[3], shape[1], shape[2]};
}

int32_t PictureAxis(int32_t axis) {
  return kPictureToPlain.at(static_cast<size_t>(axis));
}

bool OrdersAgree(const Shape& shape) {
  return shape[1] == 1 || (shape[2] == 1 && shape[3] == 1);
}

Result<int32_t> WrapAxis(int64_t axis, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  if (axis < -count || axis >= count) {
    return InvalidArgumentError("names axis " + std::to_string(axis) + " of " +
                                std::to_string(rank));
  }
  return static_cast<int32_t>(axis < 0 ? axis + count : axis);
}

int32_t AxisUnder(Layout layout, int32_t axis) {
  return layout == Layout::kPicture ? PictureAxis(axis) : axis;
}

Result<Value*> Builder::Find(const std::string& name) {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    const auto left_out = left_out_.find(name);
    if (left_out != left_out_.end()) {
      return UnimplementedError("reads '" + EscapeForDisplay(name) + "', a further output of " +
                                EscapeForDisplay(left_out->second) + " that is not supported");
    }
    return InvalidArgumentError("reads '" + EscapeForDisplay(name) +
                                "', which nothing before it computes");
  }
  return &found->second;
}

void Builder::NoteOutputs(std::string_view op, const std::vector<std::string>& outputs) {
  for (const std::string& output : outputs) {
    if (!output.empty() && values_.count(output) == 0) {
      left_out_.emplace(output, op.substr(0, 64));
    }
  }
}

Status Builder::Insert(Value value) {
  const std::string name = value.name;
  if (!values_.emplace(name, std::move(value)).second) {
    return InvalidArgumentError("makes '" + EscapeForDisplay(name) + "', which exists already");
  }
  return OkStatus();
}

Status Builder::DefineConstant(const std::string& name, ConstantPtr constant) {
  Value value;
  value.name = name;
  value.shape = constant->shape;
  value.constant = std::move(constant);
  return Insert(std::move(value));
}

Status Builder::Define(const std::string& name, uint32_t tensor, Layout layout) {
  Value value;
  value.name = name;
  value.home = layout;
  value.shape = layout == Layout::kPicture ? ToPlain(ShapeOf(tensor)) : ShapeOf(tensor);
  const bool plain_nchw = layout == Layout::kPlain && ShapeOf(tensor).rank() == 4;
  graph_.tensors[tensor].role = plain_nchw ? FileRole::kPlainNchw : FileRole::kSame;
  (layout == Layout::kPicture ? value.picture : value.plain) = tensor;
  return Insert(std::move(value));
}

Result<uint32_t> Builder::AddTensor(GraphTensor tensor) {
  if (graph_.tensors.size() == kMaxGraphTensors) {
    return ResourceExhaustedError("the network has more than 16384 tensors");
  }
  PLUMB_RETURN_IF_ERROR(ValidateTensor(tensor));
  graph_.tensors.push_back(std::move(tensor));
  return static_cast<uint32_t>(graph_.tensors.size() - 1);
}

Status Builder::DefineInput(const std::string& name,
                            const Shape& shape,
                            Layout layout,
                            StoredAs as) {
  GraphTensor tensor;
  tensor.name = name;
  tensor.element_type = as.type;
  tensor.quantization = std::move(as.quantization);
  tensor.shape = layout == Layout::kPicture ? ToPicture(shape) : shape;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t index, AddTensor(std::move(tensor)));
  graph_.inputs.push_back(index);
  return Define(name, index, layout);
}

Status Builder::AddOutput(const std::string& name) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, Find(name));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t index, Use(*value, value->home));
  graph_.outputs.push_back(index);
  return OkStatus();
}

Result<uint32_t> Builder::MaterialiseConstant(const Value& value, Layout layout) {
  const Constant& constant = *value.constant;
  const size_t rank = constant.shape.rank();
  if (constant.stored && (layout == Layout::kPlain || rank <= 4)) {
    return MaterialiseStored(value, layout);
  }
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, Floats(constant));
  if (rank < 4 && values.size() == 1) {
    return AddConstant(value.name, Shape{1}, std::move(values));
  }
  if (layout == Layout::kPlain) {
    return AddConstant(value.name, constant.shape, std::move(values));
  }
  if (rank > 4) {
    return UnimplementedError("takes '" + EscapeForDisplay(value.name) + "' of " +
                              constant.shape.ToString() + " together with a picture");
  }
  const Shape full = WithFourDims(constant.shape);
  return AddConstant(value.name, ToPicture(full), Permute<float>(values, full, kPlainToPicture));
}

Result<uint32_t> Builder::MaterialiseStored(const Value& value, Layout layout) {
  const Constant& constant = *value.constant;
  StoredIntegers stored = *constant.stored;
  if (layout == Layout::kPlain) {
    return AddStored(value.name, constant.shape, stored);
  }
  const Shape full = WithFourDims(constant.shape);
  const auto missing = static_cast<int32_t>(4 - constant.shape.rank());
  stored.values = Permute<int64_t>(stored.values, full, kPlainToPicture);
  stored.as.quantization.axis = PictureAxis(stored.as.quantization.axis + missing);
  return AddStored(value.name, ToPicture(full), stored);
}

Result<uint32_t> Builder::Use(Value& value, Layout layout) {
  std::optional<uint32_t>& place = layout == Layout::kPicture ? value.picture : value.plain;
  if (place) {
    return *place;
  }
  if (value.constant) {
    PLUMB_ASSIGN_OR_RETURN(place, MaterialiseConstant(value, layout));
    return *place;
  }
  if (value.shape.rank() != 4) {
    return InvalidArgumentError("needs a picture [N, C, H, W], but '" +
                                EscapeForDisplay(value.name) + "' is " + value.shape.ToString());
  }
  const bool to_picture = layout == Layout::kPicture;
  const uint32_t home = to_picture ? *value.plain : *value.picture;
  PLUMB_ASSIGN_OR_RETURN(
      place,
      Emit(NewName(value.name, to_picture ? "nhwc" : "nchw"),
           OpKind::kTranspose,
           {home},
           to_picture ? Permutation(kPlainToPicture) : Permutation(kPictureToPlain)));
  return *place;
}

Result<uint32_t> Builder::UseInOrder(Value& value) {
  if (value.is_picture() && !value.plain && OrdersAgree(value.shape)) {
    return *value.picture;
  }
  return Use(value, Layout::kPlain);
}

Result<uint32_t> Builder::Emit(std::string name,
                               OpKind kind,
                               std::vector<uint32_t> inputs,
                               GraphOpAttributes attributes,
                               const Shape& declared,
                               StoredAs as) {
  GraphOp op;
  op.kind = kind;
  op.name = name;
  op.inputs = std::move(inputs);
  op.attributes = std::move(attributes);
  std::vector<const GraphTensor*> operands;
  for (const uint32_t input : op.inputs) {
    operands.push_back(&graph_.tensors[input]);
  }
  GraphTensor output;
  output.name = std::move(name);
  output.role = FileRole::kStep;  // until Define says that the file has it
  PLUMB_RETURN_IF_ERROR(KeepStored(op.kind, operands, as));
  output.element_type = as.type;
  output.quantization = std::move(as.quantization);
  PLUMB_ASSIGN_OR_RETURN(output.shape, InferOutputShape(op, operands, declared));
  if (graph_.ops.size() == kMaxGraphOps) {
    return ResourceExhaustedError("the network has more than 8192 operations");
  }
  PLUMB_ASSIGN_OR_RETURN(op.output, AddTensor(std::move(output)));
  const uint32_t result = op.output;
  graph_.ops.push_back(std::move(op));
  return result;
}

Result<uint32_t> Builder::AddConstant(std::string name,
                                      const Shape& shape,
                                      std::vector<float> values) {
  PLUMB_RETURN_IF_ERROR(Spend(values.size()));
  GraphTensor tensor;
  tensor.name = std::move(name);
  tensor.shape = shape;
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  tensor.constant = Buffer::Copy({bytes, values.size() * sizeof(float)});
  return AddTensor(std::move(tensor));
}

Result<uint32_t> Builder::AddStored(std::string name,
                                    const Shape& shape,
                                    const StoredIntegers& stored) {
  PLUMB_RETURN_IF_ERROR(Spend(stored.values.size()));
  const size_t size = ElementSize(stored.as.type);
  const IntegerRange range = RangeOf(stored.as.type);
  std::vector<uint8_t> bytes(stored.values.size() * size);
  for (size_t i = 0; i < stored.values.size(); ++i) {
    const int64_t value = stored.values[i];
    if (value < range.low || value > range.high) {
      return InvalidArgumentError("'" + EscapeForDisplay(name) + "' holds " +
                                  std::to_string(value) + ", which its type does not");
    }
    std::memcpy(bytes.data() + i * size, &value, size);  // little-endian, as every host is
  }
  GraphTensor tensor;
  tensor.name = std::move(name);
  tensor.shape = shape;
  tensor.element_type = stored.as.type;
  tensor.quantization = stored.as.quantization;
  tensor.constant = Buffer::FromVector(std::move(bytes));
  return AddTensor(std::move(tensor));
}

std::string Builder::NewName(std::string_view base, std::string_view suffix) {
  std::string name = std::string(base) + ":" + std::string(suffix);
  while (!names_.insert(name).second) {
    name += '\'';
  }
  return name;
}

Status Builder::Spend(uint64_t elements) {
  if (elements > budget_) {
    return ResourceExhaustedError("makes the constants of the network more than 2^28 elements");
  }
  budget_ -= elements;
  return OkStatus();
}

}  // namespace plumb::npu::importing
