#include "common/layers/matching.h"

#include <gtest/gtest.h>

namespace plumb::layers {
namespace {

struct Named {
  std::string name;
  Shape shape;
};

LayerSet SetOf(const std::vector<Named>& layers) {
  LayerSet set;
  for (const Named& each : layers) {
    Layer layer;
    layer.desc = *MakeContiguousDesc(each.name, ElementType::kFloat32, each.shape);
    layer.op_index = static_cast<uint32_t>(set.layers.size());
    set.layers.push_back(layer);
  }
  return set;
}

LayerSet SetOf(const std::vector<std::string>& names) {
  std::vector<Named> layers;
  for (const std::string& name : names) {
    layers.push_back({name, Shape{1}});
  }
  return SetOf(layers);
}

using Names = std::vector<std::string>;

TEST(MatchLayers, ByNameInWhateverOrder) {
  const auto matching = MatchLayers(SetOf(Names{"a", "b", "c"}), SetOf(Names{"c", "a", "b"}), {});
  ASSERT_EQ(matching.pairs.size(), 3U);
  EXPECT_EQ(matching.pairs[0].reference, 2U);
  EXPECT_EQ(matching.pairs[1].reference, 0U);
  EXPECT_TRUE(matching.warnings.empty());
  EXPECT_EQ(matching.coverage.percent(), 100);
}

// The vendor's script would put both into one folder.
TEST(MatchLayers, KeepsApartWhatSanitisesAlike) {
  const auto matching = MatchLayers(SetOf(Names{"a/b", "a_b"}), SetOf(Names{"a_b", "a/b"}), {});
  ASSERT_EQ(matching.pairs.size(), 2U);
  EXPECT_EQ(matching.pairs[0].reference, 1U);
  EXPECT_EQ(matching.pairs[1].reference, 0U);
  EXPECT_TRUE(matching.coverage.duplicate.empty());
}

TEST(MatchLayers, ByTheVendorsNames) {
  const auto matching = MatchLayers(SetOf(Names{"net/a:0", "x"}), SetOf(Names{"net_a0", "x"}), {});
  ASSERT_EQ(matching.pairs.size(), 2U);
  EXPECT_EQ(matching.pairs[0].how, MatchedBy::kVendorName);
  EXPECT_EQ(matching.pairs[1].how, MatchedBy::kName);
}

TEST(MatchLayers, NamesEveryOneOfSixtyThatAreMissing) {
  Names all;
  for (int i = 0; i < 100; ++i) {
    all.push_back("layer_" + std::to_string(i));
  }
  const Names kept(all.begin(), all.begin() + 40);
  const auto matching = MatchLayers(SetOf(all), SetOf(kept), {});
  EXPECT_EQ(matching.coverage.matched, 40U);
  EXPECT_EQ(matching.coverage.missing_in_target, Names(all.begin() + 40, all.end()));
  EXPECT_TRUE(matching.coverage.missing_in_reference.empty());
  EXPECT_EQ(matching.coverage.percent(), 40);
}

TEST(MatchLayers, SetsAsideWhatTheMapSaysIsFused) {
  FusionMap map;
  map.groups.push_back({{"out"}, {"exp", "sum"}, {}});
  map.groups.push_back({{"gone"}, {"other"}, {}});
  map.groups.push_back({{"new"}, {}, {{"new", "old"}}});
  const auto matching = MatchLayers(SetOf({{"exp", Shape{2}},
                                           {"sum", Shape{3}},
                                           {"out", Shape{1}},
                                           {"other", Shape{4}},
                                           {"old", Shape{5}}}),
                                    SetOf({{"out", Shape{1}}, {"new", Shape{5}}}),
                                    map);
  EXPECT_EQ(matching.coverage.fused, (Names{"exp", "sum"}));
  EXPECT_EQ(matching.coverage.missing_in_target, Names{"other"})
      << "what it was fused into is not there either";
  ASSERT_EQ(matching.pairs.size(), 2U);
  EXPECT_EQ(matching.pairs[1].how, MatchedBy::kMap);
  EXPECT_EQ(matching.pairs[1].reference, 4U);
}

TEST(MatchLayers, ByShapeAndPositionWithAWarning) {
  const auto matching = MatchLayers(SetOf({{"conv1", Shape{1, 8, 4, 6}},
                                           {"relu1", Shape{1, 8, 4, 6}},
                                           {"same", Shape{7}},
                                           {"conv2", Shape{1, 16}}}),
                                    SetOf({{"c_1", Shape{1, 4, 6, 8}},
                                           {"r_1", Shape{1, 4, 6, 8}},
                                           {"same", Shape{7}},
                                           {"extra", Shape{1, 3}},
                                           {"c_2", Shape{1, 16}}}),
                                    {});
  ASSERT_EQ(matching.pairs.size(), 4U);
  EXPECT_EQ(matching.pairs[0].how, MatchedBy::kPosition);
  EXPECT_EQ(matching.pairs[1].reference, 1U);
  EXPECT_EQ(matching.pairs[2].how, MatchedBy::kName);
  EXPECT_EQ(matching.pairs[3].reference, 3U);
  EXPECT_EQ(matching.coverage.missing_in_reference, Names{"extra"});
  ASSERT_EQ(matching.warnings.size(), 1U);
  EXPECT_EQ(matching.warnings[0].substr(0, 8), "3 layers");
}

TEST(MatchLayers, OneNameOfSeveralTensors) {
  const auto even = MatchLayers(SetOf(Names{"a", "a"}), SetOf(Names{"a", "a"}), {});
  EXPECT_EQ(even.pairs.size(), 2U);
  EXPECT_EQ(even.pairs[1].reference, 1U);
  const auto uneven = MatchLayers(SetOf(Names{"a", "a", "b"}), SetOf(Names{"a", "b"}), {});
  EXPECT_EQ(uneven.pairs.size(), 2U);
  EXPECT_EQ(uneven.coverage.duplicate, Names{"a"});
}

TEST(NaturalLess, ComparesRunsOfDigitsAsNumbers) {
  EXPECT_TRUE(NaturalLess("9.a", "10.a"));
  EXPECT_FALSE(NaturalLess("10.a", "9.a"));
  EXPECT_TRUE(NaturalLess("layer_2", "layer_10"));
  EXPECT_TRUE(NaturalLess("a", "b"));
  EXPECT_FALSE(NaturalLess("a", "a"));
  EXPECT_TRUE(NaturalLess("a", "a1"));
}

}  // namespace
}  // namespace plumb::layers
