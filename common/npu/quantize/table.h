// Fixed models and quantisation tables (common/dump/quantization_table.h).
//
// A table names the real values that the lowest and the highest stored value stand for, so that a
// scheme comes back exactly: UINT8 (0 − z) · s and (255 − z) · s, INT16 ∓32767 · s, weights ∓127 ·
// s. All scales are float32 values and these products have at most 39 bits, so that no rounding
// takes place in a double, (max − min) / 255 gives s back, and −min / s gives z.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/dump/quantization_table.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "common/npu/quantize/scheme.h"

namespace plumb::npu {

// What comes behind the name of a tensor to name the weights of the operation that makes it: a
// fixed model does not keep the weights' own name.
constexpr std::string_view kWeightsSuffix = "/weights";

// Every tensor in the model's order, then the weights of every operation that has some, one
// element for each channel or, where all have the same scale, one. The weights' scales are those
// whose float32 value explains the frozen multiplier. kFailedPrecondition for a model with two
// tensors of one name, which no table can tell apart.
Result<std::vector<dump::TableEntry>> TableOf(const FixedModel& model);

// What a table says about a graph.
struct TableSchemes {
  std::vector<std::optional<Scheme>> tensors;       // by tensor of the graph
  std::map<uint32_t, std::vector<double>> weights;  // scales, by the weights' tensor
};

// Entries name tensors of the graph, weights by their own name or by kWeightsSuffix; an entry for a
// tensor that TableOf adds on its own ("…/u8", "…/s16", "…/slice") says nothing. Ranges are widened
// to hold zero, as every scheme does. kInvalidArgument for a name that the graph does not have (the
// hint names the nearest), several elements where a tensor is no weights; kUnimplemented for 4
// bits and for weights of more than 8.
Result<TableSchemes> SchemesOfTable(const Graph& graph, std::span<const dump::TableEntry> table);

}  // namespace plumb::npu
