#include "common/npu/import/onnx/onnx.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/npu/import/onnx/fold.h"
#include "common/npu/import/onnx/ops.h"
#include "common/npu/import/onnx/quantization.h"
#include "common/npu/import/onnx/tensor.h"
#include "common/npu/import/onnx/types.h"

namespace plumb::npu {
namespace {

using onnx::Layout;
using onnx::Node;
using onnx::ValueInfo;

std::string Quoted(std::string_view name) {
  return "'" + EscapeForDisplay(name) + "'";
}

// "x=1x3x?x?"
std::string Notation(const ValueInfo& input) {
  std::string text = EscapeForDisplay(input.name) + "=";
  for (size_t i = 0; i < input.dims.size(); ++i) {
    text += (i == 0 ? "" : "x") + (input.dims[i] < 0 ? "?" : std::to_string(input.dims[i]));
  }
  return text;
}

class Importer {
 public:
  Importer(onnx::Model model, std::string name)
      : model_(std::move(model)),
        builder_(std::move(name)) {}

  Result<Graph> Import(const InputShapes& shapes);

 private:
  Status CheckShapeNames(const InputShapes& shapes) const;
  Status AddInput(const ValueInfo& input, const InputShapes& shapes);
  [[nodiscard]] bool IsPictureAlready(const std::string& name) const;
  Status AddNode(const Node& node);
  Status Convert(const Node& node);

  onnx::Model model_;
  onnx::Builder builder_;
  onnx::TypeMap types_;
  std::set<std::string> initialized_;
};

// The file's shape with what it leaves open taken from `given`.
Result<Shape> FixShape(const ValueInfo& input, const std::vector<int64_t>* given) {
  std::vector<int64_t> dims = input.dims;
  const std::string declared = Notation(input);
  if (given != nullptr) {
    bool fits = !input.has_shape || given->size() == dims.size();
    for (size_t i = 0; fits && i < dims.size(); ++i) {
      fits = (*given)[i] > 0 && (dims[i] < 0 || dims[i] == (*given)[i]);
    }
    if (!fits) {
      return InvalidArgumentError("--input-shape of " + Quoted(input.name) +
                                  " contradicts the file, which says " + declared)
          .WithHint("only dimensions that are '?' can be chosen");
    }
    return Shape::Create(*given);
  }
  if (!dims.empty() && dims[0] < 0) {
    dims[0] = 1;
  }
  if (!input.has_shape || std::find(dims.begin(), dims.end(), -1) != dims.end()) {
    return InvalidArgumentError("the file leaves the shape of input " + Quoted(input.name) +
                                " open: " + declared)
        .WithHint("fix it with --input-shape " + declared + ", numbers for the '?'");
  }
  return Shape::Create(dims);
}

Status Importer::CheckShapeNames(const InputShapes& shapes) const {
  std::vector<std::string> names;
  for (const ValueInfo& input : model_.inputs) {
    if (initialized_.count(input.name) == 0) {
      names.push_back(EscapeForDisplay(input.name));
    }
  }
  for (const auto& [name, shape] : shapes) {
    if (std::find(names.begin(), names.end(), EscapeForDisplay(name)) == names.end()) {
      return InvalidArgumentError("--input-shape names " + Quoted(name) +
                                  ", which is no input of the model")
          .WithHint("its inputs: " + Join(names, ", "));
    }
  }
  return OkStatus();
}

// True when every reader turns the input from NHWC to NCHW.
bool Importer::IsPictureAlready(const std::string& name) const {
  bool read = false;
  for (const Node& node : model_.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), name) == node.inputs.end()) {
      continue;
    }
    read = true;
    const auto permutes = [](const onnx::Attribute& attribute) {
      return attribute.name == "perm" && attribute.integers == std::vector<int64_t>{0, 3, 1, 2};
    };
    if (node.op != "Transpose" ||
        std::none_of(node.attributes.begin(), node.attributes.end(), permutes)) {
      return false;
    }
  }
  return read;
}

Status Importer::AddInput(const ValueInfo& input, const InputShapes& shapes) {
  if (!onnx::IsNumber(input.type)) {
    return UnimplementedError("input " + Quoted(input.name) + " is of " +
                              onnx::DataTypeName(input.type) + "; numbers are supported");
  }
  const auto given = shapes.find(input.name);
  PLUMB_ASSIGN_OR_RETURN(const Shape shape,
                         FixShape(input, given == shapes.end() ? nullptr : &given->second));
  types_[input.name] = input.type;
  importing::StoredAs as;
  if (!onnx::IsReal(input.type)) {
    as = onnx::StoredAsRead(model_, input.name, builder_, types_).value_or(as);
  }
  const bool picture = shape.rank() == 4 && !IsPictureAlready(input.name);
  return builder_.DefineInput(
      input.name, shape, picture ? Layout::kPicture : Layout::kPlain, std::move(as));
}

Status Importer::Convert(const Node& node) {
  const onnx::NodeView view(node, model_.opset, builder_, types_);
  const onnx::ConvertNode convert = onnx::FindConverter(node.op);
  const bool folds = onnx::CanFold(view);
  if ((folds || convert != nullptr) && (node.outputs.empty() || node.outputs.front().empty())) {
    return InvalidArgumentError("has no output");
  }
  if (folds) {
    PLUMB_ASSIGN_OR_RETURN(onnx::ConstantPtr constant, onnx::Fold(view));
    return builder_.DefineConstant(node.outputs.front(), std::move(constant));
  }
  if (convert != nullptr) {
    PLUMB_RETURN_IF_ERROR(onnx::CheckMeaning(view));
    PLUMB_RETURN_IF_ERROR(convert(view));
    for (const std::string& output : node.outputs) {
      types_[output] = onnx::ResultType(view);
    }
    builder_.NoteOutputs(node.op, node.outputs);
    return OkStatus();
  }
  const std::vector<std::string> supported = onnx::SupportedOperations();
  const bool folded = std::find(supported.begin(), supported.end(), node.op) != supported.end();
  return UnimplementedError(folded ? "is supported for what is known before the network runs only"
                                   : "is not supported")
      .WithHint("supported operations: " + SupportedOnnxOps());
}

Status Importer::AddNode(const Node& node) {
  const std::string makes = node.outputs.empty() ? "nothing" : Quoted(node.outputs.front());
  return Convert(node).Annotate(EscapeForDisplay(node.op.substr(0, 64)) +
                                (node.name.empty() ? "" : " " + Quoted(node.name)) +
                                " that makes " + makes);
}

Result<Graph> Importer::Import(const InputShapes& given_shapes) {
  for (const onnx::Initializer& initializer : model_.initializers) {
    builder_.Reserve(initializer.name);
    initialized_.insert(initializer.name);
    PLUMB_RETURN_IF_ERROR(builder_.DefineConstant(initializer.name, initializer.value)
                              .Annotate("the list of initialisers"));
  }
  for (const Node& node : model_.nodes) {
    for (const std::string& output : node.outputs) {
      builder_.Reserve(output);
    }
  }
  std::vector<std::string> names;
  for (const ValueInfo& input : model_.inputs) {
    if (initialized_.count(input.name) == 0) {
      names.push_back(input.name);
    }
  }
  PLUMB_ASSIGN_OR_RETURN(const InputShapes shapes, NamedShapes(given_shapes, names));
  PLUMB_RETURN_IF_ERROR(CheckShapeNames(shapes));
  for (const ValueInfo& input : model_.inputs) {
    if (initialized_.count(input.name) == 0) {
      builder_.Reserve(input.name);
      PLUMB_RETURN_IF_ERROR(AddInput(input, shapes));
    }
  }
  for (const Node& node : model_.nodes) {
    PLUMB_RETURN_IF_ERROR(AddNode(node));
  }
  for (const ValueInfo& output : model_.outputs) {
    PLUMB_RETURN_IF_ERROR(builder_.AddOutput(output.name).Annotate("the list of outputs"));
  }
  Graph graph = builder_.Finish();
  PLUMB_RETURN_IF_ERROR(ValidateGraph(graph));
  return graph;
}

}  // namespace

bool LooksLikeOnnx(const Buffer& file) {
  return onnx::BeginsAsModel(file.span());
}

Result<InputShapes> NamedShapes(const InputShapes& shapes, const std::vector<std::string>& inputs) {
  const auto unnamed = shapes.find("");
  if (unnamed == shapes.end()) {
    return shapes;
  }
  if (inputs.size() != 1 || shapes.count(inputs.front()) != 0) {
    std::vector<std::string> names;
    for (const std::string& input : inputs) {
      names.push_back(EscapeForDisplay(input));
    }
    return InvalidArgumentError("--input-shape does not say for which input it is")
        .WithHint("write NAME=1x3x48x192; the inputs: " + Join(names, ", "));
  }
  InputShapes named = shapes;
  named.emplace(inputs.front(), unnamed->second);
  named.erase("");
  return named;
}

Result<Graph> ImportOnnx(const Buffer& file, std::string name, const InputShapes& shapes) {
  PLUMB_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModel(file.span()));
  return Importer(std::move(model), std::move(name)).Import(shapes);
}

std::string SupportedOnnxOps() {
  return Join(onnx::SupportedOperations(), ", ");
}

}  // namespace plumb::npu
