#include "tests/bench/kernels/onnx_writer.h"

namespace plumb::bench {
namespace {

constexpr int kFloat = 1;
constexpr int kInt64 = 7;
constexpr int kAttributeInt = 2;
constexpr int kAttributeInts = 7;

// ValueInfoProto of a float tensor.
WireMessage ValueInfo(const std::string& name, std::span<const int64_t> dims) {
  WireMessage shape;
  for (const int64_t dim : dims) {
    WireMessage dimension;
    dimension.Number(1, dim);
    shape.Message(1, dimension);
  }
  WireMessage tensor;
  tensor.Number(1, kFloat);
  tensor.Message(2, shape);
  WireMessage type;
  type.Message(1, tensor);
  WireMessage info;
  info.Bytes(1, name);
  info.Message(2, type);
  return info;
}

}  // namespace

void WireMessage::Varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    bytes_ += static_cast<char>((value & 0x7F) | 0x80);
  }
  bytes_ += static_cast<char>(value);
}

void WireMessage::Number(int field, int64_t value) {
  Varint(static_cast<uint64_t>(field) << 3);
  Varint(static_cast<uint64_t>(value));
}

void WireMessage::Bytes(int field, std::string_view bytes) {
  Varint(static_cast<uint64_t>(field) << 3 | 2);
  Varint(bytes.size());
  bytes_ += bytes;
}

void OnnxWriter::AddNode(std::string_view op,
                         const std::vector<std::string>& inputs,
                         const std::string& output,
                         const std::vector<Attribute>& attributes) {
  WireMessage node;
  for (const std::string& input : inputs) {
    node.Bytes(1, input);
  }
  node.Bytes(2, output);
  node.Bytes(4, op);
  for (const Attribute& attribute : attributes) {
    WireMessage message;
    message.Bytes(1, attribute.name);
    for (const int64_t value : attribute.values) {
      message.Number(attribute.list ? 8 : 3, value);
    }
    message.Number(20, attribute.list ? kAttributeInts : kAttributeInt);
    node.Message(5, message);
  }
  graph_.Message(1, node);
}

void OnnxWriter::AddTensor(const std::string& name,
                           int type,
                           std::span<const int64_t> dims,
                           std::string_view bytes) {
  WireMessage tensor;
  for (const int64_t dim : dims) {
    tensor.Number(1, dim);
  }
  tensor.Number(2, type);
  tensor.Bytes(8, name);
  tensor.Bytes(9, bytes);
  graph_.Message(5, tensor);
}

void OnnxWriter::AddFloats(const std::string& name,
                           std::span<const int64_t> dims,
                           std::span<const float> v) {
  AddTensor(name, kFloat, dims, {reinterpret_cast<const char*>(v.data()), v.size_bytes()});
}

void OnnxWriter::AddIntegers(const std::string& name, std::span<const int64_t> values) {
  const int64_t count[] = {static_cast<int64_t>(values.size())};
  AddTensor(
      name, kInt64, count, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

void OnnxWriter::AddInput(const std::string& name, std::span<const int64_t> dims) {
  graph_.Message(11, ValueInfo(name, dims));
}

void OnnxWriter::AddOutput(const std::string& name, std::span<const int64_t> dims) {
  graph_.Message(12, ValueInfo(name, dims));
}

std::string OnnxWriter::Finish() const {
  WireMessage operators;
  operators.Bytes(1, "");
  operators.Number(2, 13);
  WireMessage graph = graph_;
  graph.Bytes(2, "plumbline");
  WireMessage model;
  model.Number(1, 8);
  model.Message(7, graph);
  model.Message(8, operators);
  return model.bytes();
}

}  // namespace plumb::bench
