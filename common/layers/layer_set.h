// The layers of one run of a network, wherever they lie, as the comparison layer by layer reads
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/analysis/valid_bytes.h"
#include "common/base/status.h"
#include "common/dump/dump_index.h"
#include "common/layers/profile.h"
#include "common/tensor/tensor.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::layers {

struct Layer {
  TensorDesc desc;            // name, type, shape; without a shape: one axis of all stored values
  bool shape_known = true;    // false: a dump of SDK 1.1.5
  std::string op;             // "CONV_2D"; empty: unknown
  std::string type;           // the dump's own word, e.g. "UINT8"; empty: none
  uint32_t op_index = 0;      // the operation's number in its file
  uint32_t output_index = 0;  // which of the operation's outputs
  bool as_text = false;       // six decimals
  std::optional<QuantRange> range;  // of a quantised tensor whose scale is known
  std::vector<std::string> inputs;  // what the operation reads, without constants; empty: unknown
  // A reader of the layer's own bytes. Safe to call from any thread; what it gives is of one.
  std::function<analysis::ReadRange()> open;
};

// In the order of execution.
struct LayerSet {
  std::string source;
  bool is_float = true;    // false: a fixed network, whose tensors may have been fused
  uint64_t constants = 0;  // set aside: weights and shape arithmetic
  std::vector<Layer> layers;
};

// The outputs of every operation; operands are outputs of others and left out. kInvalidArgument
// when a tensor holds fewer values than its shape.
Result<LayerSet> LayersOfDump(const dump::DumpIndex& index, std::string source);

// Tensors in memory (or mapped), in the order given.
LayerSet LayersOfTensors(const std::vector<Tensor>& tensors, std::string source);

// As the vendor's script makes file names of tensor names: '/' becomes '_', ':' goes.
std::string Sanitised(std::string_view name);

// The folder the vendor's script gives the layer: "47.relu_6.tmp_0.xx.output0".
std::string VendorName(const Layer& layer);

// "9.a" before "10.a": runs of digits compare as numbers.
bool NaturalLess(std::string_view a, std::string_view b);

}  // namespace plumb::layers
