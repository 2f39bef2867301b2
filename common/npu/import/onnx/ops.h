// Nodes of an ONNX file to operations of the graph.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/npu/import/graph_builder.h"
#include "common/npu/import/onnx/file.h"

namespace plumb::npu::onnx {

using importing::AxisUnder;
using importing::Builder;
using importing::Layout;
using importing::PictureAxis;
using importing::ToPicture;
using importing::ToPlain;
using importing::Value;
using importing::WrapAxis;

// What the file calls the elements of computed tensors, by name.
using TypeMap = std::unordered_map<std::string, DataType>;

// What a converter sees of one node. Errors do not name the node: the importer adds that.
class NodeView {
 public:
  NodeView(const Node& node, int64_t opset, Builder& builder, const TypeMap& types)
      : node_(node),
        opset_(opset),
        builder_(builder),
        types_(types) {}

  // The same surroundings around another node, which must outlive the view;
  // its first output is stored `as`.
  [[nodiscard]] NodeView As(const Node& node, importing::StoredAs as = {}) const {
    NodeView view(node, opset_, builder_, types_);
    view.stored_ = std::move(as);
    return view;
  }

  [[nodiscard]] const Node& node() const { return node_; }

  [[nodiscard]] const std::string& op() const { return node_.op; }

  [[nodiscard]] int64_t opset() const { return opset_; }

  [[nodiscard]] Builder& graph() const { return builder_; }

  [[nodiscard]] size_t input_count() const { return node_.inputs.size(); }

  [[nodiscard]] bool Has(size_t index) const {
    return index < node_.inputs.size() && !node_.inputs[index].empty();
  }

  // kInvalidArgument when operand `index` is absent or not made yet.
  [[nodiscard]] Result<Value*> Input(size_t index) const;
  // The values of operand `index`; kUnimplemented when they are only known when the network runs.
  [[nodiscard]] Result<ConstantPtr> Known(size_t index) const;
  [[nodiscard]] Result<std::vector<int64_t>> KnownIntegers(size_t index) const;
  [[nodiscard]] Result<std::vector<float>> KnownFloats(size_t index) const;

  // The type of operand `index`: of constants kFloat or kInt64, of what is absent kFloat.
  [[nodiscard]] DataType TypeOf(size_t index) const;

  [[nodiscard]] const Attribute* Find(std::string_view name) const;
  [[nodiscard]] int64_t Integer(std::string_view name, int64_t otherwise) const;
  [[nodiscard]] float Real(std::string_view name, float otherwise) const;
  [[nodiscard]] std::string Text(std::string_view name, std::string_view otherwise) const;
  // Empty when absent.
  [[nodiscard]] std::vector<int64_t> Integers(std::string_view name) const;
  // What newer operator sets pass as operand `index` and older ones as an attribute; empty when
  // both are absent.
  [[nodiscard]] Result<std::vector<int64_t>> IntegersOf(std::string_view name, size_t index) const;
  // As IntegersOf, each wrapped into [0, rank).
  [[nodiscard]] Result<std::vector<int32_t>> AxesOf(std::string_view name,
                                                    size_t index,
                                                    size_t rank) const;

  [[nodiscard]] const std::vector<std::string>& outputs() const { return node_.outputs; }

  // The first output; the importer has checked that there is one.
  [[nodiscard]] const std::string& output() const { return node_.outputs.front(); }

  [[nodiscard]] std::string NewName(std::string_view suffix) const {
    return builder_.NewName(output(), suffix);
  }

  // Appends the operation whose result is the node's first output.
  [[nodiscard]] Status Make(Layout layout,
                            OpKind kind,
                            std::vector<uint32_t> inputs,
                            GraphOpAttributes attributes = {},
                            const Shape& declared = {}) const;
  // Appends an operation whose result is named after the first output.
  [[nodiscard]] Result<uint32_t> Step(std::string_view suffix,
                                      OpKind kind,
                                      std::vector<uint32_t> inputs,
                                      GraphOpAttributes attributes = {},
                                      const Shape& declared = {}) const;
  [[nodiscard]] Result<uint32_t> Scalar(std::string_view suffix, float value) const;

 private:
  const Node& node_;
  int64_t opset_;
  Builder& builder_;
  const TypeMap& types_;
  importing::StoredAs stored_;
};

// kInvalidArgument for a number outside int32's.
Result<int32_t> Narrow(int64_t value);

using ConvertNode = Status (*)(const NodeView& node);

// Null for an operation outside the supported set.
ConvertNode FindConverter(std::string_view op);
std::vector<std::string> SupportedOperations();

struct NamedConverter {
  std::string_view op;
  ConvertNode convert;
  bool is_supported = true;  // false: it only says why not
};

// The table's parts, each sorted by name.
std::span<const NamedConverter> WindowConverters();
std::span<const NamedConverter> PointwiseConverters();
std::span<const NamedConverter> LayoutConverters();
std::span<const NamedConverter> SliceConverters();
std::span<const NamedConverter> MatrixConverters();
std::span<const NamedConverter> LogicConverters();
std::span<const NamedConverter> ReduceConverters();
std::span<const NamedConverter> NormalizationConverters();
std::span<const NamedConverter> SoftmaxConverters();
std::span<const NamedConverter> PadConverters();
std::span<const NamedConverter> GatherConverters();
std::span<const NamedConverter> QuantizedConverters();

}  // namespace plumb::npu::onnx
