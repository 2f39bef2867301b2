// Operations of an int8 network one by one, each on what the oracle's own layers hand to it: which
// of our roundings is the oracle's there, whatever came before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/model/model.h"
#include "tests/oracle/oracle_run.h"

namespace plumb::testing {

// What makes our result the oracle's, bit for bit.
enum class Rule {
  kHalfEven,  // the rounding profiles
  kHalfAway,
  kHalfUp,
  kCoarseScale,  // XNNPACK's short factors, ties up: QUANTIZE between integers and LEAKY_RELU with
                 // 8 fractional bits, ADD and SUB with 21 bits
  kScaleError,   // each element: one of the profiles, with a scale up to 2^-20 larger or smaller
                 // (single precision)
  kNone,
};

std::string RuleName(Rule rule);

// One operation under half_even, and the first rule that fits.
struct IntegerLayer {
  std::string op;    // its kind in the network
  std::string name;  // of its output
  uint64_t count = 0;
  uint64_t different = 0;
  uint64_t largest = 0;  // difference, in LSB
  Rule rule = Rule::kNone;
};

// Operations with an operand or a result that the oracle hides are left out.
Result<std::vector<IntegerLayer>> CompareIntegerLayersAlone(const npu::FixedModel& model,
                                                            const OracleRun& oracle);

}  // namespace plumb::testing
