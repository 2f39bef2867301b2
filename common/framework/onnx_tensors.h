// Which tensors an ONNX file computes, and how to make a runtime hand them all out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::framework {

// What one node makes.
struct OnnxTensor {
  std::string name;
  std::string op;
  bool constant = false;  // weights and shape arithmetic: depends on no input's values
};

struct OnnxTensors {
  std::vector<OnnxTensor> tensors;   // of the main graph, in the order of its nodes
  std::vector<std::string> outputs;  // of the graph
};

// Reads no more of the file than names, so that a runtime may know operations we do not.
// kInvalidArgument for a malformed file.
Result<OnnxTensors> ReadOnnxTensors(std::span<const uint8_t> file);

// `file` with every tensor an output of its graph. Parts of one message that follow each other are
// merged by every protobuf reader
// (https://protobuf.dev/programming-guides/encoding/#last-one-wins): a second ModelProto with
// nothing but graph{output{name}…} is appended.
std::vector<uint8_t> WithEveryTensorAnOutput(std::span<const uint8_t> file,
                                             const OnnxTensors& tensors);

}  // namespace plumb::framework
