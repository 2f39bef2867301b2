// What a caffemodel holds: the weights of each layer; see caffe.proto of BVLC Caffe 1.0.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/status.h"
#include "common/tensor/shape.h"

namespace plumb::npu::caffe {

// Row-major, in Caffe's order of axes.
struct Blob {
  Shape shape;  // as many elements as `values`; old files state four dimensions always
  std::vector<float> values;
};

struct LayerWeights {
  std::string type;  // "" in files of the old format
  std::vector<Blob> blobs;
};

// By the layer's name. Of layers of one name the last counts.
using Weights = std::unordered_map<std::string, LayerWeights>;

// Reads NetParameter in binary: its layers of the new (`layer`) and the old format (`layers`), with
// blobs of float or double. All weights together have at most 2^28 elements.
//   kInvalidArgument  malformed, cut off, or shapes that do not fit their data
//   kUnimplemented    the oldest format, which upgrade_net_proto_binary of Caffe converts
Result<Weights> ReadWeights(std::span<const uint8_t> file);

// True when the bytes begin as such a file does.
bool BeginsAsWeights(std::span<const uint8_t> file);

}  // namespace plumb::npu::caffe
