// The network a prototxt describes, as it is when tested; see caffe.proto of BVLC Caffe 1.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/npu/import/caffe/text.h"
#include "common/tensor/shape.h"

namespace plumb::npu::caffe {

struct Layer {
  std::string name;
  std::string type;  // "Convolution"; of the old format too
  std::vector<std::string> bottoms;
  std::vector<std::string> tops;
  uint32_t line = 0;
  TextMessage body;

  // True when top `index` overwrites a bottom.
  [[nodiscard]] bool InPlace(size_t index) const {
    return index < bottoms.size() && index < tops.size() && bottoms[index] == tops[index];
  }
};

struct NetInput {
  std::string name;
  Shape shape;  // as the file has it: [N, C, H, W] for a picture
};

// Layers in execution order. Layers that only train or judge (losses, Accuracy, Silence) and those
// whose rules exclude the phase TEST are left out, inputs are in a list of their own.
struct Net {
  std::vector<NetInput> inputs;
  std::vector<Layer> layers;
};

// kInvalidArgument for a malformed file; kUnimplemented for a network that reads its data itself.
Result<Net> ReadNet(std::string_view prototxt);

// The tensor of each top of each layer: that of the blob for who makes it last, 'blob:layer' for
// those whose blob a later layer overwrites and for those who overwrite an input.
std::vector<std::vector<std::string>> NameTensors(const Net& net);

// The tensors that nobody reads, as Caffe has it: blobs as they are in the end, unless a layer
// reads them after they were made or overwritten. In the order in which they are first made.
std::vector<std::string> OutputTensors(const Net& net);

// Checks the names of a layer's own fields, not of those within them.
Status CheckLayerFields(const Layer& layer);

// True when the bytes begin as a prototxt does: a field of NetParameter, behind comments at most.
bool BeginsAsNet(std::string_view file);

}  // namespace plumb::npu::caffe
