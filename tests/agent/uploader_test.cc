#include "agent/core/uploader.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "tests/agent/fakes.h"

namespace plumb::agent {
namespace {

using test::CountingBytes;
using test::FakeUploads;
using test::LinkFault;
using test::ScriptedRunner;

const rpc::RunKey kKey{"run-1", 1};
const UploaderOptions kOptions{std::chrono::seconds(5), std::chrono::milliseconds(1)};

// Two outputs of 35 and 12 bytes; in repetition 1 only the first differs, so only it is sent.
ScriptedRunner::Outputs TwoRepetitions() {
  return {{CountingBytes(35, 1), CountingBytes(12, 100)},
          {CountingBytes(35, 2), CountingBytes(12, 100)}};
}

RunSpec SpecOf(uint32_t repetitions, bool probe) {
  RunSpec spec;
  spec.repetitions = repetitions;
  spec.probe = probe;
  return spec;
}

Status RunThrough(Uploader& uploader, const RunSpec& spec) {
  ScriptedRunner runner(TwoRepetitions());
  const Status status = runner.Run(spec, uploader, CancelToken());
  return uploader.Finish(status, CancelToken());
}

void ExpectEverything(const FakeUploads& server) {
  EXPECT_TRUE(server.violation.ok()) << server.violation.ToString();
  EXPECT_TRUE(server.finished());
  EXPECT_TRUE(server.run_status().ok()) << server.run_status().ToString();
  ASSERT_EQ(server.outputs.size(), 3u);
  EXPECT_EQ(server.outputs.at({0, 0}), CountingBytes(35, 1));
  EXPECT_EQ(server.outputs.at({0, 1}), CountingBytes(12, 100));
  EXPECT_EQ(server.outputs.at({1, 0}), CountingBytes(35, 2));
  // model, probe, 2 × (invoke, 2 × tensor_end), run_end: each exactly once.
  EXPECT_EQ(server.events.size(), 9u);
}

TEST(UploaderTest, DeliversARunOnAWholeLinkOverOneStream) {
  FakeUploads server({2, true});
  Uploader uploader(server, kKey, kOptions, CancelToken());
  EXPECT_TRUE(RunThrough(uploader, SpecOf(2, true)).ok());
  ExpectEverything(server);
  EXPECT_EQ(server.opened, 1u);
  EXPECT_EQ(server.last_key, kKey);
}

// 9 events and 4 + 2 + 4 chunks: 19 messages. Whatever the place of the break and however many
// messages it swallows, the server ends with the same bytes and events.
TEST(UploaderTest, ResumesAfterABreakAtAnyMessage) {
  for (size_t after = 0; after <= 19; ++after) {
    for (size_t in_flight = 0; in_flight <= 5; ++in_flight) {
      SCOPED_TRACE("break after " + std::to_string(after) + ", losing " +
                   std::to_string(in_flight));
      FakeUploads server({2, true});
      server.faults = {{after, in_flight}};
      Uploader uploader(server, kKey, kOptions, CancelToken());
      EXPECT_TRUE(RunThrough(uploader, SpecOf(2, true)).ok());
      ExpectEverything(server);
    }
  }
}

TEST(UploaderTest, ResumesAfterManyBreaksInARow) {
  FakeUploads server({2, true});
  for (size_t i = 0; i < 40; ++i) {
    server.faults.push_back({2 + i % 5, i % 3});
  }
  Uploader uploader(server, kKey, kOptions, CancelToken());
  EXPECT_TRUE(RunThrough(uploader, SpecOf(2, true)).ok());
  ExpectEverything(server);
  EXPECT_GT(server.opened, 5u);
}

TEST(UploaderTest, GivesUpWhenTheLinkStaysBrokenForTheWindow) {
  FakeUploads server({2, false});
  server.faults = {{4, 0}};
  server.open_errors[1] = UnavailableError("still cut");
  Uploader uploader(
      server, kKey, {std::chrono::milliseconds(30), std::chrono::milliseconds(1)}, CancelToken());
  ScriptedRunner runner(TwoRepetitions());
  const Status status = runner.Run(SpecOf(2, false), uploader, CancelToken());
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.reason(), kReasonAgentLost);
  const size_t opened = server.opened;
  EXPECT_EQ(uploader.Finish(status, CancelToken()).reason(), kReasonAgentLost);
  EXPECT_EQ(server.opened, opened) << "tried again although it had given up";
}

TEST(UploaderTest, ARefusalOfTheServerIsFinal) {
  FakeUploads server({2, false});
  server.open_errors[0] = NotFoundError("no such run").WithReason(kReasonProtocol);
  Uploader uploader(server, kKey, kOptions, CancelToken());
  ScriptedRunner runner(TwoRepetitions());
  const Status status = runner.Run(SpecOf(2, false), uploader, CancelToken());
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(server.opened, 1u);
}

TEST(UploaderTest, RefusesAPositionTheRunNeverReached) {
  for (const rpc::UploadPosition claimed : {rpc::UploadPosition{2, 0}, rpc::UploadPosition{0, 1}}) {
    FakeUploads server({1, false});
    server.claimed = claimed;
    Uploader uploader(server, kKey, kOptions, CancelToken());
    const ModelInfo info{{test::ByteTensor("i", 1)}, {test::ByteTensor("o", 1)}, ""};
    EXPECT_EQ(uploader.OnModel(info).reason(), kReasonProtocol);
    EXPECT_EQ(server.opened, 1u);
  }
}

TEST(UploaderTest, TellsTheEndOfACancelledRun) {
  FakeUploads server({2, false});
  const CancelToken cancel;
  server.before_commit = [&](uint64_t sequence) {
    if (sequence == 3) {
      cancel.Cancel(CancelledError("enough").WithReason(kReasonCancelled));
    }
  };
  Uploader uploader(server, kKey, kOptions, cancel);
  ScriptedRunner runner(TwoRepetitions());
  const Status status = runner.Run(SpecOf(2, false), uploader, cancel);
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_TRUE(uploader.Finish(status, CancelToken()).ok());
  EXPECT_TRUE(server.violation.ok()) << server.violation.ToString();
  EXPECT_EQ(server.run_status().reason(), kReasonCancelled);
}

// The end of the run comes while an output is half sent and its tensor_end was lost.
TEST(UploaderTest, TellsTheEndOfARunBrokenOffInsideAnOutput) {
  for (size_t in_flight = 0; in_flight <= 4; ++in_flight) {
    SCOPED_TRACE(in_flight);
    FakeUploads server({1, false});
    server.faults = {{7, in_flight}};  // model, invoke, 4 chunks, tensor_end; then the cut
    const CancelToken cancel;
    Uploader uploader(server, kKey, kOptions, cancel);
    const auto outputs = TwoRepetitions();
    ModelInfo info{{test::ByteTensor("i", 1)}, {test::ByteTensor("o", 35)}, ""};
    ASSERT_TRUE(uploader.OnModel(info).ok());
    ASSERT_TRUE(uploader.OnInvoke({0, 1}).ok());
    uint64_t offset = 0;
    while (offset < 35) {
      const size_t size = std::min<size_t>(10, 35 - offset);
      const auto next = uploader.OnChunk(
          0, 0, offset, Buffer::Copy(std::span(outputs[0][0]).subspan(offset, size)));
      ASSERT_TRUE(next.ok());
      offset = *next;
    }
    cancel.Cancel();
    EXPECT_FALSE(uploader.OnTensorEnd({0, 0, 1, 0}).ok());
    EXPECT_TRUE(uploader.Finish(InternalError("broken off"), CancelToken()).ok());
    EXPECT_TRUE(server.violation.ok()) << server.violation.ToString();
    EXPECT_EQ(server.run_status().code(), StatusCode::kInternal);
  }
}

TEST(UploaderTest, RefusesBytesThatAreNotTheNext) {
  FakeUploads server({1, false});
  Uploader uploader(server, kKey, kOptions, CancelToken());
  ModelInfo info{{test::ByteTensor("i", 1)}, {test::ByteTensor("o", 35)}, ""};
  ASSERT_TRUE(uploader.OnModel(info).ok());
  ASSERT_TRUE(uploader.OnInvoke({0, 1}).ok());
  const auto next = uploader.OnChunk(0, 0, 5, Buffer::FromString("abc"));
  EXPECT_EQ(next.status().code(), StatusCode::kInternal);
}

// 9 MiB of an input in pieces of 256 KiB, then a run.
Status SendInputAndRun(Uploader& uploader, size_t pieces) {
  for (size_t i = 0; i < pieces; ++i) {
    PLUMB_RETURN_IF_ERROR(uploader.OnInput(
        {0,
         pieces * rpc::kChunkSize,
         i * rpc::kChunkSize,
         Buffer::FromVector(CountingBytes(rpc::kChunkSize, static_cast<uint8_t>(i)))}));
  }
  return RunThrough(uploader, SpecOf(2, true));
}

void ExpectInput(const FakeUploads& server, size_t pieces) {
  ASSERT_GE(server.events.size(), pieces);
  for (size_t i = 0; i < pieces; ++i) {
    const auto* piece = std::get_if<rpc::InputChunk>(&server.events[i]);
    ASSERT_NE(piece, nullptr) << i;
    EXPECT_EQ(piece->offset, i * rpc::kChunkSize);
    const auto wanted = CountingBytes(rpc::kChunkSize, static_cast<uint8_t>(i));
    EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), piece->bytes.data()));
  }
}

TEST(UploaderTest, DeliversAnInputBeforeTheRun) {
  constexpr size_t kPieces = 36;
  FakeUploads server({2, true, {rpc::MaxCapturedSize(kPieces * rpc::kChunkSize)}});
  Uploader uploader(server, kKey, kOptions, CancelToken());
  EXPECT_TRUE(SendInputAndRun(uploader, kPieces).ok());
  EXPECT_TRUE(server.violation.ok()) << server.violation.ToString();
  EXPECT_EQ(server.opened, 1u);
  ExpectInput(server, kPieces);
  EXPECT_EQ(server.events.size(), kPieces + 9);
}

TEST(UploaderTest, ResumesAnInputAfterABreakAtAnyMessage) {
  constexpr size_t kPieces = 20;  // with a commit after 16 of them
  for (size_t after = 0; after <= kPieces + 1; ++after) {
    for (const size_t in_flight : {0, 1, 5}) {
      SCOPED_TRACE("break after " + std::to_string(after) + ", losing " +
                   std::to_string(in_flight));
      FakeUploads server({2, true, {kPieces * rpc::kChunkSize}});
      server.faults = {{after, in_flight}};
      Uploader uploader(server, kKey, kOptions, CancelToken());
      EXPECT_TRUE(SendInputAndRun(uploader, kPieces).ok());
      EXPECT_TRUE(server.violation.ok()) << server.violation.ToString();
      ExpectInput(server, kPieces);
      EXPECT_EQ(server.events.size(), kPieces + 9);
    }
  }
}

}  // namespace
}  // namespace plumb::agent
