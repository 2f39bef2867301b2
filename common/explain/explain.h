// Why the bytes that a board fed its network are not the PC's: hypotheses are turned into bytes
// again and compared with the board's; what is not reproduced is not claimed.
//
// A hypothesis is accepted when it gives the board's bytes exactly (floats: to rounding), or leaves
// a residual of at most kResidualShare of the elements, none off by more than one step, and at most
// a twentieth of what differed before. Pairs are tried when no single one is exact.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/preprocess/recipe.h"
#include "common/tensor/element_type.h"

namespace plumb::explain {

constexpr double kResidualShare = 0.005;

// Numbers that are no picture, as the PC has them before quantisation.
struct Numbers {
  std::vector<float> values;
  uint64_t innermost = 1;
};

struct Request {
  std::span<const uint8_t> reference;  // the PC's
  std::span<const uint8_t> target;     // the board's
  // How the reference was made; of it the buffer is needed always, the rest with a picture.
  preprocess::Recipe recipe;
  uint64_t innermost = 0;                   // RAWDATA that is no picture; 0: unknown
  std::vector<uint8_t> picture;             // the picture's file; empty: none
  std::optional<Numbers> numbers;           // instead of a picture
  std::chrono::milliseconds limit{30'000};  // of the search; what is left is not tried
  CancelToken cancel;
};

struct Difference {
  uint64_t count = 0;      // elements of the longer side
  uint64_t differing = 0;  // those beyond the shorter side too
  double largest = 0;
  double mean = 0;  // of the absolute differences

  [[nodiscard]] double share() const {
    return count == 0 ? 0 : static_cast<double>(differing) / static_cast<double>(count);
  }
};

struct Cause {
  std::string word;    // of docs/cli.md, "Causes"
  std::string what;    // "the board resized with INTER_AREA"
  std::string advice;  // what to change, on which side
};

struct Finding {
  std::vector<Cause> causes;  // one or two, in the order of preprocessing
  Difference residual;        // what remains against the board's bytes
  bool accepted = false;
};

struct Explanation {
  ElementType element_type = ElementType::kUint8;
  Difference difference;  // reference against target
  // Of t − r: below −8, −8 … 8, above 8 (steps; not for floats).
  std::array<uint64_t, 19> histogram{};
  std::vector<Finding> findings;   // best first; accepted ones before others, at most 5 of those
  std::vector<std::string> notes;  // what limits the statement
  uint64_t tried = 0;              // syntheses
};

// Both sides in the elements of `format`.
ElementType ElementOf(npu::InputFormat format);

// kInvalidArgument for an impossible description or picture.
Result<Explanation> Explain(const Request& request);

}  // namespace plumb::explain
