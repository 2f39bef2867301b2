#include "common/framework/onnx_tensors.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "common/base/buffer.h"
#include "common/npu/import/wire.h"

namespace plumb::framework {
namespace {

using npu::importing::WireField;
using npu::importing::WireReader;

// Numbers of fields in onnx.proto.
constexpr uint32_t kModelGraph = 7;
constexpr uint32_t kGraphNode = 1;
constexpr uint32_t kGraphInitializer = 5;
constexpr uint32_t kGraphOutput = 12;
constexpr uint32_t kNodeInput = 1;
constexpr uint32_t kNodeOutput = 2;
constexpr uint32_t kNodeOp = 4;
constexpr uint32_t kTensorName = 8;
constexpr uint32_t kValueName = 1;
constexpr size_t kMaxTensors = 65536;

// Their results depend on shapes alone.
constexpr std::array<std::string_view, 2> kShapeOps = {"Shape", "Size"};
// These read tensors around them without naming them as operands, or make others each time.
constexpr std::array<std::string_view, 8> kNeverConstant = {"If",
                                                            "Loop",
                                                            "Scan",
                                                            "Bernoulli",
                                                            "RandomNormal",
                                                            "RandomNormalLike",
                                                            "RandomUniform",
                                                            "RandomUniformLike"};

struct Node {
  std::string op;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

class Reader {
 public:
  Status ReadModel(std::span<const uint8_t> file);
  OnnxTensors Finish();

 private:
  Status ReadGraph(std::span<const uint8_t> message);
  Status ReadNode(std::span<const uint8_t> message);
  [[nodiscard]] bool IsConstant(const Node& node) const;

  std::vector<Node> nodes_;
  std::unordered_set<std::string> constants_;
  std::vector<std::string> outputs_;
};

Result<std::string> NameIn(const WireField& field, uint32_t number) {
  PLUMB_ASSIGN_OR_RETURN(const auto message, field.Bytes());
  std::string name;
  for (WireReader reader(message); !reader.done();) {
    PLUMB_ASSIGN_OR_RETURN(const WireField part, reader.Next());
    if (part.number == number) {
      PLUMB_ASSIGN_OR_RETURN(name, part.Text());
    }
  }
  return name;
}

Status Reader::ReadNode(std::span<const uint8_t> message) {
  Node node;
  for (WireReader reader(message); !reader.done();) {
    PLUMB_ASSIGN_OR_RETURN(const WireField field, reader.Next());
    if (field.number == kNodeOp) {
      PLUMB_ASSIGN_OR_RETURN(node.op, field.Text());
    } else if (field.number == kNodeInput || field.number == kNodeOutput) {
      PLUMB_ASSIGN_OR_RETURN(std::string name, field.Text());
      (field.number == kNodeInput ? node.inputs : node.outputs).push_back(std::move(name));
    }
  }
  nodes_.push_back(std::move(node));
  return nodes_.size() <= kMaxTensors ? OkStatus()
                                      : InvalidArgumentError("the file has more than 65536 nodes");
}

Status Reader::ReadGraph(std::span<const uint8_t> message) {
  for (WireReader reader(message); !reader.done();) {
    PLUMB_ASSIGN_OR_RETURN(const WireField field, reader.Next());
    if (field.number == kGraphNode) {
      PLUMB_ASSIGN_OR_RETURN(const auto node, field.Bytes());
      PLUMB_RETURN_IF_ERROR(ReadNode(node));
    } else if (field.number == kGraphInitializer) {
      PLUMB_ASSIGN_OR_RETURN(std::string name, NameIn(field, kTensorName));
      constants_.insert(std::move(name));
    } else if (field.number == kGraphOutput) {
      PLUMB_ASSIGN_OR_RETURN(std::string name, NameIn(field, kValueName));
      outputs_.push_back(std::move(name));
    }
  }
  return OkStatus();
}

Status Reader::ReadModel(std::span<const uint8_t> file) {
  for (WireReader reader(file); !reader.done();) {
    PLUMB_ASSIGN_OR_RETURN(const WireField field, reader.Next());
    if (field.number == kModelGraph) {
      PLUMB_ASSIGN_OR_RETURN(const auto graph, field.Bytes());
      PLUMB_RETURN_IF_ERROR(ReadGraph(graph));
    }
  }
  return OkStatus();
}

bool Reader::IsConstant(const Node& node) const {
  if (std::find(kShapeOps.begin(), kShapeOps.end(), node.op) != kShapeOps.end()) {
    return true;
  }
  if (std::find(kNeverConstant.begin(), kNeverConstant.end(), node.op) != kNeverConstant.end()) {
    return false;
  }
  return std::all_of(node.inputs.begin(), node.inputs.end(), [this](const std::string& input) {
    return input.empty() || constants_.count(input) != 0;
  });
}

OnnxTensors Reader::Finish() {
  OnnxTensors result;
  for (const Node& node : nodes_) {
    const bool constant = IsConstant(node);
    for (const std::string& output : node.outputs) {
      if (output.empty()) {
        continue;
      }
      result.tensors.push_back({output, node.op, constant});
      if (constant) {
        constants_.insert(output);
      }
    }
  }
  result.outputs = std::move(outputs_);
  return result;
}

void AppendVarint(uint64_t value, std::vector<uint8_t>& bytes) {
  constexpr uint64_t kLow = 0x7f;
  for (; value > kLow; value >>= 7U) {
    bytes.push_back(static_cast<uint8_t>((value & kLow) | 0x80U));
  }
  bytes.push_back(static_cast<uint8_t>(value));
}

void AppendMessage(uint32_t number, std::span<const uint8_t> content, std::vector<uint8_t>& bytes) {
  constexpr uint32_t kBytesType = 2;
  AppendVarint(number << 3U | kBytesType, bytes);
  AppendVarint(content.size(), bytes);
  bytes.insert(bytes.end(), content.begin(), content.end());
}

}  // namespace

Result<OnnxTensors> ReadOnnxTensors(std::span<const uint8_t> file) {
  Reader reader;
  PLUMB_RETURN_IF_ERROR(reader.ReadModel(file).Annotate("the file is no ONNX model"));
  return reader.Finish();
}

std::vector<uint8_t> WithEveryTensorAnOutput(std::span<const uint8_t> file,
                                             const OnnxTensors& tensors) {
  std::unordered_set<std::string> outputs(tensors.outputs.begin(), tensors.outputs.end());
  std::vector<uint8_t> graph;
  for (const OnnxTensor& tensor : tensors.tensors) {
    if (!outputs.insert(tensor.name).second) {
      continue;
    }
    std::vector<uint8_t> info;
    AppendMessage(kValueName, AsBytes(tensor.name), info);
    AppendMessage(kGraphOutput, info, graph);
  }
  std::vector<uint8_t> bytes(file.begin(), file.end());
  AppendMessage(kModelGraph, graph, bytes);
  return bytes;
}

}  // namespace plumb::framework
