// input_config.ini of the vendor's converter: what the inputs and outputs of a network mean
// (docs/formats/input-config.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::dump {

// Red, green, blue, whatever the channel order of the format.
using PerColor = std::array<double, 3>;

// Where something was written; no part of what it means, so all of them are equal.
struct SourceLine {
  size_t number = 0;  // counted from 1; 0: in no file

  friend bool operator==(const SourceLine& /*a*/, const SourceLine& /*b*/) { return true; }
};

struct ConfiguredInput {
  std::string name;
  SourceLine line;                  // of the name, or of the list that made the entry
  std::string training_format;      // "RGB", "RAWDATA_S16_NHWC", …; empty: not given
  std::string input_format;         // likewise
  std::optional<bool> quantize;     // quantizations
  std::optional<PerColor> mean;     // mean, or mean_red, mean_green, mean_blue
  std::optional<PerColor> std_dev;  // std_value, > 0
  std::optional<uint32_t> width_alignment;
  std::optional<uint32_t> height_alignment;
  std::string layout;  // "NHWC", "NCHW" or empty

  bool operator==(const ConfiguredInput&) const = default;
};

struct ConfiguredOutput {
  std::string name;
  SourceLine line;
  std::optional<bool> dequantize;
  std::string layout;

  bool operator==(const ConfiguredOutput&) const = default;
};

// [CONV_CONFIG]
struct ConvolutionConfig {
  std::string input_format;          // ALL_UINT8, ALL_INT16, CONV2D_INT16, DEPTHWISE_INT16 or empty
  std::vector<std::string> tensors;  // tensor_arrays
  SourceLine line;                   // of tensor_arrays

  bool operator==(const ConvolutionConfig&) const = default;
};

// Keys of [INPUT_CONFIG] that the vendor's one-click and 1.x converters read and Plumbline only
// checks and hands on. Empty or absent: not given.
struct ConverterConfig {
  std::string quant_file;
  std::optional<uint32_t> num_process;
  std::string quant_level;  // "L5", "Q20"
  std::string phase;        // "Fixed"
  std::string work_mode;
  std::string batch_mode;  // "n_buf" or "one_buf"
  std::optional<uint32_t> batch;
  std::vector<std::string> input_shapes;  // cut at commas, as written

  bool operator==(const ConverterConfig&) const = default;
};

struct InputConfig {
  std::vector<ConfiguredInput> inputs;
  std::vector<ConfiguredOutput> outputs;
  ConvolutionConfig convolution;
  ConverterConfig converter;
  std::vector<std::string> warnings;  // "line 7: unknown key 'menu' in [INPUT_CONFIG]"
};

// What to do about a key or section that the vendor's documents do not know. [OPTIMIZATION] is
// mentioned in places but documented nowhere: always a warning.
enum class UnknownWords : uint8_t { kWarn, kRefuse };

// "127.5" for all colours, or "123.7:116.3:103.5" as r:g:b; finite numbers.
Result<PerColor> ParsePerColor(std::string_view text);

// Values may be quoted and may end with ';', lists are separated by commas, '#' starts a comment
// line, names of sections and keys ignore case. A list with one value holds for every input.
// kInvalidArgument with the line for what cannot be read (a word where a number belongs, an unknown
// format name, more values than inputs, a key outside a section) and, with kRefuse, for unknown
// keys and sections; the hint names the nearest valid word.
Result<InputConfig> ParseInputConfig(std::string_view text,
                                     UnknownWords unknown = UnknownWords::kWarn);

// The network that a configuration is for.
struct NetworkNames {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> tensors;             // all that are computed or fed
  std::vector<std::string> convolution_inputs;  // those that a convolution reads
};

// kInvalidArgument with the line for an input, output or tensor that the network does not have
// (the hint names the nearest that it has), for more inputs or outputs than it has, and for one of
// tensor_arrays that no convolution reads.
Status CheckNames(const InputConfig& config, const NetworkNames& network);

// The text of a configuration: only sections that say something, keys in a fixed order, every list
// written out. ParseInputConfig reads the same configuration back. kInvalidArgument where a key is
// given for some inputs and not for others, or where a name holds what a list cannot: , ; or a
// quote, or a space at an end.
Result<std::string> WriteInputConfig(const InputConfig& config);

}  // namespace plumb::dump
