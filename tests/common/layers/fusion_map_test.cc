#include "common/layers/fusion_map.h"

#include <gtest/gtest.h>

namespace plumb::layers {
namespace {

TEST(FusionMap, ReadsGroupsOfManyToMany) {
  const auto map = ParseFusionMap(
      "plumb-fusion-map 1\n"
      "# made by hand\n"
      "target softmax out\n"
      "fused exp/out:0\n"
      "fused sum\n"
      "\n"
      "target a\n"
      "target b\n"
      "equals b_before\n"
      "fused c\r\n"
      "target renamed\n"
      "equals original\n");
  ASSERT_TRUE(map.ok()) << map.status().ToString();
  ASSERT_EQ(map->groups.size(), 3U);
  EXPECT_EQ(map->groups[0], (FusedGroup{{"softmax out"}, {"exp/out:0", "sum"}, {}}));
  EXPECT_EQ(map->groups[1], (FusedGroup{{"a", "b"}, {"c"}, {{"b", "b_before"}}}));
  EXPECT_EQ(map->groups[2], (FusedGroup{{"renamed"}, {}, {{"renamed", "original"}}}));
  const auto text = FormatFusionMap(*map);
  ASSERT_TRUE(text.ok());
  const auto again = ParseFusionMap(*text);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->groups, map->groups);
}

struct Broken {
  const char* text;
  const char* message;
};

class RefusesMap : public ::testing::TestWithParam<Broken> {};

TEST_P(RefusesMap, NamingTheLine) {
  const auto map = ParseFusionMap(GetParam().text);
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.status().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Texts,
    RefusesMap,
    ::testing::Values(
        Broken{"", "fusion map, line 1: the file is empty"},
        Broken{"plumb-fusion-map 2\n", "fusion map, line 1: it is 'plumb-fusion-map 2'"},
        Broken{"plumb-fusion-map 1\n\ntarger a\n", "fusion map, line 3: 'targer' is no keyword"},
        Broken{"plumb-fusion-map 1\nfused a\n",
               "fusion map, line 2: 'fused' comes before any 'target'"},
        Broken{"plumb-fusion-map 1\ntarget \n", "fusion map, line 2: '' is no usable name"},
        Broken{"plumb-fusion-map 1\ntarget a\n",
               "fusion map, line 2: the last group names no tensor after its 'target' lines"},
        Broken{"plumb-fusion-map 1\ntarget a\nfused b\nequals c\n",
               "fusion map, line 4: 'equals' follows the 'target' line it belongs to"},
        Broken{"plumb-fusion-map 1\ntarget a\ntarget a\nfused b\n",
               "fusion map, line 3: 'a' is a target twice"},
        Broken{"plumb-fusion-map 1\ntarget a\nfused b\ntarget c\nfused b\n",
               "fusion map, line 5: 'b' is mapped twice"}));

TEST(FusionMap, RefusesToWriteWhatALineCannotHold) {
  EXPECT_FALSE(FormatFusionMap({{FusedGroup{{"a\nb"}, {"c"}, {}}}}).ok());
}

}  // namespace
}  // namespace plumb::layers
