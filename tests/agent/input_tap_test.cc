#include "agent/core/input_tap.h"

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "tests/agent/fakes.h"

namespace plumb::agent {
namespace {

class InputTapTest : public ::testing::Test {
 protected:
  void Capture(const std::string& name, std::string_view bytes) const {
    ASSERT_TRUE(WriteFileAtomically(folder_.path() / name, bytes).ok());
  }

  [[nodiscard]] std::string PathOf(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  Status Send(const InputTap& tap, const CancelToken& cancel = CancelToken()) {
    Uploader uploader(server_, {"run-1", 1}, {std::chrono::seconds(5)}, CancelToken());
    return tap.Send(command_, uploader, cancel);
  }

  // What arrived of input `index`.
  [[nodiscard]] std::string Arrived(uint32_t index) const {
    std::string bytes;
    for (const rpc::UploadEvent& event : server_.events) {
      const auto* piece = std::get_if<rpc::InputChunk>(&event);
      if (piece != nullptr && piece->index == index) {
        bytes += piece->bytes.view();
      }
    }
    return bytes;
  }

  TempFolder folder_ = TempFolder::Create("tap-test-").value();
  rpc::RunCommand command_ = [] {
    rpc::RunCommand command;
    command.inputs = {Artifact{{}, std::string(64, 'a'), 4}, Artifact{{}, std::string(64, 'b'), 4}};
    return command;
  }();
  test::FakeUploads server_{{1, false, {rpc::MaxCapturedSize(4), rpc::MaxCapturedSize(4)}}};
};

TEST_F(InputTapTest, SendsEveryInputFromItsOwnPath) {
  Capture("left", "four");
  Capture("right", "and more than four");
  ASSERT_TRUE(Send({{PathOf("left"), PathOf("right")}}).ok());
  EXPECT_EQ(Arrived(0), "four");
  EXPECT_EQ(Arrived(1), "and more than four");
}

TEST_F(InputTapTest, OnePathServesAllInputsByTheirNumber) {
  Capture("in0", "zero");
  Capture("in1", std::string(rpc::kChunkSize + 3, 'x'));
  ASSERT_TRUE(Send({{PathOf("in{}")}}).ok());
  EXPECT_EQ(Arrived(0), "zero");
  EXPECT_EQ(Arrived(1), std::string(rpc::kChunkSize + 3, 'x'));
}

TEST_F(InputTapTest, WhatCannotBeUsedSaysWhatTheApplicationHasToDo) {
  Capture("left", "four");
  for (const InputTap& tap : {InputTap{{PathOf("left")}},                    // nothing for input 1
                              InputTap{{PathOf("left"), PathOf("absent")}},  // not captured
                              InputTap{{PathOf("left"), folder_.path().string()}}}) {
    test::FakeUploads fresh({1, false, {100, 100}});
    Uploader uploader(fresh, {"run-1", 1}, {std::chrono::seconds(5)}, CancelToken());
    const Status status = tap.Send(command_, uploader, CancelToken());
    EXPECT_EQ(status.reason(), kReasonNoCapture) << status.ToString();
    EXPECT_EQ(ClassifyFailure(status), FailureClass::kBoard);
    EXPECT_FALSE(status.hint().empty()) << status.ToString();
  }
}

TEST_F(InputTapTest, AFileOfMoreThanAnyInputOfTheSizeIsNotSent) {
  Capture("in0", std::string(rpc::MaxCapturedSize(4) + 1, 'x'));
  EXPECT_EQ(Send({{PathOf("in{}")}}).reason(), kReasonNoCapture);
  EXPECT_TRUE(server_.events.empty());
}

TEST_F(InputTapTest, ACancelledRunSendsNothing) {
  Capture("in0", "zero");
  const CancelToken cancel;
  cancel.Cancel();
  EXPECT_EQ(Send({{PathOf("in{}")}}, cancel).code(), StatusCode::kCancelled);
  EXPECT_TRUE(server_.events.empty());
}

}  // namespace
}  // namespace plumb::agent
