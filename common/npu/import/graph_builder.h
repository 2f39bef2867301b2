// The graph in construction, and under which layout each tensor of a file went into it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/npu/graph/graph.h"
#include "common/npu/import/constant.h"

namespace plumb::npu::importing {

// How the axes of a tensor lie in the graph: as the file has them, or, for four axes [N, C, H, W],
// as the picture [N, H, W, C].
enum class Layout : uint8_t { kPlain, kPicture };

// A tensor of the file. A computed one lies in the graph under its `home` layout and, once somebody
// asked for it, under the other one; a constant under none until somebody asks.
struct Value {
  std::string name;
  Shape shape;  // as the file has it
  ConstantPtr constant;
  Layout home = Layout::kPlain;
  std::optional<uint32_t> plain;
  std::optional<uint32_t> picture;

  [[nodiscard]] bool is_picture() const { return !constant && home == Layout::kPicture; }
};

// [N, C, H, W] to [N, H, W, C] and back. `shape` has four dimensions.
Shape ToPicture(const Shape& shape);
Shape ToPlain(const Shape& shape);
// Where axis `axis` of the file's four lies in a picture.
int32_t PictureAxis(int32_t axis);
// Where a tensor under `layout` has the file's axis.
int32_t AxisUnder(Layout layout, int32_t axis);
// kInvalidArgument for an axis outside [−rank, rank).
Result<int32_t> WrapAxis(int64_t axis, size_t rank);
// True when the picture and the file's order are the same sequence of elements. `shape` has the
// file's four dimensions.
bool OrdersAgree(const Shape& shape);

class Builder {
 public:
  explicit Builder(std::string name) { graph_.name = std::move(name); }

  // No name made up here will be `name`.
  void Reserve(const std::string& name) { names_.insert(name); }

  // kInvalidArgument when nothing has made `name` yet, kUnimplemented when a node would have that
  // was converted without it. The pointer stays valid.
  Result<Value*> Find(const std::string& name);
  // After a node's conversion: Find tells which of its outputs were not made.
  void NoteOutputs(std::string_view op, const std::vector<std::string>& outputs);
  // kInvalidArgument for a name that exists already.
  Status DefineConstant(const std::string& name, ConstantPtr constant);
  Status Define(const std::string& name, uint32_t tensor, Layout layout);
  Status DefineInput(const std::string& name, const Shape& shape, Layout layout, StoredAs as = {});
  Status AddOutput(const std::string& name);

  // Where `value` lies under `layout`; inserts a TRANSPOSE 'name:nhwc' or 'name:nchw' if it must.
  // A constant of fewer than four dimensions becomes a picture as broadcasting would have it.
  Result<uint32_t> Use(Value& value, Layout layout);
  // Where the elements of `value` lie in the file's order, whatever the shape.
  Result<uint32_t> UseInOrder(Value& value);

  // Appends an operation whose output is called `name`; `declared` is the output's shape where
  // operands and attributes do not decide it, `as` how it is stored. What only moves elements of a
  // stored tensor keeps how they are; kUnimplemented for other kinds that would compute with them.
  Result<uint32_t> Emit(std::string name,
                        OpKind kind,
                        std::vector<uint32_t> inputs,
                        GraphOpAttributes attributes = {},
                        const Shape& declared = {},
                        StoredAs as = {});
  // Integers in the order of `shape`; kInvalidArgument for one that the type does not hold.
  Result<uint32_t> AddStored(std::string name, const Shape& shape, const StoredIntegers& stored);
  Result<uint32_t> AddConstant(std::string name, const Shape& shape, std::vector<float> values);
  // `base`:`suffix`, made different from every name of the file and from every name given before.
  std::string NewName(std::string_view base, std::string_view suffix);

  // Takes `elements` from what all constants may have.
  Status Spend(uint64_t elements);

  [[nodiscard]] const GraphTensor& TensorAt(uint32_t tensor) const {
    return graph_.tensors[tensor];
  }

  [[nodiscard]] const Shape& ShapeOf(uint32_t tensor) const { return graph_.tensors[tensor].shape; }

  Graph Finish() { return std::move(graph_); }

 private:
  Status Insert(Value value);
  Result<uint32_t> MaterialiseConstant(const Value& value, Layout layout);
  Result<uint32_t> MaterialiseStored(const Value& value, Layout layout);
  Result<uint32_t> AddTensor(GraphTensor tensor);

  Graph graph_;
  std::unordered_map<std::string, Value> values_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, std::string> left_out_;  // output → operation
  uint64_t budget_ = kMaxConstantElements;
};

}  // namespace plumb::npu::importing
