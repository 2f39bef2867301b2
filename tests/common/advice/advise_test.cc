// Reports made by hand: which rules speak, in which order, and on what they rest.
#include "common/advice/advise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::advice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

LayerFacts Layer(const std::string& name,
                 const std::string& op,
                 std::vector<std::string> inputs = {},
                 bool bad = false) {
  LayerFacts layer;
  layer.name = name;
  layer.op = op;
  layer.type = "UINT8";
  layer.inputs = std::move(inputs);
  layer.bad = bad;
  layer.relative_l1 = bad ? 0.25 : 0.01;
  layer.cosine = bad ? 0.95 : 0.9999;
  layer.reference_min = 0;
  layer.reference_max = 6;
  layer.count = 1000;
  return layer;
}

// x -> a (conv) -> b (relu) -> c (conv) -> d (add of c and a) -> e (conv) -> f (conv)
NetworkFacts Network() {
  NetworkFacts facts;
  facts.layers = {Layer("a", "CONV_2D", {"x"}),
                  Layer("b", "RELU", {"a"}),
                  Layer("c", "DEPTHWISE_CONV_2D", {"b"}),
                  Layer("d", "ADD", {"c", "a"}),
                  Layer("e", "CONV_2D", {"d"}),
                  Layer("f", "FULLY_CONNECTED", {"e"})};
  return facts;
}

void Break(LayerFacts& layer) {
  layer.bad = true;
  layer.relative_l1 = 0.25;
  layer.cosine = 0.95;
}

std::vector<std::string> Rules(const NetworkFacts& facts) {
  std::vector<std::string> rules;
  for (const Advice& advice : Advise(facts)) {
    rules.push_back(advice.rule);
    EXPECT_FALSE(advice.what.empty()) << advice.rule;
    EXPECT_FALSE(advice.evidence.empty()) << advice.rule;
  }
  return rules;
}

Advice Of(const NetworkFacts& facts, const std::string& rule) {
  for (const Advice& advice : Advise(facts)) {
    if (advice.rule == rule) {
      return advice;
    }
  }
  ADD_FAILURE() << "no " << rule;
  return {};
}

TEST(Advise, IsSilentWhileAllIsWell) {
  EXPECT_THAT(Rules(Network()), IsEmpty());
  EXPECT_THAT(Rules({}), IsEmpty());
}

TEST(Advise, AFirstLayerThatIsOffIsPreprocessingFirst) {
  NetworkFacts facts = Network();
  Break(facts.layers[0]);
  facts.layers[0].findings = {
      {"channel_order", "the 3 channels are in reverse order", 0.25, 0.001}};
  EXPECT_THAT(Rules(facts), ElementsAre("preprocessing", "inside_tensor", "all_int16"));
  const Advice advice = Of(facts, "preprocessing");
  EXPECT_EQ(advice.section, "2.1.1");
  EXPECT_THAT(advice.commands.at(0), HasSubstr("plumb input check"));
  EXPECT_THAT(advice.commands.at(1), HasSubstr("plumb input explain"));
  EXPECT_EQ(advice.evidence.at(0).layer, "a");
  EXPECT_THAT(advice.evidence.at(0).text, HasSubstr("rel_l1 0.25, cosine 0.95"));
  EXPECT_THAT(advice.evidence.at(1).text, HasSubstr("reverse order"));
  EXPECT_THAT(Of(facts, "inside_tensor").what, HasSubstr("RGB against BGR"));
}

TEST(Advise, ALateCulpritIsNoPreprocessing) {
  NetworkFacts facts = Network();
  Break(facts.layers[4]);
  Break(facts.layers[5]);
  EXPECT_THAT(Rules(facts), ElementsAre("all_int16", "raise_tensors"));
  const Advice all = Of(facts, "all_int16");
  EXPECT_EQ(all.section, "2.1.2");
  EXPECT_EQ(all.ini, "[CONV_CONFIG]\ninput_format=ALL_INT16;\n");
  EXPECT_THAT(all.evidence.at(0).text, HasSubstr("2 layers"));
}

TEST(Advise, ACurveThatCrossesEarlyIsPreprocessingFirst) {
  NetworkFacts facts = Network();
  Break(facts.layers[4]);
  facts.early_crossing = true;
  EXPECT_THAT(Rules(facts), ElementsAre("preprocessing", "all_int16", "raise_tensors"));
  EXPECT_THAT(Of(facts, "preprocessing").what, HasSubstr("from near its start"));
}

// A log's type says nothing of bits.
TEST(Advise, BitsThatAreUnknownAreSaidToBe) {
  NetworkFacts facts = Network();
  Break(facts.layers[4]);
  EXPECT_THAT(Of(facts, "all_int16").evidence.at(0).text, HasSubstr("are of 8 bits"));
  facts.layers[4].type = "float";
  EXPECT_THAT(Of(facts, "all_int16").evidence.at(0).text, HasSubstr("may be of 8 bits"));
}

// Only what a convolution reads: d for e, e for f.
TEST(Advise, AConvolutionRaisesWhatItReads) {
  NetworkFacts facts = Network();
  Break(facts.layers[4]);
  Break(facts.layers[5]);
  const Advice advice = Of(facts, "raise_tensors");
  EXPECT_EQ(advice.section, "2.1.6");
  EXPECT_EQ(advice.ini, "[CONV_CONFIG]\ntensor_arrays=d,e;\n");
  EXPECT_THAT(advice.evidence.at(0).text, HasSubstr("read by CONV_2D e"));
  EXPECT_THAT(advice.what, Not(HasSubstr("order of execution")));
}

// d is an ADD: the convolution before is c, which reads b; behind is e, which reads d.
TEST(Advise, AnotherOperationRaisesAroundIt) {
  NetworkFacts facts = Network();
  Break(facts.layers[3]);
  const Advice advice = Of(facts, "raise_tensors");
  EXPECT_EQ(advice.ini, "[CONV_CONFIG]\ntensor_arrays=b,d;\n");
  EXPECT_THAT(advice.evidence.at(0).text, HasSubstr("the convolution before ADD d"));
  EXPECT_THAT(advice.evidence.at(1).text, HasSubstr("the convolution behind ADD d"));
}

// Without operands the layer before is taken, and that is said.
TEST(Advise, OperandsThatAreUnknownAreAssumed) {
  NetworkFacts facts = Network();
  for (LayerFacts& layer : facts.layers) {
    layer.inputs.clear();
  }
  Break(facts.layers[3]);
  const Advice advice = Of(facts, "raise_tensors");
  EXPECT_EQ(advice.ini, "[CONV_CONFIG]\ntensor_arrays=b,d;\n");
  EXPECT_THAT(advice.what, HasSubstr("the layer before in the order of execution was taken"));
}

TEST(Advise, TheNetworksInputIsNotRaised) {
  NetworkFacts facts = Network();
  Break(facts.layers[0]);
  EXPECT_THAT(Rules(facts), ElementsAre("preprocessing", "all_int16"));
}

// b spans 0 … 25.5 and a convolution reads it; a spans as much, but only b and d read it.
TEST(Advise, WideTensorsOfEightBitsFollow) {
  NetworkFacts facts = Network();
  facts.layers[0].range = layers::QuantRangeOf(0.1, 0, 8, false);
  facts.layers[1].range = layers::QuantRangeOf(0.1, 0, 8, false);
  facts.layers[3].range = layers::QuantRangeOf(0.01, 0, 8, false);
  Break(facts.layers[5]);
  const Advice advice = Of(facts, "raise_tensors");
  EXPECT_EQ(advice.ini, "[CONV_CONFIG]\ntensor_arrays=e,b;\n");
  EXPECT_THAT(advice.evidence.at(1).text, HasSubstr("0 to 25.5, which is more than 20"));
  // In 16 bits it is wide enough.
  facts.layers[1].range = layers::QuantRangeOf(0.1, 0, 16, true);
  EXPECT_EQ(Of(facts, "raise_tensors").ini, "[CONV_CONFIG]\ntensor_arrays=e;\n");
}

TEST(Advise, WithSixteenBitsEverywhereItIsNotPrecision) {
  NetworkFacts facts = Network();
  for (LayerFacts& layer : facts.layers) {
    layer.type = "INT16";
  }
  Break(facts.layers[4]);
  EXPECT_THAT(Rules(facts), ElementsAre("not_precision"));
}

TEST(Advise, NanComesFirstAndMissingLayersAreNamed) {
  NetworkFacts facts = Network();
  Break(facts.layers[4]);
  facts.layers[4].nonfinite = true;
  for (int i = 0; i < 60; ++i) {
    facts.missing_in_target.push_back("lost" + std::to_string(i));
  }
  EXPECT_THAT(Rules(facts), ElementsAre("nan", "coverage", "all_int16", "raise_tensors"));
  EXPECT_EQ(Of(facts, "nan").evidence.at(0).layer, "e");
  const Advice coverage = Of(facts, "coverage");
  EXPECT_EQ(coverage.section, "2.1.3");
  EXPECT_THAT(coverage.what, HasSubstr("disableDomainFuseOps"));
  EXPECT_EQ(coverage.evidence.size(), kMaxEvidence);
  EXPECT_EQ(coverage.evidence.size() + coverage.evidence_left_out, 61U);
}

TEST(Advise, ValuesBeyondTheRangeAreRecalibrated) {
  NetworkFacts facts = Network();
  Break(facts.layers[4]);
  facts.layers[4].range = layers::QuantRangeOf(0.01, 0, 8, false);
  facts.layers[4].beyond_range = 40;
  EXPECT_THAT(Rules(facts), ElementsAre("recalibrate", "all_int16", "raise_tensors"));
  const Advice advice = Of(facts, "recalibrate");
  EXPECT_THAT(advice.commands.at(0), HasSubstr("--calibrate"));
  EXPECT_THAT(advice.evidence.at(0).text,
              HasSubstr("40 of 1000 elements of the reference (0 to 6) lie beyond 0 to 2.55"));
  facts.layers[4].bad = false;  // within bounds nobody minds
  EXPECT_THAT(Rules(facts), IsEmpty());
}

TEST(Advise, SwingingErrorsAreTrained) {
  NetworkFacts facts = Network();
  Break(facts.layers[4]);
  facts.curve = layers::CurveClass::kOscillation;
  EXPECT_THAT(Rules(facts), ElementsAre("all_int16", "raise_tensors", "train"));
  EXPECT_THAT(Of(facts, "train").what, HasSubstr("torch_calibrator.py"));
}

// What is found behind a layer that is wrong already was handed on.
TEST(Advise, WhatIsInheritedIsNoCause) {
  NetworkFacts facts = Network();
  Break(facts.layers[3]);
  Break(facts.layers[4]);
  facts.layers[4].findings = {{"scaled", "target = 2 x reference", 0.25, 0.01}};
  EXPECT_THAT(Rules(facts), ElementsAre("all_int16", "raise_tensors"));
  facts.layers[3].bad = false;
  EXPECT_THAT(Rules(facts), ElementsAre("inside_tensor", "all_int16", "raise_tensors"));
}

// A float network has no quantisation to change.
TEST(Advise, OfAFloatTargetOnlyTheInputAndTheInsideAreSpoken) {
  NetworkFacts facts = Network();
  facts.target_is_float = true;
  facts.missing_in_target = {"lost"};
  Break(facts.layers[0]);
  facts.layers[0].findings = {{"layout", "the target lies otherwise", 0.25, 0}};
  EXPECT_THAT(Rules(facts), ElementsAre("preprocessing", "inside_tensor"));
}

TEST(Advise, AFragmentStaysShort) {
  NetworkFacts facts;
  for (int i = 0; i < 60; ++i) {
    const std::string before = i == 0 ? "x" : "l" + std::to_string(i - 1);
    facts.layers.push_back(Layer("l" + std::to_string(i), "CONV_2D", {before}, i >= 20));
  }
  const Advice advice = Of(facts, "raise_tensors");
  EXPECT_EQ(std::count(advice.ini.begin(), advice.ini.end(), ',') + 1, int{kMaxRaised});
  EXPECT_THAT(advice.ini, HasSubstr("tensor_arrays=l19,l20,"));
  EXPECT_EQ(advice.evidence.size() + advice.evidence_left_out, 40U);
}

}  // namespace
}  // namespace plumb::advice
