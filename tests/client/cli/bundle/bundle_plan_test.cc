// Which layers go into a bundle; documents by hand.
#include "client/cli/bundle/bundle_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

Json Row(const std::string& name, const std::string& reference, double error, const char* verdict) {
  return {{"name", name}, {"reference_name", reference}, {"rel_l1", error}, {"verdict", verdict}};
}

Json Layers() {
  return {{"tensors",
           {Row("in", "in", 0, "match"),
            Row("a", "a_float", 0.2, "mismatch"),
            Row("b", "b", 0.01, "match"),
            Row("c", "c", 0.9, "mismatch")}},
          {"first_divergence", {{"name", "a"}}}};
}

// in -> a -> b -> c, and a also feeds c.
npu::FixedModel Model() {
  npu::FixedModel model;
  for (const char* name : {"in", "a", "b", "c"}) {
    npu::FixedTensor tensor;
    tensor.name = name;
    model.tensors.push_back(tensor);
  }
  const auto add = [&model](std::vector<uint32_t> inputs, uint32_t output) {
    npu::FixedOp op;
    op.inputs = std::move(inputs);
    op.output = output;
    model.ops.push_back(op);
  };
  add({0}, 1);
  add({1}, 2);
  add({2, 1}, 3);
  return model;
}

TEST(BundlePlanTest, TheFirstAndTheWorstComeWithTheirInputs) {
  const npu::FixedModel model = Model();
  std::vector<std::string> unknown;
  const CulpritLayers found = FindCulprits(Layers(), {}, &model, unknown);
  EXPECT_THAT(found.culprits, ElementsAre("a", "c"));
  EXPECT_THAT(found.target, UnorderedElementsAre("in", "a", "b", "c"));
  EXPECT_THAT(found.reference, UnorderedElementsAre("in", "a_float", "b", "c"));
  EXPECT_FALSE(found.inputs_guessed);
  EXPECT_TRUE(unknown.empty());
}

TEST(BundlePlanTest, WithoutAModelTheLayerBeforeIsTakenAndSaid) {
  Json layers = Layers();
  layers["tensors"][3]["verdict"] = "match";
  std::vector<std::string> unknown;
  const CulpritLayers found = FindCulprits(layers, {}, nullptr, unknown);
  EXPECT_THAT(found.culprits, ElementsAre("a"));
  EXPECT_THAT(found.target, UnorderedElementsAre("in", "a"));
  EXPECT_TRUE(found.inputs_guessed);
}

TEST(BundlePlanTest, AskedLayersAreAddedAndUnknownOnesNamed) {
  Json layers = Layers();
  layers["first_divergence"] = nullptr;
  layers["tensors"][1]["verdict"] = "match";
  layers["tensors"][3]["verdict"] = "match";
  const npu::FixedModel model = Model();
  std::vector<std::string> unknown;
  const CulpritLayers found = FindCulprits(layers, {"b", "nowhere"}, &model, unknown);
  EXPECT_THAT(found.culprits, ElementsAre("b"));
  EXPECT_THAT(found.reference, UnorderedElementsAre("a_float", "b"));
  EXPECT_THAT(unknown, ElementsAre("nowhere"));
}

TEST(BundlePlanTest, NothingOutOfBoundsLeavesNothingToPick) {
  std::vector<std::string> unknown;
  EXPECT_TRUE(FindCulprits(Json::object(), {}, nullptr, unknown).target.empty());
}

}  // namespace
}  // namespace plumb::client
