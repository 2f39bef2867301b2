// An engine in a library of its own, against one that misbehaves on demand.
#include "common/framework/plugin_engine.h"

#include <cstring>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/runner/failure.h"

namespace plumb::framework {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<Engine> Open(const std::string& model) {
  EngineRequest request;
  request.model = model;
  request.every_layer = true;
  auto engine = OpenPlugin(STUB_PLUGIN, request);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return engine.ok() ? std::move(engine).value() : nullptr;
}

std::vector<Buffer> Input() {
  const std::vector<float> values = {1, 2, 3, 4.5F};
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  return {Buffer::Copy({bytes, values.size() * sizeof(float)})};
}

Status Ignore(const Layer& /*layer*/) {
  return OkStatus();
}

TEST(PluginEngineTest, TellsWhatItTakes) {
  const auto engine = Open("double");
  EXPECT_EQ(engine->name(), "Doubler 1.0");
  EXPECT_EQ(PluginEngineName(STUB_PLUGIN).value(), "Doubler 1.0");
  EXPECT_EQ(engine->pictures(), Layout::kNchw);
  ASSERT_EQ(engine->inputs().size(), 1U);
  EXPECT_EQ(engine->inputs()[0].name, "x");
  EXPECT_EQ(engine->inputs()[0].shape, (Shape{1, 2, 1, 2}));
  EXPECT_EQ(engine->outputs()[0].name, "twice");
}

TEST(PluginEngineTest, HandsOutLayersThenOutputs) {
  const auto engine = Open("double");
  std::vector<std::string> told;
  const auto sink = [&](const Layer& layer) {
    told.push_back(layer.name + " " + layer.op + " " + layer.shape.ToString() + " " +
                   (layer.values.empty() ? layer.why : std::to_string(layer.values[3])));
    EXPECT_EQ(layer.kind,
              layer.name == "two"     ? LayerKind::kConstant
              : layer.name == "twice" ? LayerKind::kComputed
                                      : LayerKind::kUnreadable);
    return OkStatus();
  };
  const auto outputs = engine->Run(Input(), sink, {});
  ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
  EXPECT_THAT(told,
              ElementsAre("two Const 1x2x1x2 2.000000",
                          "twice Mul 1x2x1x2 9.000000",
                          "secret Hide 1x2x1x2 it is a secret"));
  ASSERT_EQ(outputs->size(), 1U);
  std::vector<float> values(4);
  std::memcpy(values.data(), outputs->front().bytes.data(), outputs->front().bytes.size());
  EXPECT_THAT(values, ElementsAre(2, 4, 6, 9));
}

TEST(PluginEngineTest, NoLayersWithoutASink) {
  EXPECT_TRUE(Open("double")->Run(Input(), nullptr, {}).ok());
}

TEST(PluginEngineTest, ErrorsHaveTheEnginesWords) {
  EngineRequest request;
  request.model = "refused";
  const Status refused = OpenPlugin(STUB_PLUGIN, request).status();
  EXPECT_EQ(refused.reason(), kReasonModelRefused);
  EXPECT_THAT(refused.message(),
              HasSubstr("Doubler 1.0 does not take 'refused': there is no such"));
  const Status failed = Open("fails")->Run(Input(), Ignore, {}).status();
  EXPECT_EQ(failed.reason(), kReasonInvokeFailed);
  EXPECT_THAT(failed.message(), HasSubstr("out of fuel"));
}

TEST(PluginEngineTest, WhatItTellsIsChecked) {
  const Status lied = Open("lies")->Run(Input(), Ignore, {}).status();
  EXPECT_EQ(lied.code(), StatusCode::kDataLoss);
  EXPECT_THAT(lied.message(), HasSubstr("tells 5 values of 1x2x1x2"));
  const Status forgot = Open("forgets")->Run(Input(), Ignore, {}).status();
  EXPECT_EQ(forgot.code(), StatusCode::kDataLoss);
  EXPECT_THAT(forgot.message(), HasSubstr("0 of 1 outputs"));
}

TEST(PluginEngineTest, InputsAreChecked) {
  const auto engine = Open("double");
  EXPECT_EQ(engine->Run({}, Ignore, {}).status().reason(), kReasonInputRefused);
  const std::vector<Buffer> half = {Input()[0].Slice(0, 8)};
  const Status status = engine->Run(half, Ignore, {}).status();
  EXPECT_EQ(status.reason(), kReasonInputRefused);
  EXPECT_THAT(status.message(), HasSubstr("takes f32 1x2x1x2 (16 bytes), but 8 bytes were given"));
}

TEST(PluginEngineTest, TheSinksErrorStopsIt) {
  const auto sink = [](const Layer& /*layer*/) { return DataLossError("enough"); };
  EXPECT_EQ(Open("double")->Run(Input(), sink, {}).status().message(), "enough");
}

TEST(PluginEngineTest, AHangEndsWithItsTimeOrACancellation) {
  RunControl late;
  late.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(Open("hangs")->Run(Input(), Ignore, late).status().reason(), kReasonRunnerHung);
  const RunControl control;
  const auto sink = [&](const Layer& /*layer*/) {
    control.cancel.Cancel(CancelledError("no more"));
    return OkStatus();
  };
  EXPECT_EQ(Open("hangs")->Run(Input(), sink, control).status().message(), "no more");
}

TEST(PluginEngineTest, WhatIsNoPluginIsNamed) {
  const std::string absent = "/nonexistent/plugin.so";
  const Status missing = OpenPlugin(absent, {}).status();
  EXPECT_EQ(missing.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(missing.message(), HasSubstr(absent));
  const Status other = OpenPlugin("libdl.so.2", {}).status();
  EXPECT_EQ(other.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(other.message(), HasSubstr("does not speak version 1"));
}

}  // namespace
}  // namespace plumb::framework
