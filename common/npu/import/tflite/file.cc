#include "common/npu/import/tflite/file.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/npu/import/tflite/sparse.h"
#include "common/tensor/convert.h"

namespace plumb::npu::tflite {
namespace {

constexpr uint64_t kMaxConstantBytes = uint64_t{1} << 30;
constexpr uint32_t kMaxSteeringValues = 64;
constexpr size_t kMaxNameSize = 200;

struct OperatorCode {
  Builtin code;
  std::string custom;
};

Result<std::vector<int32_t>> ReadIndices(const FlatTable& table,
                                         uint32_t field,
                                         size_t tensors,
                                         int32_t lowest) {
  PLUMB_ASSIGN_OR_RETURN(const FlatVector vector, table.Vector(field, sizeof(int32_t)));
  std::vector<int32_t> indices;
  for (uint32_t i = 0; i < vector.size(); ++i) {
    const auto index = vector.At<int32_t>(i);
    if (index < lowest || (index >= 0 && static_cast<size_t>(index) >= tensors)) {
      return InvalidArgumentError("tensor " + std::to_string(index) + " of " +
                                  std::to_string(tensors) + " is asked for");
    }
    indices.push_back(index);
  }
  return indices;
}

std::optional<ElementType> ElementTypeOf(TensorType type) {
  switch (type) {
    case TensorType::kFloat32:
    case TensorType::kFloat16:
      return ElementType::kFloat32;
    case TensorType::kInt32:
      return ElementType::kInt32;
    case TensorType::kUint8:
      return ElementType::kUint8;
    case TensorType::kInt64:
      return ElementType::kInt64;
    case TensorType::kInt16:
      return ElementType::kInt16;
    case TensorType::kInt8:
      return ElementType::kInt8;
    default:
      return std::nullopt;
  }
}

Result<GraphQuantization> ReadQuantization(const FlatTable& tensor) {
  GraphQuantization quantization;
  if (!tensor.Has(TensorField::kQuantization)) {
    return quantization;
  }
  PLUMB_ASSIGN_OR_RETURN(const FlatTable table, tensor.Table(TensorField::kQuantization));
  PLUMB_ASSIGN_OR_RETURN(const FlatVector scales,
                         table.Vector(QuantizationField::kScale, sizeof(float)));
  PLUMB_ASSIGN_OR_RETURN(const FlatVector zeros,
                         table.Vector(QuantizationField::kZeroPoint, sizeof(int64_t)));
  PLUMB_ASSIGN_OR_RETURN(quantization.axis, table.Scalar<int32_t>(QuantizationField::kAxis, 0));
  if (zeros.size() != 0 && zeros.size() != scales.size()) {
    return InvalidArgumentError("has " + std::to_string(scales.size()) + " scales but " +
                                std::to_string(zeros.size()) + " zero points");
  }
  for (uint32_t i = 0; i < scales.size(); ++i) {
    quantization.scales.push_back(static_cast<double>(scales.At<float>(i)));
    quantization.zero_points.push_back(zeros.size() == 0 ? 0 : zeros.At<int64_t>(i));
  }
  return quantization;
}

Result<Shape> ReadShape(const FlatTable& tensor) {
  PLUMB_ASSIGN_OR_RETURN(const FlatVector dims,
                         tensor.Vector(TensorField::kShape, sizeof(int32_t)));
  if (dims.size() > Shape::kMaxRank) {
    return InvalidArgumentError("has " + std::to_string(dims.size()) + " dimensions");
  }
  std::vector<int64_t> values;
  for (uint32_t i = 0; i < dims.size(); ++i) {
    values.push_back(dims.At<int32_t>(i));
  }
  return Shape::Create(values);
}

std::vector<uint8_t> WidenHalves(std::span<const uint8_t> halves) {
  std::vector<uint8_t> bytes(halves.size() / 2 * sizeof(float));
  for (size_t i = 0; i < halves.size() / 2; ++i) {
    const auto half = static_cast<uint16_t>(halves[2 * i] | halves[2 * i + 1] << 8);
    const float value = HalfToFloat(half);
    std::memcpy(bytes.data() + i * sizeof(float), &value, sizeof(float));
  }
  return bytes;
}

// Reads the tables below the root, keeping count of what they ask for.
class Reader {
 public:
  explicit Reader(const FlatTable& model) : model_(model) {}

  Result<File> Read();

 private:
  Status ReadCodes();
  Status ReadTensors(const FlatTable& subgraph);
  Result<FileTensor> ReadTensor(const FlatTable& table, uint32_t index);
  Result<std::span<const uint8_t>> ReadData(const FlatTable& table);
  Result<Buffer> ReadConstant(const FlatTable& table, const FileTensor& tensor);
  std::string NameOf(const std::string& name, uint32_t index);
  Status ReadOperators(const FlatTable& subgraph);
  Result<FileOperator> ReadOperator(const FlatTable& table);

  FlatTable model_;
  FlatVector buffers_;
  std::vector<OperatorCode> codes_;
  std::set<std::string> names_;
  uint64_t constant_bytes_ = 0;
  File file_;
};

Status Reader::ReadCodes() {
  PLUMB_ASSIGN_OR_RETURN(const FlatVector codes, model_.Tables(ModelField::kOperatorCodes));
  for (uint32_t i = 0; i < codes.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const FlatTable table, codes.TableAt(i));
    PLUMB_ASSIGN_OR_RETURN(const int8_t old,
                           table.Scalar<int8_t>(OperatorCodeField::kDeprecatedBuiltin, 0));
    PLUMB_ASSIGN_OR_RETURN(const int32_t code,
                           table.Scalar<int32_t>(OperatorCodeField::kBuiltin, 0));
    PLUMB_ASSIGN_OR_RETURN(std::string custom, table.String(OperatorCodeField::kCustom));
    // Old files have the first field alone, new ones both with 127 in the first from code 127 on.
    codes_.push_back({static_cast<Builtin>(std::max<int32_t>(old, code)), std::move(custom)});
  }
  return OkStatus();
}

// The bytes of a tensor's buffer; none when it is computed.
Result<std::span<const uint8_t>> Reader::ReadData(const FlatTable& table) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t index, table.Scalar<uint32_t>(TensorField::kBuffer, 0));
  // Buffer 0 is the empty one by convention; files without buffers exist.
  if (index == 0 && buffers_.size() == 0) {
    return std::span<const uint8_t>();
  }
  if (index >= buffers_.size()) {
    return InvalidArgumentError("uses buffer " + std::to_string(index) + " of " +
                                std::to_string(buffers_.size()));
  }
  PLUMB_ASSIGN_OR_RETURN(const FlatTable buffer, buffers_.TableAt(index));
  if (buffer.Has(BufferField::kOffset)) {
    return UnimplementedError("keeps its data outside the FlatBuffer")
        .WithHint("export the model as one FlatBuffer below 2 GB");
  }
  PLUMB_ASSIGN_OR_RETURN(const FlatVector data, buffer.Vector(BufferField::kData, 1));
  return data.bytes();
}

Result<Buffer> Reader::ReadConstant(const FlatTable& table, const FileTensor& tensor) {
  PLUMB_ASSIGN_OR_RETURN(std::span<const uint8_t> data, ReadData(table));
  const bool half = tensor.type == TensorType::kFloat16;
  const bool sparse = table.Has(TensorField::kSparsity);
  const size_t stored_size = half ? sizeof(uint16_t) : ElementSize(tensor.graph.element_type);
  const uint64_t count = tensor.graph.shape.element_count().value_or(kMaxConstantBytes);
  const uint64_t dense_bytes =
      sparse ? std::min(count, kMaxConstantBytes) * stored_size : data.size();
  constant_bytes_ += dense_bytes * (half ? 2 : 1);
  if (constant_bytes_ > kMaxConstantBytes) {
    return ResourceExhaustedError("constants take more than 1 GiB");
  }
  std::vector<uint8_t> dense;
  if (sparse) {
    PLUMB_ASSIGN_OR_RETURN(const FlatTable sparsity, table.Table(TensorField::kSparsity));
    PLUMB_ASSIGN_OR_RETURN(dense, Densify(sparsity, tensor.graph.shape, data, stored_size));
    data = dense;
  }
  return half ? Buffer::FromVector(WidenHalves(data)) : Buffer::Copy(data);
}

std::string Reader::NameOf(const std::string& name, uint32_t index) {
  std::string safe = name.substr(0, kMaxNameSize);
  while (!safe.empty() && !IsValidUtf8(safe)) {
    safe.pop_back();
  }
  if (!IsSafeName(safe)) {
    safe = "tensor_" + std::to_string(index);
  }
  while (!names_.insert(safe).second) {
    safe += "#" + std::to_string(index);
  }
  return safe;
}

Result<FileTensor> Reader::ReadTensor(const FlatTable& table, uint32_t index) {
  FileTensor tensor;
  PLUMB_ASSIGN_OR_RETURN(const int8_t type, table.Scalar<int8_t>(TensorField::kType, 0));
  PLUMB_ASSIGN_OR_RETURN(const std::string name, table.String(TensorField::kName));
  PLUMB_ASSIGN_OR_RETURN(const uint8_t variable,
                         table.Scalar<uint8_t>(TensorField::kIsVariable, 0));
  if (variable != 0) {
    return UnimplementedError("is a variable").WithHint("export the model without state");
  }
  tensor.type = static_cast<TensorType>(type);
  tensor.graph.name = NameOf(name, index);
  PLUMB_ASSIGN_OR_RETURN(tensor.graph.shape, ReadShape(table));
  PLUMB_ASSIGN_OR_RETURN(tensor.graph.quantization, ReadQuantization(table));
  const std::optional<ElementType> element = ElementTypeOf(tensor.type);
  tensor.type_supported = element.has_value();
  tensor.graph.element_type = element.value_or(ElementType::kUnknown);
  if (tensor.type_supported) {
    PLUMB_ASSIGN_OR_RETURN(tensor.graph.constant, ReadConstant(table, tensor));
  }
  return tensor;
}

Status Reader::ReadTensors(const FlatTable& subgraph) {
  PLUMB_ASSIGN_OR_RETURN(const FlatVector tensors, subgraph.Tables(SubgraphField::kTensors));
  if (tensors.size() > kMaxGraphTensors) {
    return InvalidArgumentError("the file has " + std::to_string(tensors.size()) +
                                " tensors; 16384 are supported");
  }
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const FlatTable table, tensors.TableAt(i));
    Result<FileTensor> tensor = ReadTensor(table, i);
    if (!tensor.ok()) {
      return tensor.status().Annotate("tensor " + std::to_string(i));
    }
    file_.tensors.push_back(std::move(*tensor));
  }
  return OkStatus();
}

Result<FileOperator> Reader::ReadOperator(const FlatTable& table) {
  FileOperator op;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t code, table.Scalar<uint32_t>(OperatorField::kCode, 0));
  if (code >= codes_.size()) {
    return InvalidArgumentError("has the operator code " + std::to_string(code) + " of " +
                                std::to_string(codes_.size()));
  }
  op.code = codes_[code].code;
  op.custom_code = codes_[code].custom;
  const size_t tensors = file_.tensors.size();
  PLUMB_ASSIGN_OR_RETURN(op.inputs, ReadIndices(table, OperatorField::kInputs, tensors, -1));
  PLUMB_ASSIGN_OR_RETURN(op.outputs, ReadIndices(table, OperatorField::kOutputs, tensors, 0));
  if (table.Has(OperatorField::kOptions)) {
    PLUMB_ASSIGN_OR_RETURN(op.options, table.Table(OperatorField::kOptions));
  }
  PLUMB_ASSIGN_OR_RETURN(const FlatVector custom, table.Vector(OperatorField::kCustomOptions, 1));
  if (custom.size() > kMaxSteeringValues * sizeof(int32_t) && op.code == Builtin::kCustom) {
    return UnimplementedError("has custom options of " + std::to_string(custom.size()) + " bytes");
  }
  op.custom_options.assign(custom.bytes().begin(), custom.bytes().end());
  return op;
}

Status Reader::ReadOperators(const FlatTable& subgraph) {
  PLUMB_ASSIGN_OR_RETURN(const FlatVector operators, subgraph.Tables(SubgraphField::kOperators));
  if (operators.size() > kMaxGraphOps) {
    return InvalidArgumentError("the file has " + std::to_string(operators.size()) +
                                " operations; 8192 are supported");
  }
  for (uint32_t i = 0; i < operators.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const FlatTable table, operators.TableAt(i));
    Result<FileOperator> op = ReadOperator(table);
    if (!op.ok()) {
      return op.status().Annotate("operation " + std::to_string(i));
    }
    file_.operators.push_back(std::move(*op));
  }
  return OkStatus();
}

Result<File> Reader::Read() {
  PLUMB_RETURN_IF_ERROR(ReadCodes());
  PLUMB_ASSIGN_OR_RETURN(buffers_, model_.Tables(ModelField::kBuffers));
  PLUMB_ASSIGN_OR_RETURN(const FlatVector subgraphs, model_.Tables(ModelField::kSubgraphs));
  if (subgraphs.size() != 1) {
    return UnimplementedError("the file has " + std::to_string(subgraphs.size()) +
                              " subgraphs; one is supported");
  }
  PLUMB_ASSIGN_OR_RETURN(const FlatTable subgraph, subgraphs.TableAt(0));
  PLUMB_RETURN_IF_ERROR(ReadTensors(subgraph));
  const size_t tensors = file_.tensors.size();
  PLUMB_ASSIGN_OR_RETURN(file_.inputs, ReadIndices(subgraph, SubgraphField::kInputs, tensors, 0));
  PLUMB_ASSIGN_OR_RETURN(file_.outputs, ReadIndices(subgraph, SubgraphField::kOutputs, tensors, 0));
  PLUMB_RETURN_IF_ERROR(ReadOperators(subgraph));
  return std::move(file_);
}

}  // namespace

Result<File> ReadFile(std::span<const uint8_t> bytes) {
  PLUMB_ASSIGN_OR_RETURN(const FlatTable model, FlatTable::Root(bytes));
  return Reader(model).Read();
}

Result<std::vector<int32_t>> SteeringValues(const FileTensor& tensor) {
  const size_t size = ElementSize(tensor.graph.element_type);
  const bool integers = tensor.type == TensorType::kInt32 || tensor.type == TensorType::kInt64;
  const Buffer& bytes = tensor.graph.constant;
  if (!integers || bytes.empty() || bytes.size() > kMaxSteeringValues * size ||
      tensor.graph.shape.element_count() != bytes.size() / size || bytes.size() % size != 0) {
    return UnimplementedError("operand '" + EscapeForDisplay(tensor.graph.name) +
                              "' is not a short constant of integers")
        .WithHint("export the model with fixed shapes");
  }
  std::vector<int32_t> values;
  for (size_t i = 0; i < bytes.size(); i += size) {
    int64_t value = 0;
    if (size == sizeof(int32_t)) {
      int32_t narrow = 0;
      std::memcpy(&narrow, bytes.data() + i, size);
      value = narrow;
    } else {
      std::memcpy(&value, bytes.data() + i, size);
    }
    if (value < INT32_MIN || value > INT32_MAX) {
      return InvalidArgumentError("operand '" + EscapeForDisplay(tensor.graph.name) +
                                  "' holds numbers beyond 32 bits");
    }
    values.push_back(static_cast<int32_t>(value));
  }
  return values;
}

}  // namespace plumb::npu::tflite
