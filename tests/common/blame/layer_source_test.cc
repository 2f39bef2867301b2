#include "common/blame/layer_source.h"

#include <cstring>

#include <gmock/gmock.h>

#include "common/layers/matching.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::blame {
namespace {

using ::testing::ElementsAre;

Tensor RealTensor(const std::string& name, const Shape& shape, const std::vector<float>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return {MakeContiguousDesc(name, ElementType::kFloat32, shape).value(),
          Buffer::FromVector(std::move(bytes))};
}

// A requantisation of x [1, 2, 1, 3] to y of the same shape.
npu::FixedModel ModelOf(bool plain_nchw) {
  npu::FixedModel model;
  model.tensors.resize(2);
  model.tensors[0] = {"x", {1, 2, 1, 3}, ElementType::kUint8, 1, 0, {}};
  model.tensors[1] = {"y", {1, 2, 1, 3}, ElementType::kUint8, 1, 0, {}, plain_nchw};
  model.ops.push_back({"y", "QUANTIZE", {0}, 1, npu::Requantize{}});
  model.inputs.push_back({});
  model.outputs = {1};
  return model;
}

BlameProblem Taken(const npu::FixedModel& model,
                   const layers::LayerSet& reference,
                   const layers::LayerSet& target) {
  const auto matching = layers::MatchLayers(reference, target, {});
  const layers::CompareOptions options;
  const auto results = layers::CompareLayers(reference, target, matching, options);
  EXPECT_TRUE(results.ok()) << results.status().ToString();
  BlameProblem problem;
  TakeLayers(model, reference, target, *results, problem);
  return problem;
}

TEST(LayerSource, TakesLayersByTheModelsNames) {
  const auto model = ModelOf(false);
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const auto reference = layers::LayersOfTensors({RealTensor("y", {1, 2, 1, 3}, values)}, "r");
  const auto target = layers::LayersOfTensors(
      {RealTensor("y", {1, 2, 1, 3}, {1, 2, 3, 4, 5, 7}), RealTensor("z", {1}, {0})}, "t");
  const BlameProblem problem = Taken(model, reference, target);
  EXPECT_THAT(problem.reference.known, ElementsAre(false, true));
  EXPECT_THAT(problem.target.known, ElementsAre(false, true));
  EXPECT_THAT(problem.reference.values(1).value(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(problem.target.values(1).value(), ElementsAre(1, 2, 3, 4, 5, 7));
  EXPECT_DOUBLE_EQ(problem.cumulative[1]->relative_l1.value(), 1.0 / 21);
  EXPECT_EQ(problem.reference.values(0).status().code(), StatusCode::kNotFound);
}

// A dump has [1, 1, 3, 2] of what the model holds as [1, 2, 1, 3].
TEST(LayerSource, TurnsBackWhatADumpTurned) {
  const auto model = ModelOf(true);
  const std::vector<float> dumped = {1, 4, 2, 5, 3, 6};
  const auto set = layers::LayersOfTensors({RealTensor("y", {1, 1, 3, 2}, dumped)}, "d");
  const BlameProblem problem = Taken(model, set, set);
  EXPECT_THAT(problem.reference.values(1).value(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(problem.target.values(1).value(), ElementsAre(1, 2, 3, 4, 5, 6));
}

// The reference is [1, 3, 2, 1] in planes, the target [1, 2, 1, 3]: the shapes say so.
TEST(LayerSource, ReadsAReferenceInPlanesAsTheTargetLies) {
  const auto model = ModelOf(false);
  const auto reference =
      layers::LayersOfTensors({RealTensor("y", {1, 3, 2, 1}, {1, -40, 2, 50, -3, 60})}, "r");
  const auto target =
      layers::LayersOfTensors({RealTensor("y", {1, 2, 1, 3}, {1, 2, -3, -40, 50, 60})}, "t");
  const BlameProblem problem = Taken(model, reference, target);
  EXPECT_THAT(problem.reference.values(1).value(), ElementsAre(1, 2, -3, -40, 50, 60));
}

TEST(LayerSource, LeavesOutALayerOfAnotherSize) {
  const auto model = ModelOf(false);
  const auto set = layers::LayersOfTensors({RealTensor("y", {1, 2}, {1, 2})}, "d");
  const BlameProblem problem = Taken(model, set, set);
  EXPECT_THAT(problem.reference.known, ElementsAre(false, false));
}

}  // namespace
}  // namespace plumb::blame
