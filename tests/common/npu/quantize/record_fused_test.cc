#include "common/npu/quantize/record_fused.h"

#include <gmock/gmock.h>

#include "common/npu/quantize/fuse_scales.h"
#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::Window;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

FixedModel Shows(const std::vector<std::string>& names) {
  FixedModel model;
  for (const std::string& name : names) {
    model.tensors.push_back({name, {1}, ElementType::kUint8, 1, 0, {}, false});
  }
  return model;
}

// x → conv → scaled (· 2) → shifted (+ 1) → relu, named so.
struct Chain {
  Chain() {
    GraphBuilder builder;
    const uint32_t x = builder.Input({1, 2, 2, 1});
    const uint32_t w = builder.Constant({1, 1, 1, 1}, {3});
    const uint32_t conv = builder.Op(OpKind::kConv2d, {x, w}, {1, 2, 2, 1}, Window(1, 1));
    const uint32_t two = builder.Constant({1}, {2});
    const uint32_t scaled = builder.Op(OpKind::kMul, {conv, two}, {1, 2, 2, 1});
    const uint32_t one = builder.Constant({1}, {1});
    const uint32_t shifted = builder.Op(OpKind::kAdd, {scaled, one}, {1, 2, 2, 1});
    const uint32_t relu = builder.Op(OpKind::kRelu, {shifted}, {1, 2, 2, 1});
    builder.At(conv).name = "conv";
    builder.At(scaled).name = "scaled";
    builder.At(shifted).name = "shifted";
    builder.At(relu).name = "relu";
    graph = builder.Build({relu});
  }

  Graph graph;
};

TEST(RecordFused, WhatWasFoldedWentIntoTheNextTensorThatIsComputed) {
  const Chain chain;
  FixedModel model = Shows({"x", "shifted", "relu"});
  RecordFused(chain.graph, FuseScales(chain.graph), model);
  EXPECT_THAT(model.fused, ElementsAre(FusedLayer{"conv", 1}, FusedLayer{"scaled", 1}));
}

TEST(RecordFused, NothingIsFusedWhereEverythingIsComputed) {
  const Chain chain;
  FixedModel model = Shows({"x", "conv", "scaled", "shifted", "relu"});
  RecordFused(chain.graph, chain.graph, model);
  EXPECT_THAT(model.fused, IsEmpty());
}

TEST(RecordFused, ATensorThatTheModelDoesNotShowIsLeftToTheCoverage) {
  const Chain chain;
  FixedModel model = Shows({"x", "relu"});
  RecordFused(chain.graph, FuseScales(chain.graph), model);
  EXPECT_THAT(model.fused, IsEmpty());
}

}  // namespace
}  // namespace plumb::npu
