// ONNX Runtime on small files: types, what cannot be shown, and a network that never ends.
#include "common/framework/onnx_engine.h"

#include <limits>
#include <thread>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/framework/engines.h"
#include "common/runner/failure.h"
#include "tests/common/npu/import/onnx/model.h"

namespace plumb::framework {
namespace {

using plumb::testing::OnnxMessage;
using plumb::testing::OnnxModel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OnnxEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const EngineState state = ExamineEngine(NetworkFormat::kOnnx);
    if (!state.usable) {
      GTEST_SKIP() << state.detail << "; run " << state.mend;
    }
  }

  Result<std::unique_ptr<Engine>> Open(const Buffer& file, bool every_layer = true) {
    EngineRequest request;
    request.model = folder_.path() / "model.onnx";
    request.every_layer = every_layer;
    EXPECT_TRUE(WriteFileAtomically(request.model, file.span()).ok());
    return OpenOnnxRuntime(EnginePath(NetworkFormat::kOnnx), request);
  }

  static std::vector<Buffer> Input(const std::vector<float>& values) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    return {Buffer::Copy({bytes, values.size() * sizeof(float)})};
  }

  TempFolder folder_ = TempFolder::Create("onnx-engine").value();
};

TEST_F(OnnxEngineTest, ShowsIntegersAndNamesWhatIsNoTensor) {
  const auto engine = Open(OnnxModel()
                               .Input("x", {1, 4})
                               .Node("Relu", {"x"}, {"positive"})
                               .Node("Shape", {"x"}, {"shape"})
                               .Node("ArgMax", {"positive"}, {"place"})
                               .Node("SequenceConstruct", {"positive"}, {"list"})
                               .Output("positive")
                               .File());
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  std::vector<std::string> told;
  const auto sink = [&](const Layer& layer) {
    std::string text = layer.name + " " + layer.type + " " + layer.shape.ToString();
    for (const float value : layer.values) {
      text += " " + std::to_string(static_cast<int>(value));
    }
    told.push_back(text + (layer.kind == LayerKind::kConstant ? " constant" : "") + layer.why);
    return OkStatus();
  };
  const auto outputs = (*engine)->Run(Input({-1, 2, 7, 3}), sink, {});
  ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
  // ArgMax of opset 13 is over axis 0, which has one place.
  EXPECT_THAT(told,
              ElementsAre("positive float 1x4 0 2 7 3",
                          "shape int64 2 1 4 constant",
                          "place int64 1x4 0 0 0 0",
                          "list  is no tensor"));
  EXPECT_EQ(outputs->size(), 1U);
}

TEST_F(OnnxEngineTest, WhatTheRuntimeRefusesHasItsWords) {
  const Status status =
      Open(OnnxModel().Input("x", {1}).Node("Frobnicate", {"x"}, {"y"}).Output("y").File())
          .status();
  EXPECT_EQ(status.reason(), kReasonModelRefused);
  EXPECT_THAT(status.message(), HasSubstr("Frobnicate"));
}

// ValueInfoProto of a tensor: 1 float, 7 int64, 9 bool.
OnnxMessage ValueOf(const std::string& name, int64_t type, const std::vector<int64_t>& dims) {
  OnnxMessage shape;
  for (const int64_t dim : dims) {
    shape.Message(1, OnnxMessage().Number(1, dim));
  }
  const OnnxMessage tensor = OnnxMessage().Number(1, type).Message(2, shape);
  return OnnxMessage().Bytes(1, name).Message(2, OnnxMessage().Message(1, tensor));
}

OnnxMessage NodeOf(const std::string& op, const std::string& input, const std::string& output) {
  return OnnxMessage().Bytes(1, input).Bytes(2, output).Bytes(4, op);
}

// x → a Loop that copies it 2^63 − 1 times.
Buffer EndlessModel() {
  constexpr int64_t kFloat = 1;
  constexpr int64_t kInt64 = 7;
  constexpr int64_t kBool = 9;
  OnnxMessage body;
  body.Message(1, NodeOf("Identity", "go_on", "goes_on"))
      .Message(1, NodeOf("Neg", "state", "next"))
      .Bytes(2, "body")
      .Message(11, ValueOf("count", kInt64, {}))
      .Message(11, ValueOf("go_on", kBool, {}))
      .Message(11, ValueOf("state", kFloat, {4}))
      .Message(12, ValueOf("goes_on", kBool, {}))
      .Message(12, ValueOf("next", kFloat, {4}));
  constexpr int64_t kGraphAttribute = 5;
  const OnnxMessage attribute =
      OnnxMessage().Bytes(1, "body").Message(6, body).Number(20, kGraphAttribute);
  return OnnxModel()
      .Input("x", {4})
      .Integers("times", {std::numeric_limits<int64_t>::max()})
      .Node("Loop", {"times", "", "x"}, {"y"}, {attribute})
      .Output("y")
      .File();
}

TEST_F(OnnxEngineTest, AHangEndsWithItsTime) {
  const auto engine = Open(EndlessModel(), false);
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  RunControl control;
  control.timeout = std::chrono::milliseconds(100);
  const Status status = (*engine)->Run(Input({1, 2, 3, 4}), nullptr, control).status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status.ToString();
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
}

TEST_F(OnnxEngineTest, ACancellationEndsIt) {
  const auto engine = Open(EndlessModel(), false);
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  const RunControl control;
  // Whether it comes before the run or within: the run ends with it.
  std::thread other([&] { control.cancel.Cancel(CancelledError("no more")); });
  const Status status = (*engine)->Run(Input({1, 2, 3, 4}), nullptr, control).status();
  other.join();
  EXPECT_EQ(status.message(), "no more");
}

}  // namespace
}  // namespace plumb::framework
