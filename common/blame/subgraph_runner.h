// What can run parts of a network: all that blaming a layer needs to know of an executor.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::blame {

struct NetworkTensor {
  std::string name;
  uint64_t count = 0;  // elements
  // real = (q − zero_point) · scale, low <= q <= high. Scale 0: kept as real numbers.
  double scale = 0;
  int32_t zero_point = 0;
  int32_t low = 0;
  int32_t high = 0;
};

struct NetworkLayer {
  std::string op;                // "CONV_2D", for people
  std::vector<uint32_t> inputs;  // tensors, without constants, each once
  uint32_t output = 0;
};

struct Network {
  std::vector<NetworkTensor> tensors;
  std::vector<NetworkLayer> layers;  // in an order in which they can be run
  std::vector<uint32_t> inputs;
  std::vector<uint32_t> outputs;
};

// The real values of a tensor, as many as it has elements, in the network's own order of them.
using TensorSource = std::function<Result<std::vector<float>>(uint32_t tensor)>;
using TensorSink = std::function<Status(uint32_t tensor, std::span<const float> values)>;

// Not thread-safe.
class SubgraphRunner {
 public:
  virtual ~SubgraphRunner() = default;

  [[nodiscard]] virtual const Network& network() const = 0;

  // Runs these layers (indexes, ascending) and no other. What they read and none of them computes
  // is asked of `given`, once each, and put into the form in which the network holds it. `sink`
  // sees the output of each. Fails with the first error of either, kInvalidArgument where `given`
  // does not give as many values as the tensor has.
  //
  // `chance`, when set, seeds another rounding of the constants: each weight is moved as far as
  // rounding it may have moved it (a variance of a twelfth of its step), by chance. A runner whose
  // constants were never rounded has nothing to move.
  virtual Status Run(std::span<const uint32_t> layers,
                     const TensorSource& given,
                     const TensorSink& sink,
                     std::optional<uint64_t> chance) = 0;
};

}  // namespace plumb::blame
