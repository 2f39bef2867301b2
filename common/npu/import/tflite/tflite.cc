#include "common/npu/import/tflite/tflite.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "common/npu/import/tflite/file.h"
#include "common/npu/import/tflite/ops.h"

namespace plumb::npu {
namespace {

using tflite::ConvertedOp;
using tflite::File;
using tflite::FileOperator;
using tflite::FileTensor;

// Moves what the operations use from the file into a graph.
class Importer {
 public:
  Importer(File file, std::string name) : file_(std::move(file)), index_(file_.tensors.size()) {
    graph_.name = std::move(name);
  }

  Result<Graph> Import();

 private:
  Status AddOperator(const FileOperator& op);
  Status Convert(const FileOperator& op);
  Status FoldDequantize(const FileTensor& constant, FileTensor& output);
  Result<uint32_t> Use(int32_t tensor);
  Status UseAll(const std::vector<int32_t>& tensors, std::vector<uint32_t>& used);

  File file_;
  std::vector<std::optional<uint32_t>> index_;  // where a tensor of the file went
  Graph graph_;
};

Result<uint32_t> Importer::Use(int32_t tensor) {
  const auto from = static_cast<size_t>(tensor);
  if (!index_[from]) {
    if (!file_.tensors[from].type_supported) {
      return UnimplementedError("tensor '" + EscapeForDisplay(file_.tensors[from].graph.name) +
                                "' has the TFLite type " +
                                std::to_string(static_cast<int>(file_.tensors[from].type)))
          .WithHint("supported types: float32, float16 (weights), int8, uint8, int16, int32");
    }
    index_[from] = static_cast<uint32_t>(graph_.tensors.size());
    graph_.tensors.push_back(file_.tensors[from].graph);
  }
  return *index_[from];
}

Status Importer::UseAll(const std::vector<int32_t>& tensors, std::vector<uint32_t>& used) {
  for (const int32_t tensor : tensors) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t index, Use(tensor));
    used.push_back(index);
  }
  return OkStatus();
}

// Float16 and int8 weights of float networks arrive through a DEQUANTIZE of a constant, sparse ones
// through a DENSIFY.
Status Importer::FoldDequantize(const FileTensor& constant, FileTensor& output) {
  PLUMB_RETURN_IF_ERROR(ValidateTensor(constant.graph));
  if (!(constant.graph.shape == output.graph.shape) || output.graph.is_constant() ||
      output.graph.element_type != ElementType::kFloat32) {
    return InvalidArgumentError("makes something else of a constant than its real values");
  }
  if (constant.graph.element_type == ElementType::kFloat32) {
    output.graph.constant = constant.graph.constant;
    return OkStatus();
  }
  const std::vector<float> values = ConstantAsFloats(constant.graph);
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  output.graph.constant = Buffer::Copy({bytes, values.size() * sizeof(float)});
  return OkStatus();
}

Status Importer::Convert(const FileOperator& op) {
  if (op.outputs.size() != 1) {
    return UnimplementedError("has " + std::to_string(op.outputs.size()) +
                              " outputs; one is supported");
  }
  const auto output = static_cast<size_t>(op.outputs.front());
  PLUMB_ASSIGN_OR_RETURN(const ConvertedOp converted, tflite::ConvertOperator(file_, op));
  if (converted.kind == OpKind::kDequantize && !converted.operands.empty()) {
    const FileTensor& operand = file_.tensors[static_cast<size_t>(converted.operands.front())];
    if (operand.graph.is_constant() && !index_[output]) {
      return FoldDequantize(operand, file_.tensors[output]);
    }
  }
  GraphOp result;
  result.kind = converted.kind;
  result.attributes = converted.attributes;
  result.activation = converted.activation;
  result.name = file_.tensors[output].graph.name;
  PLUMB_RETURN_IF_ERROR(UseAll(converted.operands, result.inputs));
  PLUMB_ASSIGN_OR_RETURN(result.output, Use(op.outputs.front()));
  graph_.ops.push_back(std::move(result));
  return OkStatus();
}

Status Importer::AddOperator(const FileOperator& op) {
  const std::string tensor =
      op.outputs.empty()
          ? std::string("nothing")
          : "tensor '" +
                EscapeForDisplay(file_.tensors[static_cast<size_t>(op.outputs[0])].graph.name) +
                "'";
  return Convert(op).Annotate(tflite::OperatorName(op) + " that makes " + tensor);
}

Result<Graph> Importer::Import() {
  PLUMB_RETURN_IF_ERROR(UseAll(file_.inputs, graph_.inputs));
  for (const FileOperator& op : file_.operators) {
    PLUMB_RETURN_IF_ERROR(AddOperator(op));
  }
  PLUMB_RETURN_IF_ERROR(UseAll(file_.outputs, graph_.outputs));
  PLUMB_RETURN_IF_ERROR(ValidateGraph(graph_));
  return std::move(graph_);
}

}  // namespace

bool LooksLikeTflite(const Buffer& file) {
  constexpr size_t kIdentifierPlace = 4;
  return file.size() >= 8 && file.view().substr(kIdentifierPlace, 4) == "TFL3";
}

Result<Graph> ImportTflite(const Buffer& file, std::string name) {
  if (!LooksLikeTflite(file)) {
    return InvalidArgumentError("not a TFLite file: the identifier TFL3 is missing")
        .WithHint("give a .tflite FlatBuffer");
  }
  PLUMB_ASSIGN_OR_RETURN(File content, tflite::ReadFile(file.span()));
  return Importer(std::move(content), std::move(name)).Import();
}

std::string SupportedTfliteOps() {
  return Join(tflite::SupportedOperatorNames(), ", ");
}

}  // namespace plumb::npu
