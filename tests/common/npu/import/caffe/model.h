// Writes the Caffe networks that tests need: prototxt as text, caffemodel as protobuf.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/buffer.h"
#include "common/npu/graph/graph.h"
#include "tests/common/npu/import/onnx/message.h"

namespace plumb::testing {

struct CaffeBlob {
  std::vector<int64_t> dims;
  std::vector<float> values;
};

// BlobProto with a shape and packed data.
inline OnnxMessage BlobMessage(const CaffeBlob& blob) {
  OnnxMessage shape;
  for (const int64_t dim : blob.dims) {
    shape.Number(1, dim);
  }
  std::string data;
  for (const float value : blob.values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (uint32_t shift = 0; shift < 32; shift += 8) {
      data += static_cast<char>(bits >> shift);
    }
  }
  return OnnxMessage().Bytes(5, data).Message(7, shape);
}

class CaffeWeights {
 public:
  CaffeWeights() { net_.Bytes(1, "test"); }

  CaffeWeights& Layer(const std::string& name, const std::vector<CaffeBlob>& blobs) {
    OnnxMessage layer;
    layer.Bytes(1, name);
    for (const CaffeBlob& blob : blobs) {
      layer.Message(7, BlobMessage(blob));
    }
    net_.Message(100, layer);
    return *this;
  }

  [[nodiscard]] Buffer File() const {
    return Buffer::FromVector({net_.bytes().begin(), net_.bytes().end()});
  }

 private:
  OnnxMessage net_;
};

inline Buffer TextFile(const std::string& text) {
  return Buffer::FromVector({text.begin(), text.end()});
}

// An Input layer 'x' of the dimensions, then `layers`.
inline std::string NetText(const std::vector<int64_t>& dims, const std::string& layers) {
  std::string text = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape {";
  for (const int64_t dim : dims) {
    text += " dim: " + std::to_string(dim);
  }
  return text + " } } }\n" + layers;
}

// A layer 'y' of `type` from 'x' to 'y' with `rest` in it.
inline std::string LayerText(const std::string& type, const std::string& rest = "") {
  return "layer { name: 'y' type: '" + type + "' bottom: 'x' top: 'y' " + rest + " }\n";
}

}  // namespace plumb::testing
