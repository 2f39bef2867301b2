#include "tests/common/blame/network_case.h"

#include <utility>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/npu/float/executor.h"
#include "common/npu/import/import.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/quantize/quantize.h"
#include "tests/support/testdata.h"

namespace plumb::testing {
namespace {

using Values = std::map<std::string, std::vector<float>>;

constexpr int64_t kSide = 128;

// The astronaut, nearest pixel.
std::vector<uint8_t> PixelsOf(int64_t height, int64_t width) {
  const auto file = ReadFile(TestDataPath("blazeface_astronaut_128.rgb"));
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  std::vector<uint8_t> pixels;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const int64_t place = ((y * kSide / height) * kSide + x * kSide / width) * 3 + c;
        pixels.push_back(file->span()[static_cast<size_t>(place)]);
      }
    }
  }
  return pixels;
}

std::shared_ptr<const npu::Graph> Import(const std::filesystem::path& path,
                                         const std::vector<int64_t>& onnx_shape) {
  const auto file = ReadFile(path);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  npu::InputShapes shapes;
  if (!onnx_shape.empty()) {
    shapes[""] = onnx_shape;
  }
  auto graph = npu::ImportNetwork(*file, "network", shapes);
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  return std::make_shared<const npu::Graph>(std::move(*graph));
}

blame::TensorSide SideOf(const blame::Network& network, const Values& values) {
  blame::TensorSide side;
  for (const blame::NetworkTensor& tensor : network.tensors) {
    const auto found = values.find(tensor.name);
    side.known.push_back(found != values.end() && found->second.size() == tensor.count);
  }
  side.values = [&network, &values](uint32_t tensor) -> Result<std::vector<float>> {
    return values.at(network.tensors[tensor].name);
  };
  return side;
}

}  // namespace

NetworkCase MakeNetworkCase(const std::filesystem::path& file,
                            const std::vector<int64_t>& onnx_shape,
                            const npu::PictureInput& picture) {
  NetworkCase made;
  const auto graph = Import(file, onnx_shape);
  const Shape& shape = graph->tensors[graph->inputs.at(0)].shape;
  const std::vector<uint8_t> pixels = PixelsOf(shape[1], shape[2]);
  std::vector<float> reals;
  for (const uint8_t pixel : pixels) {
    reals.push_back(static_cast<float>((pixel - picture.mean[0]) / picture.std_dev));
  }
  auto calibrator = npu::Calibrator::Create(graph);
  EXPECT_TRUE(calibrator.ok()) << calibrator.status().ToString();
  const std::vector<std::vector<float>> sample = {reals};
  EXPECT_TRUE(calibrator->Add(sample).ok());
  npu::QuantizeOptions options;
  options.pictures = {picture};
  auto model = npu::QuantizeFromFloat(*graph, calibrator->ranges(), options);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  made.model = std::move(*model);
  made.input.assign(pixels.begin(), pixels.end());
  auto executor = npu::FloatExecutor::Create(graph);
  const auto sink = [&](const npu::GraphOp& /*op*/,
                        const npu::GraphTensor& tensor,
                        std::span<const float> values) {
    made.reference[tensor.name].assign(values.begin(), values.end());
    return OkStatus();
  };
  EXPECT_TRUE((*executor)->Run(sample, sink).ok());
  return made;
}

Values RunWhole(const npu::FixedModel& model, const std::vector<int16_t>& input) {
  auto executor = npu::FastExecutor::Create(std::make_shared<const npu::FixedModel>(model), {});
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  std::vector<std::vector<int16_t>> outputs;
  for (const uint32_t output : model.outputs) {
    outputs.emplace_back(model.tensors[output].shape.element_count().value_or(0));
  }
  const std::vector<std::span<const int16_t>> from = {input};
  const std::vector<std::span<int16_t>> to(outputs.begin(), outputs.end());
  Values values;
  const auto tap = [&](uint32_t index, std::span<const int16_t> stored) {
    const npu::FixedTensor& tensor = model.tensors[index];
    std::vector<float>& reals = values[tensor.name];
    for (const int16_t q : stored) {
      reals.push_back(static_cast<float>((q - tensor.zero_point) * tensor.scale));
    }
  };
  EXPECT_TRUE((*executor)->Run(from, to, tap).ok());
  return values;
}

blame::BlameProblem MakeProblem(blame::SubgraphRunner& runner,
                                const Values& reference,
                                const Values& target) {
  blame::BlameProblem problem;
  problem.runner = &runner;
  problem.policy.by_default.min_cosine = 0.99;
  problem.policy.by_default.max_relative_l1 = 0.1;
  const blame::Network& network = runner.network();
  problem.reference = SideOf(network, reference);
  problem.target = SideOf(network, target);
  for (size_t i = 0; i < network.tensors.size(); ++i) {
    problem.cumulative.emplace_back();
    if (problem.reference.known[i] && problem.target.known[i]) {
      const std::string& name = network.tensors[i].name;
      auto error =
          blame::ErrorOf(name, reference.at(name), target.at(name), problem.policy.For(name));
      EXPECT_TRUE(error.ok()) << error.status().ToString();
      problem.cumulative.back() = std::move(*error);
    }
  }
  return problem;
}

}  // namespace plumb::testing
