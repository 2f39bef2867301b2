#include "common/npu/import/onnx/file.h"

#include "common/base/text.h"
#include "common/npu/import/onnx/tensor.h"
#include "common/npu/import/wire.h"

namespace plumb::npu::onnx {
namespace {

using importing::WireField;
using importing::WireReader;
using importing::WireType;

// Calls `take` with each field of a message.
template <class Take>
Status ForEachField(std::span<const uint8_t> message, Take take) {
  WireReader reader(message);
  while (!reader.done()) {
    PLUMB_ASSIGN_OR_RETURN(const WireField field, reader.Next());
    PLUMB_RETURN_IF_ERROR(take(field));
  }
  return OkStatus();
}

bool IsOnnxDomain(std::string_view domain) {
  return domain.empty() || domain == "ai.onnx";
}

class Reader {
 public:
  Result<Model> Read(std::span<const uint8_t> file);

 private:
  Status ReadModelField(const WireField& field);
  Status ReadOpset(const WireField& field);
  Status ReadGraphField(const WireField& field);
  Status ReadNode(std::span<const uint8_t> message);
  Status ReadAttribute(std::span<const uint8_t> message, Node& node);
  Status ReadAttributeField(const WireField& field, Attribute& attribute);
  static Status ReadValueInfo(const WireField& field, std::vector<ValueInfo>& values);

  Model model_;
  bool has_graph_ = false;
  uint64_t budget_ = kMaxConstantElements;
};

Status Reader::ReadOpset(const WireField& field) {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  std::string domain;
  int64_t version = 0;
  PLUMB_RETURN_IF_ERROR(ForEachField(message, [&](const WireField& part) -> Status {
    if (part.number == 1) {
      PLUMB_ASSIGN_OR_RETURN(domain, part.Text());
    } else if (part.number == 2) {
      PLUMB_ASSIGN_OR_RETURN(version, part.Integer());
    }
    return OkStatus();
  }));
  if (IsOnnxDomain(domain)) {
    model_.opset = version;
  }
  return OkStatus();
}

Status Reader::ReadAttributeField(const WireField& field, Attribute& attribute) {
  switch (field.number) {
    case 1: {
      PLUMB_ASSIGN_OR_RETURN(attribute.name, field.Text());
      return OkStatus();
    }
    case 2: {
      PLUMB_ASSIGN_OR_RETURN(attribute.real, field.Float());
      return OkStatus();
    }
    case 3: {
      PLUMB_ASSIGN_OR_RETURN(attribute.integer, field.Integer());
      return OkStatus();
    }
    case 4: {
      PLUMB_ASSIGN_OR_RETURN(attribute.text, field.Text());
      return OkStatus();
    }
    case 5: {
      PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
      PLUMB_ASSIGN_OR_RETURN(NamedTensor tensor, ReadTensor(message, budget_));
      attribute.tensor = std::move(tensor.value);
      return OkStatus();
    }
    case 7:
      return field.AppendFloats(attribute.reals);
    case 8:
      return field.AppendIntegers(attribute.integers);
    default:
      return OkStatus();
  }
}

Status Reader::ReadAttribute(std::span<const uint8_t> message, Node& node) {
  Attribute attribute;
  PLUMB_RETURN_IF_ERROR(ForEachField(
      message, [&](const WireField& field) { return ReadAttributeField(field, attribute); }));
  node.attributes.push_back(std::move(attribute));
  return OkStatus();
}

Status Reader::ReadNode(std::span<const uint8_t> message) {
  Node node;
  std::string domain;
  PLUMB_RETURN_IF_ERROR(ForEachField(message, [&](const WireField& field) -> Status {
    if (field.number > 7 || field.number == 6) {
      return OkStatus();
    }
    PLUMB_ASSIGN_OR_RETURN(std::string text, field.Text());
    switch (field.number) {
      case 1:
        node.inputs.push_back(std::move(text));
        return OkStatus();
      case 2:
        node.outputs.push_back(std::move(text));
        return OkStatus();
      case 3:
        node.name = std::move(text);
        return OkStatus();
      case 4:
        node.op = std::move(text);
        return OkStatus();
      case 5:
        return ReadAttribute(field.bytes, node);
      default:
        domain = std::move(text);
        return OkStatus();
    }
  }));
  if (!IsOnnxDomain(domain)) {
    node.op.insert(0, domain + ".");
  }
  if (model_.nodes.size() == kMaxNodes) {
    return ResourceExhaustedError("the graph has more than 65536 nodes");
  }
  model_.nodes.push_back(std::move(node));
  return OkStatus();
}

// TensorShapeProto.Dimension: a value, or a name for what is left open.
Result<int64_t> ReadDimension(const WireField& field) {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  int64_t value = -1;
  PLUMB_RETURN_IF_ERROR(ForEachField(message, [&](const WireField& part) -> Status {
    if (part.number == 1) {
      PLUMB_ASSIGN_OR_RETURN(value, part.Integer());
    }
    return OkStatus();
  }));
  return value > 0 ? value : -1;  // exporters also write 0 and −1 for an open one
}

Status ReadShape(const WireField& field, ValueInfo& value) {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  value.has_shape = true;
  return ForEachField(message, [&](const WireField& part) -> Status {
    if (part.number == 1) {
      PLUMB_ASSIGN_OR_RETURN(const int64_t dim, ReadDimension(part));
      value.dims.push_back(dim);
    }
    return OkStatus();
  });
}

// TypeProto holding TypeProto.Tensor.
Status ReadType(const WireField& field, ValueInfo& value) {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  return ForEachField(message, [&](const WireField& kind) -> Status {
    if (kind.number != 1) {
      return UnimplementedError("'" + EscapeForDisplay(value.name) + "' is no tensor");
    }
    PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> tensor, kind.Bytes());
    return ForEachField(tensor, [&](const WireField& part) -> Status {
      if (part.number == 1) {
        PLUMB_ASSIGN_OR_RETURN(const int64_t type, part.Integer());
        value.type = static_cast<DataType>(type);
      }
      return part.number == 2 ? ReadShape(part, value) : OkStatus();
    });
  });
}

Status Reader::ReadValueInfo(const WireField& field, std::vector<ValueInfo>& values) {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  ValueInfo value;
  PLUMB_RETURN_IF_ERROR(ForEachField(message, [&](const WireField& part) -> Status {
    if (part.number == 1) {
      PLUMB_ASSIGN_OR_RETURN(value.name, part.Text());
    }
    return part.number == 2 ? ReadType(part, value) : OkStatus();
  }));
  values.push_back(std::move(value));
  return OkStatus();
}

Status Reader::ReadGraphField(const WireField& field) {
  switch (field.number) {
    case 1: {
      PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
      return ReadNode(message).Annotate("node " + std::to_string(model_.nodes.size()));
    }
    case 5: {
      PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
      PLUMB_ASSIGN_OR_RETURN(NamedTensor tensor, ReadTensor(message, budget_));
      model_.initializers.push_back({std::move(tensor.name), std::move(tensor.value)});
      return OkStatus();
    }
    case 11:
      return ReadValueInfo(field, model_.inputs).Annotate("an input");
    case 12:
      return ReadValueInfo(field, model_.outputs).Annotate("an output");
    case 15:
      return UnimplementedError("the file has sparse initialisers")
          .WithHint("export with dense weights");
    default:
      return OkStatus();
  }
}

Status Reader::ReadModelField(const WireField& field) {
  if (field.number == 8) {
    return ReadOpset(field);
  }
  if (field.number != 7) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> graph, field.Bytes());
  has_graph_ = true;
  return ForEachField(graph, [this](const WireField& part) { return ReadGraphField(part); });
}

Result<Model> Reader::Read(std::span<const uint8_t> file) {
  PLUMB_RETURN_IF_ERROR(
      ForEachField(file, [this](const WireField& field) { return ReadModelField(field); }));
  if (!has_graph_) {
    return InvalidArgumentError("the file has no graph");
  }
  if (model_.opset < 1 || model_.opset > kLastOpset) {
    return UnimplementedError("the file uses operator set " + std::to_string(model_.opset) +
                              "; 1 to 20 are supported")
        .WithHint("export with opset_version=17");
  }
  return std::move(model_);
}

}  // namespace

Result<Model> ReadModel(std::span<const uint8_t> file) {
  return Reader().Read(file);
}

// Writers put the fields in the order of their numbers: ir_version comes first, then some words on
// who made the file, then the graph, which alone is long.
bool BeginsAsModel(std::span<const uint8_t> file) {
  constexpr int64_t kMaxIrVersion = 100;
  constexpr uint8_t kGraphTag = 7U << 3U | static_cast<uint8_t>(WireType::kBytes);
  WireReader reader(file);
  const auto first = reader.Next();
  if (!first.ok() || first->number != 1 || first->type != WireType::kVarint || first->value == 0 ||
      first->value > kMaxIrVersion) {
    return false;
  }
  while (!reader.done() && reader.rest().front() != kGraphTag) {
    const auto field = reader.Next();
    if (!field.ok() || field->number > 20 || field->type == WireType::kFixed32 ||
        field->type == WireType::kFixed64) {
      return false;
    }
  }
  return !reader.done();
}

}  // namespace plumb::npu::onnx
