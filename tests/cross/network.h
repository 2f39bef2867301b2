// One network, its input, and the stages of cross-proof: each writes files whose bytes must be the
// same whatever CPU wrote them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"

namespace plumb::cross {

struct Network {
  std::shared_ptr<const npu::Graph> graph;
  bool quantized = false;                   // an int8 file: no float stage
  std::vector<std::vector<uint8_t>> bytes;  // of each input, one per element: pixels, or noise
  std::vector<std::vector<float>> values;   // (byte − 127.5) / 127.5
  std::filesystem::path out;                // the folder of everything written
};

// What the stages hand on.
struct Compiled {
  std::shared_ptr<const npu::FixedModel> model;  // with its chip section
  std::filesystem::path image;
  std::vector<std::filesystem::path> inputs;     // as the board takes them
  std::vector<std::vector<int16_t>> stored;      // the same as the kernels take them
  std::vector<std::vector<float>> real_outputs;  // the float network's; empty for an int8 file
};

// `pixels`: a file with one byte for each element of the first input; empty: noise.
Result<Network> LoadNetwork(const std::filesystem::path& model,
                            const std::filesystem::path& pixels,
                            const std::filesystem::path& out);

// True for [1, H, W, 3], which is compiled as a picture.
bool IsPicture(const npu::GraphTensor& tensor);

// float_layers.txt, float_output_N.npy; gives the outputs.
Result<std::vector<std::vector<float>>> RunFloat(const Network& network);

// Quantises and compiles: fixed.plm, offline.img, input_N.bin.
Result<Compiled> Compile(const Network& network);

// layers_KERNELS_PROFILE.txt for both kernel sets and every rounding profile. kInternal when the
// kernel sets differ.
Status RunKernels(const Compiled& compiled, const std::filesystem::path& out);

// plumb-simulator and plumb-runner over the virtual IPU, recorded and compared: run/ as it is
// stored, run_rounding/ with a chip that rounds in another way, float_report.json.
Status RunBoard(const Network& network, const Compiled& compiled);

// A line of a list of layers: digest, element count, name.
std::string LayerLine(const std::string& name, std::span<const uint8_t> bytes, size_t count);

}  // namespace plumb::cross
