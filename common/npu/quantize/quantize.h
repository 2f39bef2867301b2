// Graph to FixedModel: every number frozen as an integer.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/dump/quantization_table.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "common/npu/quantize/calibration.h"
#include "common/npu/quantize/precision.h"

namespace plumb::npu {

// A picture as the network was trained on it: real = (pixel − mean) / std_dev. Its tensor holds the
// pixels themselves, with 8 and with 16 bits alike: UINT8, scale 1 / std_dev, zero point
// round(mean), whatever calibration saw.
struct PictureInput {
  InputFormat format = InputFormat::kRgb;  // kRgb, kBgr or kGray
  std::array<double, 3> mean = {127.5, 127.5, 127.5};
  double std_dev = 127.5;
};

// One scale for each output channel, or the largest of them for all.
enum class WeightScales : uint8_t { kPerChannel, kPerTensor };

struct QuantizeOptions {
  // Of activations. 8: UINT8, asymmetric. 16: INT16, symmetric. Weights are int8.
  int bits = 8;
  // What is INT16 all the same where `bits` is 8.
  Precision precision;
  WeightScales weights = WeightScales::kPerChannel;
  // In the order of the graph's inputs; empty, or an empty entry: a raw input, whose scale is
  // calibrated.
  std::vector<std::optional<PictureInput>> pictures;
  RoundingProfile rounding = RoundingProfile::kHalfEven;
};

// Post-training quantisation of a float graph.
//   kInvalidArgument    options or ranges that do not fit the graph; a picture input whose tensor
//   is
//                       not [1, H, W, 3] (or 1 for GRAY)
//   kFailedPrecondition the graph is quantised already, or no sample was calibrated
Result<FixedModel> QuantizeFromFloat(const Graph& graph,
                                     const CalibrationRanges& ranges,
                                     const QuantizeOptions& options);

// The same with the ranges of a quantisation table instead of calibrated ones (table.h), which
// decide everything but pictures: `options.bits` and `precision` are not used, `weights` only where
// the table has no weights. An operation that only moves values, and whose output the table gives
// another scheme, is followed by a QUANTIZE. With the table of a fixed model, its own graph and its
// own pictures the result is that model, byte for byte. Errors as above; kInvalidArgument also for
// a table that does not fit the graph.
Result<FixedModel> QuantizeFromTable(const Graph& graph,
                                     std::span<const dump::TableEntry> table,
                                     const QuantizeOptions& options);

// A quantised graph with its own integers: scales, zero points, weights and biases of the file.
// `options.bits` is not used; `options.pictures` says what the input means, its scale stays the
// file's. kUnimplemented for schemes the fixed model cannot hold (asymmetric weights), naming the
// tensor.
Result<FixedModel> FixedFromQuantizedGraph(const Graph& graph, const QuantizeOptions& options = {});

}  // namespace plumb::npu
