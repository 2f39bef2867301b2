#include "tests/cross/network.h"

#include <utility>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/npu/import/tflite/tflite.h"

namespace plumb::cross {
namespace {

// Numerical Recipes' generator: noise that needs no library to be the same everywhere.
std::vector<uint8_t> Noise(size_t count) {
  std::vector<uint8_t> bytes;
  uint32_t state = 2026;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    bytes.push_back(static_cast<uint8_t>(state >> 24U));
  }
  return bytes;
}

}  // namespace

std::string LayerLine(const std::string& name, std::span<const uint8_t> bytes, size_t count) {
  return Sha256Hex(bytes) + " " + std::to_string(count) + " " + EscapeForDisplay(name) + "\n";
}

bool IsPicture(const npu::GraphTensor& tensor) {
  return tensor.shape.rank() == 4 && tensor.shape[0] == 1 && tensor.shape[3] == 3;
}

Result<Network> LoadNetwork(const std::filesystem::path& model,
                            const std::filesystem::path& pixels,
                            const std::filesystem::path& out) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ReadFile(model));
  PLUMB_ASSIGN_OR_RETURN(npu::Graph graph, npu::ImportTflite(file, model.stem().string()));
  Network network;
  network.quantized = npu::IsQuantized(graph);
  network.out = out;
  for (const uint32_t input : graph.inputs) {
    const auto count =
        static_cast<size_t>(graph.tensors.at(input).shape.element_count().value_or(0));
    network.bytes.push_back(Noise(count));
    if (network.bytes.size() == 1 && !pixels.empty()) {
      PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(pixels));
      if (bytes.size() != count) {
        return InvalidArgumentError(pixels.string() + " does not hold " + std::to_string(count) +
                                    " bytes");
      }
      network.bytes.back().assign(bytes.span().begin(), bytes.span().end());
    }
    network.values.emplace_back();
    for (const uint8_t byte : network.bytes.back()) {
      network.values.back().push_back(static_cast<float>((byte - 127.5) / 127.5));
    }
  }
  network.graph = std::make_shared<const npu::Graph>(std::move(graph));
  return network;
}

}  // namespace plumb::cross
