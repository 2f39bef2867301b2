// The conversation with a script in node, against scripts that misbehave.
#include "common/framework/node_child.h"

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/runner/failure.h"

namespace plumb::framework {
namespace {

using testing::HasSubstr;

class NodeChildTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto node = NodeVersion();
    if (!node.ok()) {
      GTEST_SKIP() << node.status().ToString();
    }
  }

  Result<NodeChild> Start(std::string_view script,
                          const RunControl& control = {},
                          std::vector<uint8_t> request = {}) {
    const auto path = folder_.path() / "script.mjs";
    EXPECT_TRUE(WriteFileAtomically(path, script).ok());
    return NodeChild::Start(path, {"argument"}, std::move(request), control);
  }

  TempFolder folder_ = TempFolder::Create("node-child").value();
};

TEST_F(NodeChildTest, ALongRequestGoesInAndLinesAndBytesComeOut) {
  auto child = Start(R"(import fs from 'node:fs';
    const all = fs.readFileSync(0);
    fs.writeSync(1, process.argv[2] + ' ' + all.length + '\n');
    for (let at = 0; at < all.length;) at += fs.writeSync(1, all, at);
    fs.writeSync(1, 'end\n');)",
                     {},
                     std::vector<uint8_t>(3'000'000, 10));
  ASSERT_TRUE(child.ok()) << child.status().ToString();
  EXPECT_EQ(child->Line().value(), "argument 3000000");
  EXPECT_EQ(child->Bytes(3'000'000).value(), std::vector<uint8_t>(3'000'000, 10));
  EXPECT_EQ(child->Line().value(), "end");
}

TEST_F(NodeChildTest, ACrashShowsItsLastWords) {
  auto child = Start("process.stderr.write('the cat sat on it\\n'); process.exitCode = 3;");
  ASSERT_TRUE(child.ok());
  const Status status = child->Line().status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.reason(), kReasonRunnerCrashed);
  EXPECT_THAT(status.message(), HasSubstr("exit code 3"));
  EXPECT_THAT(status.message(), HasSubstr("the cat sat on it"));
}

TEST_F(NodeChildTest, AnAnswerThatIsTooShortIsNoAnswer) {
  auto child = Start("import fs from 'node:fs'; fs.writeSync(1, 'header\\nshort');");
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->Line().value(), "header");
  EXPECT_EQ(child->Bytes(6).status().reason(), kReasonRunnerCrashed);
}

TEST_F(NodeChildTest, AHangIsKilled) {
  RunControl control;
  control.timeout = std::chrono::milliseconds(200);
  auto child = Start("setInterval(() => {}, 1000);", control);
  ASSERT_TRUE(child.ok());
  const Status status = child->Line().status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
}

TEST_F(NodeChildTest, CancellationEndsTheWait) {
  const RunControl control;
  auto child = Start(
      "import fs from 'node:fs'; fs.writeSync(1, 'up\\n'); setInterval(() => {}, 1000);", control);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->Line().value(), "up");
  control.cancel.Cancel(CancelledError("no more"));
  EXPECT_EQ(child->Line().status().message(), "no more");
}

TEST_F(NodeChildTest, ALineWithoutEndIsRefused) {
  auto child = Start(R"(import fs from 'node:fs';
    try { for (;;) fs.writeSync(1, 'x'.repeat(65536)); } catch { process.exitCode = 0; })");
  ASSERT_TRUE(child.ok());
  EXPECT_THAT(child->Line().status().message(), HasSubstr("a line of more than 1 MiB"));
}

}  // namespace
}  // namespace plumb::framework
