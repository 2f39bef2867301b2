// What to do about a network whose layers are out of bounds: the rules of the vendor's SOP (2.1.1
// to 2.1.6) in its order, each with what it rests on (docs/layer-report.md). Pure, no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnosis/look_inside.h"
#include "common/layers/curve.h"
#include "common/layers/profile.h"

namespace plumb::advice {

// One compared layer.
struct LayerFacts {
  std::string name;  // the target's tensor
  std::string op;
  std::string type;                 // the dump's own word: "UINT8"; empty: unknown
  std::vector<std::string> inputs;  // names of what the operation reads; empty: unknown
  bool bad = false;                 // out of bounds
  bool nonfinite = false;           // NaN or Inf on one side alone
  std::optional<double> relative_l1;
  std::optional<double> cosine;
  std::optional<double> reference_min;
  std::optional<double> reference_max;
  std::optional<layers::QuantRange> range;  // of the target
  uint64_t count = 0;
  uint64_t beyond_range = 0;  // reference elements that the target's range cannot hold
  std::vector<diagnosis::Finding> findings;
};

struct NetworkFacts {
  std::vector<LayerFacts> layers;  // in the order of execution
  std::vector<std::string> missing_in_target;
  bool target_is_float = false;
  layers::CurveClass curve = layers::CurveClass::kTooShort;
  bool early_crossing = false;
  std::optional<size_t> change_point;  // index into layers
};

struct Evidence {
  std::string layer;  // empty: of the whole network
  std::string text;   // the figures
};

struct Advice {
  std::string rule;                   // "preprocessing"
  std::string section;                // of the SOP, "2.1.1"; empty: the SOP has none
  std::string what;                   // sentences for a tired engineer
  std::vector<std::string> commands;  // to run; capitals stand for what only the reader knows
  std::string ini;                    // a fragment of input_config.ini; empty: none
  std::vector<Evidence> evidence;     // at most kMaxEvidence, never empty
  uint64_t evidence_left_out = 0;
};

constexpr size_t kMaxEvidence = 8;
constexpr size_t kMaxRaised = 16;  // tensors that one fragment names
constexpr double kWideRange = 20;  // 2.1.6

// CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, FULLY_CONNECTED: only what they read can be raised.
bool IsConvolution(std::string_view op);

// In this order, each only where its evidence is there:
//   nan               a layer has NaN or Inf on one side alone
//   preprocessing     2.1.1: the first layer is already out of bounds, the curve crosses early, or
//                     most of the network is out of bounds from near the start
//   coverage          2.1.3: layers of a fixed network are missing
//   recalibrate       values lie beyond what the quantisation can hold, in a layer out of bounds
//   inside_tensor     what happened inside a layer out of bounds behind one that is not; the first
//   all_int16         2.1.2: a layer of 8 bits is out of bounds
//   not_precision     2.1.2: layers are out of bounds and none of them has 8 bits
//   raise_tensors     2.1.6: which tensors, as a fragment
//   train             2.1.4: the errors swing from layer to layer
// Empty while everything is within bounds and nothing is missing.
std::vector<Advice> Advise(const NetworkFacts& facts);

}  // namespace plumb::advice
