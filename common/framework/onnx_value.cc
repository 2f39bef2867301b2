#include "common/framework/onnx_value.h"

#include <array>

#include "common/base/checked.h"
#include "common/tensor/convert.h"

namespace plumb::framework {
namespace {

constexpr int kArenaAllocator = 1;
constexpr int kDefaultMemory = 0;
constexpr size_t kMaxRank = Shape::kMaxRank;

struct TypeName {
  std::string_view name;
  ElementType type;
};

// By ONNXTensorElementDataType, which counts as TensorProto.DataType does.
constexpr std::array<TypeName, 17> kTypes = {{{"undefined", ElementType::kUnknown},
                                              {"float", ElementType::kFloat32},
                                              {"uint8", ElementType::kUint8},
                                              {"int8", ElementType::kInt8},
                                              {"uint16", ElementType::kUint16},
                                              {"int16", ElementType::kInt16},
                                              {"int32", ElementType::kInt32},
                                              {"int64", ElementType::kInt64},
                                              {"string", ElementType::kUnknown},
                                              {"bool", ElementType::kBool},
                                              {"float16", ElementType::kFloat16},
                                              {"double", ElementType::kFloat64},
                                              {"uint32", ElementType::kUnknown},
                                              {"uint64", ElementType::kUnknown},
                                              {"complex64", ElementType::kUnknown},
                                              {"complex128", ElementType::kUnknown},
                                              {"bfloat16", ElementType::kUnknown}}};

int NumberOf(ElementType type) {
  for (size_t i = 1; i < kTypes.size(); ++i) {
    if (kTypes.at(i).type == type) {
      return static_cast<int>(i);
    }
  }
  return 0;
}

struct Described {
  std::string_view type;
  Port port;
};

// Of an OrtTensorTypeAndShapeInfo; −1 becomes 0.
Result<Described> Describe(const OrtApi& api, const void* info) {
  int type = 0;
  size_t rank = 0;
  PLUMB_RETURN_IF_ERROR(api.Call(OrtSlot::kGetTensorElementType, info, &type));
  PLUMB_RETURN_IF_ERROR(api.Call(OrtSlot::kGetDimensionsCount, info, &rank));
  if (rank > kMaxRank) {
    return UnimplementedError("has " + std::to_string(rank) + " dimensions; 10 are supported");
  }
  std::vector<int64_t> dims(rank);
  PLUMB_RETURN_IF_ERROR(api.Call(OrtSlot::kGetDimensions, info, dims.data(), dims.size()));
  for (int64_t& dim : dims) {
    dim = dim < 0 ? 0 : dim;
  }
  const auto place = static_cast<size_t>(type);
  const TypeName& known = type < 0 || place >= kTypes.size() ? kTypes[0] : kTypes.at(place);
  Described described;
  described.type = known.name;
  described.port.element_type = known.type;
  PLUMB_ASSIGN_OR_RETURN(described.port.shape, Shape::Create(dims));
  return described;
}

// The elements of a tensor of numbers, in the runtime's memory.
struct Elements {
  Described described;
  std::span<const uint8_t> bytes;
};

Result<Elements> Look(const OrtApi& api, void* value) {
  int is_tensor = 0;
  if (value != nullptr) {
    PLUMB_RETURN_IF_ERROR(api.Call(OrtSlot::kIsTensor, value, &is_tensor));
  }
  if (is_tensor == 0) {
    return UnimplementedError("is no tensor");
  }
  OrtHandle info(api, OrtSlot::kReleaseTensorTypeAndShapeInfo);
  PLUMB_RETURN_IF_ERROR(api.Call(OrtSlot::kGetTensorTypeAndShape, value, info.slot()));
  Elements elements;
  PLUMB_ASSIGN_OR_RETURN(elements.described, Describe(api, info.get()));
  const Port& port = elements.described.port;
  const auto size = CheckedMul<uint64_t>(port.shape.element_count().value_or(UINT64_MAX),
                                         ElementSize(port.element_type));
  if (port.element_type == ElementType::kUnknown || !size || *size > SIZE_MAX) {
    return UnimplementedError("has elements of type " + std::string(elements.described.type));
  }
  void* data = nullptr;
  PLUMB_RETURN_IF_ERROR(api.Call(OrtSlot::kGetTensorMutableData, value, &data));
  elements.bytes = {static_cast<const uint8_t*>(data), data == nullptr ? 0 : size_t{*size}};
  return elements;
}

}  // namespace

Status MakeCpuMemory(const OrtApi& api, OrtHandle& memory) {
  return api.Call(OrtSlot::kCreateCpuMemoryInfo, kArenaAllocator, kDefaultMemory, memory.slot());
}

Status ReadPortType(const OrtApi& api, void* type_info, Port& port) {
  const void* info = nullptr;  // a view of type_info
  PLUMB_RETURN_IF_ERROR(api.Call(OrtSlot::kCastTypeInfoToTensorInfo, type_info, &info));
  if (info == nullptr) {
    port.element_type = ElementType::kUnknown;
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(Described described, Describe(api, info));
  port.element_type = described.port.element_type;
  port.shape = described.port.shape;
  return OkStatus();
}

Status WrapTensor(const OrtApi& api,
                  void* memory,
                  const Port& port,
                  std::vector<uint8_t>& bytes,
                  OrtHandle& value) {
  const int type = NumberOf(port.element_type);
  if (type == 0) {
    return UnimplementedError("input '" + port.name + "' is no tensor of numbers");
  }
  return api.Call(OrtSlot::kCreateTensorWithDataAsOrtValue,
                  memory,
                  static_cast<void*>(bytes.data()),
                  bytes.size(),
                  port.shape.dims().data(),
                  port.shape.rank(),
                  type,
                  value.slot());
}

Result<OutputTensor> ReadTensor(const OrtApi& api, void* value, const std::string& name) {
  auto elements = Look(api, value);
  if (!elements.ok()) {
    return elements.status().Annotate("output '" + name + "'");
  }
  OutputTensor output{std::move(elements->described.port), Buffer::Copy(elements->bytes)};
  output.port.name = name;
  return output;
}

Status ReadLayer(const OrtApi& api, void* value, Layer& layer, std::vector<float>& converted) {
  const auto elements = Look(api, value);
  if (!elements.ok()) {
    layer.kind = LayerKind::kUnreadable;
    layer.why = elements.status().message();
    return OkStatus();
  }
  const Port& port = elements->described.port;
  layer.shape = port.shape;
  layer.type = std::string(elements->described.type);
  const size_t count = elements->bytes.size() / ElementSize(port.element_type);
  if (port.element_type == ElementType::kFloat32) {
    layer.values = {reinterpret_cast<const float*>(elements->bytes.data()), count};
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const TensorDesc desc,
                         MakeContiguousDesc("layer", port.element_type, port.shape));
  std::vector<double> values(count);
  ToDoubles(desc, elements->bytes.data(), values);
  converted.assign(values.begin(), values.end());
  layer.values = converted;
  return OkStatus();
}

}  // namespace plumb::framework
