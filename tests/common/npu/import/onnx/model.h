// Writes small ONNX networks for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "tests/common/npu/import/onnx/message.h"

namespace plumb::testing {

// A network in construction: nodes in the order of execution.
class OnnxModel {
 public:
  OnnxModel& Node(const std::string& op,
                  const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs,
                  const std::vector<OnnxMessage>& attributes = {}) {
    OnnxMessage node;
    for (const std::string& input : inputs) {
      node.Bytes(1, input);
    }
    for (const std::string& output : outputs) {
      node.Bytes(2, output);
    }
    node.Bytes(3, "node_" + outputs.front()).Bytes(4, op);
    for (const OnnxMessage& attribute : attributes) {
      node.Message(5, attribute);
    }
    graph_.Message(1, node);
    return *this;
  }

  OnnxModel& Floats(const std::string& name,
                    const std::vector<int64_t>& dims,
                    const std::vector<float>& values) {
    graph_.Message(5, FloatTensor(name, dims, values));
    return *this;
  }

  OnnxModel& Integers(const std::string& name, const std::vector<int64_t>& values) {
    graph_.Message(5, IntegerTensor(name, values));
    return *this;
  }

  OnnxModel& Initializer(const OnnxMessage& tensor) {
    graph_.Message(5, tensor);
    return *this;
  }

  // A dimension of −1 is left open.
  OnnxModel& Input(const std::string& name, const std::vector<int64_t>& dims) {
    graph_.Message(11, ValueInfo(name, dims));
    return *this;
  }

  OnnxModel& Output(const std::string& name) {
    graph_.Message(12, OnnxMessage().Bytes(1, name));
    return *this;
  }

  [[nodiscard]] Buffer File(int64_t opset = 13) const {
    OnnxMessage model;
    model.Number(1, 8).Bytes(2, "test").Message(7, graph_);
    model.Message(8, OnnxMessage().Number(2, opset));
    return Buffer::FromString(model.bytes());
  }

 private:
  static OnnxMessage ValueInfo(const std::string& name, const std::vector<int64_t>& dims) {
    OnnxMessage shape;
    for (const int64_t dim : dims) {
      shape.Message(1, dim < 0 ? OnnxMessage().Bytes(2, "open") : OnnxMessage().Number(1, dim));
    }
    const OnnxMessage tensor = OnnxMessage().Number(1, 1).Message(2, shape);
    return OnnxMessage().Bytes(1, name).Message(2, OnnxMessage().Message(1, tensor));
  }

  OnnxMessage graph_;
};

}  // namespace plumb::testing
