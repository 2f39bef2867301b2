// What a Runner of the conformance suite is given to run, and the answer by plain arithmetic.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/npu/import/import.h"
#include "common/tensor/family.h"
#include "common/tensor/shape.h"

namespace plumb::test {

// Pictures are RGB of `rows` by `columns`; the network has one input and the outputs "scores" and a
// second one of five values.
class Problem {
 public:
  Problem() = default;
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;
  virtual ~Problem() = default;

  // Writes what the runner is given as the model.
  [[nodiscard]] virtual std::filesystem::path WriteModel(
      int rows, int columns, const std::filesystem::path& folder) const = 0;
  // The input file for a picture; of as many bytes as the picture's size asks for.
  [[nodiscard]] virtual std::vector<uint8_t> Input(const std::vector<uint8_t>& picture) const = 0;
  // The valid bytes of output `index`.
  [[nodiscard]] virtual std::vector<uint8_t> Output(size_t index,
                                                    const std::vector<uint8_t>& picture) const = 0;
  [[nodiscard]] virtual Shape ScoresShape(int rows, int columns) const = 0;
  // The value of the pixels of a picture whose input file is all zeros.
  [[nodiscard]] virtual uint8_t zero_pixel() const = 0;
  // A damaged form of the model's bytes, which no runner may take.
  [[nodiscard]] virtual std::vector<uint8_t> Damaged(std::vector<uint8_t> model) const = 0;
};

// An offline model for a chip of `family`: INT16 outputs (tests/support/small_model.h).
std::shared_ptr<const Problem> OfflineProblem(Family family);

// A float network in a framework's own format (tests/support/small_network.h).
std::shared_ptr<const Problem> NetworkProblem(npu::NetworkFormat format);

}  // namespace plumb::test
