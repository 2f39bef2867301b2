#include "common/npu/import/onnx/tensor.h"

#include <cstring>

#include "common/base/text.h"
#include "common/npu/import/wire.h"
#include "common/tensor/convert.h"

namespace plumb::npu::onnx {
namespace {

using importing::WireField;
using importing::WireReader;

// TensorProto as it stands in the file. Values are in `raw` or in the list of their type.
struct TensorMessage {
  std::string name;
  std::vector<int64_t> dims;
  DataType type = DataType::kFloat;
  std::vector<float> floats;
  std::vector<int64_t> integers;
  std::span<const uint8_t> raw;
  bool external = false;
};

Status ReadTensorField(const WireField& field, TensorMessage& tensor) {
  switch (field.number) {
    case 1:
      return field.AppendIntegers(tensor.dims);
    case 2: {
      PLUMB_ASSIGN_OR_RETURN(const int64_t type, field.Integer());
      tensor.type = static_cast<DataType>(type);
      return OkStatus();
    }
    case 4:
      return field.AppendFloats(tensor.floats);
    case 5:  // int32_data: also float16, bool and the narrow integers
    case 7:
    case 11:
      return field.AppendIntegers(tensor.integers);
    case 8: {
      PLUMB_ASSIGN_OR_RETURN(tensor.name, field.Text());
      return OkStatus();
    }
    case 9: {
      PLUMB_ASSIGN_OR_RETURN(tensor.raw, field.Bytes());
      return OkStatus();
    }
    case 10:
      return field.AppendDoubles(tensor.floats);
    case 13:
      tensor.external = true;
      return OkStatus();
    case 14: {
      PLUMB_ASSIGN_OR_RETURN(const int64_t location, field.Integer());
      tensor.external = tensor.external || location != 0;
      return OkStatus();
    }
    default:
      return OkStatus();
  }
}

struct TypeInfo {
  const char* name;
  size_t size;
  DataType type;
  bool is_float;
};

constexpr TypeInfo kTypes[] = {
    {"float", 4, DataType::kFloat, true},
    {"uint8", 1, DataType::kUint8, false},
    {"int8", 1, DataType::kInt8, false},
    {"uint16", 2, DataType::kUint16, false},
    {"int16", 2, DataType::kInt16, false},
    {"int32", 4, DataType::kInt32, false},
    {"int64", 8, DataType::kInt64, false},
    {"bool", 1, DataType::kBool, false},
    {"float16", 2, DataType::kFloat16, true},
    {"double", 8, DataType::kDouble, true},
    {"uint32", 4, DataType::kUint32, false},
    {"uint64", 8, DataType::kUint64, false},
};

const TypeInfo* FindType(DataType type) {
  for (const TypeInfo& info : kTypes) {
    if (info.type == type) {
      return &info;
    }
  }
  return nullptr;
}

template <class T>
T Load(std::span<const uint8_t> bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

float LoadFloat(DataType type, std::span<const uint8_t> bytes) {
  switch (type) {
    case DataType::kFloat16:
      return HalfToFloat(Load<uint16_t>(bytes));
    case DataType::kDouble:
      return static_cast<float>(Load<double>(bytes));
    default:
      return Load<float>(bytes);
  }
}

int64_t LoadInteger(DataType type, std::span<const uint8_t> bytes) {
  switch (type) {
    case DataType::kInt8:
      return Load<int8_t>(bytes);
    case DataType::kUint16:
      return Load<uint16_t>(bytes);
    case DataType::kInt16:
      return Load<int16_t>(bytes);
    case DataType::kInt32:
      return Load<int32_t>(bytes);
    case DataType::kUint32:
      return Load<uint32_t>(bytes);
    case DataType::kInt64:
    case DataType::kUint64:
      return Load<int64_t>(bytes);
    default:
      return Load<uint8_t>(bytes);
  }
}

void LoadRaw(const TensorMessage& message, const TypeInfo& type, Constant& constant) {
  const size_t count = message.raw.size() / type.size;
  for (size_t i = 0; i < count; ++i) {
    const std::span<const uint8_t> bytes = message.raw.subspan(i * type.size, type.size);
    if (type.is_float) {
      constant.floats.push_back(LoadFloat(type.type, bytes));
    } else {
      constant.integers.push_back(LoadInteger(type.type, bytes));
    }
  }
}

void LoadLists(TensorMessage& message, const TypeInfo& type, Constant& constant) {
  if (type.type == DataType::kFloat16) {
    for (const int64_t bits : message.integers) {
      constant.floats.push_back(HalfToFloat(static_cast<uint16_t>(bits)));
    }
  } else if (type.is_float) {
    constant.floats = std::move(message.floats);
  } else {
    constant.integers = std::move(message.integers);
  }
}

ElementType TypeInGraph(DataType type) {
  switch (type) {
    case DataType::kUint8:
      return ElementType::kUint8;
    case DataType::kInt8:
      return ElementType::kInt8;
    case DataType::kInt16:
      return ElementType::kInt16;
    case DataType::kInt32:
      return ElementType::kInt32;
    default:
      return ElementType::kUnknown;
  }
}

Result<ConstantPtr> Convert(TensorMessage& message, uint64_t& budget) {
  const TypeInfo* const type = FindType(message.type);
  if (type == nullptr) {
    return UnimplementedError("has elements of " + DataTypeName(message.type))
        .WithHint("supported: float, float16, double, integers and bool");
  }
  auto constant = std::make_shared<Constant>();
  PLUMB_ASSIGN_OR_RETURN(constant->shape, Shape::Create(message.dims));
  constant->is_float = type->is_float;
  constant->type = TypeInGraph(message.type);
  const std::optional<uint64_t> count = constant->shape.element_count();
  if (!count || *count > budget) {
    return ResourceExhaustedError("makes the constants of the file more than 2^28 elements");
  }
  budget -= *count;
  const uint64_t listed = type->is_float && type->type != DataType::kFloat16
                              ? message.floats.size()
                              : message.integers.size();
  const bool fits =
      message.raw.empty() ? listed == *count : message.raw.size() == *count * type->size;
  if (!fits) {
    return InvalidArgumentError("holds other data than " + std::to_string(*count) +
                                " elements of " + type->name);
  }
  if (message.raw.empty()) {
    LoadLists(message, *type, *constant);
  } else {
    LoadRaw(message, *type, *constant);
  }
  return ConstantPtr(std::move(constant));
}

}  // namespace

Result<NamedTensor> ReadTensor(std::span<const uint8_t> message, uint64_t& budget) {
  TensorMessage tensor;
  WireReader reader(message);
  while (!reader.done()) {
    PLUMB_ASSIGN_OR_RETURN(const WireField field, reader.Next());
    PLUMB_RETURN_IF_ERROR(ReadTensorField(field, tensor));
    if (tensor.floats.size() > budget || tensor.integers.size() > budget) {
      return ResourceExhaustedError("constants of more than 2^28 elements");
    }
  }
  const std::string context = "tensor '" + EscapeForDisplay(tensor.name) + "'";
  if (tensor.external) {
    return UnimplementedError(context + " keeps its data in another file")
        .WithHint("write one file: onnx.save(onnx.load('M.onnx'), 'N.onnx')");
  }
  auto constant = Convert(tensor, budget);
  if (!constant.ok()) {
    return constant.status().Annotate(context);
  }
  return NamedTensor{std::move(tensor.name), std::move(*constant)};
}

std::string DataTypeName(DataType type) {
  const TypeInfo* const info = FindType(type);
  return info != nullptr ? info->name : "type " + std::to_string(static_cast<int32_t>(type));
}

}  // namespace plumb::npu::onnx
