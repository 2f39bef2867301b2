// Inputs of a network from files: pictures, npy, raw bytes, folders and lists of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/option/picture_rule.h"
#include "common/base/status.h"
#include "common/preprocess/pixels.h"
#include "common/tensor/shape.h"

namespace plumb::client {

// Where the pixels of a picture go in an input's elements.
struct PictureGeometry {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t channels = 0;
  bool channels_first = false;
};

// The geometry of [1, H, W, C] or [1, C, H, W] with C 1 or 3 (channels last when both fit); empty
// for any other shape.
std::optional<PictureGeometry> PictureGeometryOf(const Shape& shape);

// One input of a network as samples are read for it.
struct SampleInput {
  std::string name;
  Shape shape;
  std::optional<PictureGeometry> geometry;
  std::optional<PictureRule> rule;  // set when pictures are welcome
};

// Exactly one is filled: pixels in the rule's order and the geometry's size, or the input's
// elements as real numbers in the input's own layout.
struct SampleValue {
  std::optional<preprocess::Pixels> pixels;
  std::vector<float> values;
};

constexpr size_t kMaxSamples = 100'000;

// The files of each sample, one per input. `path` is a file, a folder (its pictures, .npy, .bin and
// .raw files by name) or a list (.txt or .list: a line per sample, inputs separated by commas, '#'
// starts a comment, paths relative to the working folder or else to the list). For several inputs
// a single sample may be given as "a.npy,b.npy". Usage errors name `flag`.
Result<std::vector<std::vector<std::string>>> ListSamples(const std::string& flag,
                                                          const std::string& path,
                                                          size_t input_count);

// Reads one file: a picture by its content, npy by its content, anything else as raw float32
// elements (or, for a picture input, one byte a sample as pixels). kInvalidArgument names the file
// and the sizes that would fit.
Result<SampleValue> ReadSample(const std::string& path, const SampleInput& input);

// The real numbers a float network is fed: (p − mean) / std in the input's layout for pixels.
Result<std::vector<float>> RealInput(const SampleValue& value, const SampleInput& input);

// Pixels (or values made of them, element by element) in the input's own layout.
std::vector<float> InLayout(std::vector<float> channels_last, const PictureGeometry& geometry);

}  // namespace plumb::client
