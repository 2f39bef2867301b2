// What the child says is believed only where it fits the file.
#include "common/framework/tflite_engine.h"

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/framework/engines.h"
#include "common/framework/node_child.h"
#include "common/runner/failure.h"
#include "tests/support/small_model.h"
#include "tests/support/small_network.h"

namespace plumb::framework {
namespace {

using ::testing::HasSubstr;

class TfliteEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto node = NodeVersion();
    if (!node.ok()) {
      GTEST_SKIP() << node.status().ToString();
    }
    request_.model = test::WriteSmallNetwork(NetworkFormat::kTflite, 2, 3, folder_.path());
    request_.every_layer = true;
    // The engine looks for one file of the runtime; these scripts do not load it.
    ASSERT_TRUE(
        WriteFileAtomically(folder_.path() / "tflite_web_api_cc_simd.wasm", "not used").ok());
  }

  // Runs the small network with a child that answers `answers`, a JavaScript expression.
  Status RunWith(const std::string& answers) {
    const auto script = folder_.path() / "child.mjs";
    EXPECT_TRUE(WriteFileAtomically(script,
                                    "import fs from 'node:fs'; fs.readFileSync(0);\n"
                                    "fs.writeSync(1, " +
                                        answers + ");")
                    .ok());
    auto engine = OpenTflite(folder_.path(), script, request_);
    if (!engine.ok()) {
      return engine.status();
    }
    const std::vector<float> values =
        test::SmallNetworkInput(NetworkFormat::kTflite, test::SmallPicture());
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    const std::vector<Buffer> inputs = {Buffer::Copy({bytes, values.size() * sizeof(float)})};
    return (*engine)->Run(inputs, [](const Layer&) { return OkStatus(); }, {}).status();
  }

  TempFolder folder_ = TempFolder::Create("tflite-engine").value();
  EngineRequest request_;
};

TEST_F(TfliteEngineTest, AnswersThatDoNotFitAreRefused) {
  const std::vector<std::pair<std::string, std::string>> answers = {
      {"'hello\\n'", "answers no JSON"},
      {"'[]\\n'", "answers no JSON"},
      {"'{\"error\":\"the model is odd\"}\\n'", "the model is odd"},
      {"'{\"tensor\":0,\"type\":\"float32\",\"shape\":[1],\"bytes\":4}\\nabcd'", "another tensor"},
      {"'{\"tensor\":3,\"type\":\"float32\",\"shape\":[1],\"bytes\":5}\\nabcde'",
       "another number of bytes"},
      {"'{\"tensor\":3,\"type\":\"float32\",\"shape\":[1],\"bytes\":-4}\\nabcd'",
       "another number of bytes"},
      {"'{\"tensor\":3,\"type\":\"string\",\"shape\":[1],\"bytes\":4}\\nabcd'",
       "another number of bytes"},
      {"'{\"tensor\":3,\"type\":\"float32\",\"shape\":[2147483647,2147483647,2147483647],"
       "\"bytes\":4}\\nabcd'",
       "another number of bytes"},
      {"'{\"tensor\":3,\"type\":\"float32\",\"shape\":[\"x\"],\"bytes\":4}\\nabcd'",
       "a shape of other things"},
  };
  for (const auto& [answer, message] : answers) {
    const Status status = RunWith(answer);
    EXPECT_FALSE(status.ok()) << answer;
    EXPECT_THAT(status.message(), HasSubstr(message)) << answer;
  }
}

TEST_F(TfliteEngineTest, AFileThatIsNoneIsRefusedBeforeAnythingRuns) {
  request_.model = folder_.path() / "tflite_web_api_cc_simd.wasm";
  const Status status = RunWith("''");
  EXPECT_EQ(status.reason(), kReasonModelRefused);
  EXPECT_THAT(status.message(), HasSubstr("is no TFLite file"));
}

TEST_F(TfliteEngineTest, AFolderWithoutTheRuntimeNamesTheCommand) {
  const Status status = OpenTflite("/nonexistent", folder_.path() / "child.mjs", request_).status();
  EXPECT_EQ(status.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(status.hint(), HasSubstr("tools/fetch-tflite"));
}

}  // namespace
}  // namespace plumb::framework
