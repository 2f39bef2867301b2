// input_config.ini of the vendor's converter: what the inputs and outputs of a network mean
// (docs/formats/input-config.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"

namespace plumb::dump {

// Red, green, blue, whatever the channel order of the format.
using PerColor = std::array<double, 3>;

struct ConfiguredInput {
  std::string name;
  std::string training_format;      // "RGB", "RAWDATA_S16_NHWC", …; empty: not given
  std::string input_format;         // likewise
  std::optional<bool> quantize;     // quantizations
  std::optional<PerColor> mean;     // mean, or mean_red, mean_green, mean_blue
  std::optional<PerColor> std_dev;  // std_value, > 0
  std::optional<uint32_t> width_alignment;
  std::optional<uint32_t> height_alignment;
  std::string layout;  // "NHWC", "NCHW" or empty
};

struct ConfiguredOutput {
  std::string name;
  std::optional<bool> dequantize;
  std::string layout;
};

// [CONV_CONFIG]
struct ConvolutionConfig {
  std::string input_format;  // ALL_UINT8, ALL_INT16, CONV2D_INT16, DEPTHWISE_INT16 or empty
  std::vector<std::string> tensors;
};

struct InputConfig {
  std::vector<ConfiguredInput> inputs;
  std::vector<ConfiguredOutput> outputs;
  ConvolutionConfig convolution;
  std::vector<std::string> warnings;  // "line 7: unknown key 'menu' in [INPUT_CONFIG]"
};

// "127.5" for all colours, or "123.7:116.3:103.5" as r:g:b; finite numbers.
Result<PerColor> ParsePerColor(std::string_view text);

// Values may be quoted and may end with ';', lists are separated by commas, '#' starts a comment
// line, names of sections and keys ignore case. A list with one value holds for every input.
// kInvalidArgument with the line for what cannot be read (a word where a number belongs, an unknown
// format name, more values than inputs, a key outside a section); unknown keys and sections are
// warnings.
Result<InputConfig> ParseInputConfig(std::string_view text);

}  // namespace plumb::dump
