// Numbers and names as tables show them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace plumb::client {

// "0.012345"; "-" without a value.
std::string SixDecimals(const std::optional<double>& value);
// Four significant digits, "1.234e-05"; "-" without a value.
std::string FourDigits(const std::optional<double>& value);

// A relative error on a logarithmic scale, from nothing at 0.0001 to `width` '#' at 1; all '!'
// where there is no number.
std::string ErrorBar(const std::optional<double>& error, size_t width);

// A layer's name escaped and cut to `width` bytes: converters chain names, what is in the middle
// goes, number and end stay.
std::string ShortName(const std::string& name, size_t width = 56);

}  // namespace plumb::client
