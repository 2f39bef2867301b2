// One run of an offline model on the virtual IPU with every layer shown, which no vendor's library
// does: through the vendor's C interface and PlumbVirtualTapLayers (agent/virtual_ipu/layer_tap.h).
#pragma once

#include <string>
#include <vector>

#include "agent/runner/mi_library.h"

namespace plumb::tap {

struct TapRequest {
  mi::LibraryOptions library;
  std::string model;
  std::vector<std::string> inputs;  // files of the input buffers' bytes, one per input
  int out = 3;                      // where the records go (common/ring/layer_record.h)
};

// Runs the model once and writes its layers, its outputs and kDone, or kError. False when the
// reader is gone.
bool Run(const TapRequest& request);

}  // namespace plumb::tap
