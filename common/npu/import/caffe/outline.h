// What another engine needs to run a Caffe network and to call its tensors as the graph does.
#pragma once

#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/tensor/shape.h"

namespace plumb::npu {

struct CaffeInput {
  std::string name;
  Shape shape;  // in Caffe's order
};

// A tensor and the layer that makes it as its top `index`.
struct CaffeTop {
  std::string layer;
  std::string type;
  size_t index = 0;
  std::string tensor;   // as ImportCaffe calls it
  size_t shown_by = 0;  // the place, in the outline's prototxt, of the layer whose first top it is
  bool is_output = false;
};

struct CaffeOutline {
  std::vector<CaffeInput> inputs;
  std::vector<CaffeTop> tops;  // of every layer, in execution order
  // The same network for an engine that shows the first top of each layer alone and that knows
  // neither phases nor the old format: without the layers that ImportCaffe leaves out, and with a
  // Split behind each further top. Layers stand on the lines where they stood.
  std::string prototxt;
  size_t layer_count = 0;  // of `prototxt`, without inputs
};

// Errors as ImportCaffe's for a prototxt; layers that ImportCaffe does not support are no error.
Result<CaffeOutline> OutlineOfCaffe(const Buffer& prototxt);

}  // namespace plumb::npu
