// The hypotheses of Diagnose() about one mismatching pair. Each looks at the bytes and answers only
// with evidence that covers every element.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/analysis/diagnose.h"

namespace plumb::analysis {

// What the bytes are taken for.
std::optional<Diagnosis> TryElementFormat(const ComparedPair& pair);
std::optional<Diagnosis> TryPaddingAsData(const ComparedPair& pair);

// What was done to the values.
std::optional<Diagnosis> TryScaled(const ComparedPair& pair);
// constant_offset, or zero_point_128 where the offset is 128 steps.
std::optional<Diagnosis> TryOffset(const ComparedPair& pair);
std::optional<Diagnosis> TrySaturation(const ComparedPair& pair);

// In which order they are.
std::optional<Diagnosis> TryLayout(const ComparedPair& pair);
std::optional<Diagnosis> TryChannelOrder(const ComparedPair& pair);
std::optional<Diagnosis> TryShiftedRows(const ComparedPair& pair);
std::optional<Diagnosis> TryShiftedColumns(const ComparedPair& pair);

// The steps of the LSB histogram as weak evidence of another rounding; only where nearly all
// elements are within a few steps.
std::optional<Diagnosis> TryLsbHistogram(const ComparedPair& pair);

// A diagnosis about `pair`, with the cause's advice.
Diagnosis Found(std::string cause,
                const ComparedPair& pair,
                std::string evidence,
                double confidence);

// Six significant digits: evidence is read by people.
std::string Brief(double value);

}  // namespace plumb::analysis
