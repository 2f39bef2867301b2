// Quantisation tables in the JSON of the vendor's save_quant_param.py
// (docs/formats/quantisation-table.md): a list of {"name", "min", "max", "bit"}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::dump {

// The real values that the lowest and the highest stored value of a tensor stand for. One element
// for the whole tensor, several for one per channel.
struct TableEntry {
  std::string name;
  std::vector<double> min;
  std::vector<double> max;  // as many as min, none below it; all are finite
  int bit = 8;              // 4, 8 or 16

  bool operator==(const TableEntry&) const = default;
};

constexpr uint64_t kMaxTableSize = 64U << 20U;  // bytes of a file

// Other keys of an entry are skipped. kInvalidArgument with the entry for what the above does not
// allow, for a name that comes twice, nesting, or more than kMaxTableSize bytes; kUnimplemented for
// a pickle, which is a program for Python and never run here.
Result<std::vector<TableEntry>> ParseQuantizationTable(std::span<const uint8_t> bytes);

// The vendor's layout: indent 4. Numbers read back as the same doubles.
std::string WriteQuantizationTable(std::span<const TableEntry> entries);

}  // namespace plumb::dump
