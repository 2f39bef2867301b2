#include "common/rpc/upload_tracker.h"

#include <gtest/gtest.h>

#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

TensorDesc Bytes(size_t size) {
  return MakeContiguousDesc("t", ElementType::kUint8, Shape{static_cast<int64_t>(size)}).value();
}

// A model with outputs of 8 and 4 bytes.
NumberedEvent Model(uint64_t sequence) {
  return {sequence, ModelInfo{{Bytes(1)}, {Bytes(8), Bytes(4)}, ""}};
}

NumberedEvent Probe(uint64_t sequence, size_t digests = 2) {
  return {sequence, ProbeResult{std::vector<uint64_t>(digests, 1), false}};
}

NumberedEvent Invoke(uint64_t sequence, uint32_t repetition) {
  return {sequence, InvokeInfo{repetition, 1.0}};
}

NumberedEvent End(uint64_t sequence,
                  uint32_t repetition,
                  uint32_t index,
                  uint64_t size,
                  uint64_t digest = 5,
                  uint64_t canary = 0) {
  return {sequence, UploadedTensorEnd{{repetition, index, digest, canary}, size}};
}

NumberedEvent RunIsOver(uint64_t sequence, Status status = OkStatus()) {
  return {sequence, RunEnd{std::move(status)}};
}

TensorChunk Chunk(uint32_t repetition, uint32_t index, uint64_t offset, size_t size) {
  return {repetition, index, offset, Buffer::FromVector(std::vector<uint8_t>(size))};
}

void Take(UploadTracker& tracker, const UploadMessage& message) {
  const auto is_new = tracker.Check(message);
  ASSERT_TRUE(is_new.ok()) << is_new.status().ToString();
  ASSERT_TRUE(*is_new);
  tracker.Commit(message);
}

void ExpectRefused(const UploadTracker& tracker, const UploadMessage& message) {
  const auto answer = tracker.Check(message);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.status().reason(), kReasonProtocol);
}

// Up to and with the first output of repetition 0.
void TakeFirstOutput(UploadTracker& tracker) {
  Take(tracker, Model(1));
  Take(tracker, Invoke(2, 0));
  Take(tracker, Chunk(0, 0, 0, 5));
  Take(tracker, Chunk(0, 0, 5, 3));
  Take(tracker, End(3, 0, 0, 8));
}

void TakeRepetition0(UploadTracker& tracker) {
  TakeFirstOutput(tracker);
  Take(tracker, Chunk(0, 1, 0, 4));
  Take(tracker, End(4, 0, 1, 4));
}

TEST(UploadTrackerTest, FollowsAWholeRun) {
  UploadTracker tracker({2, true});
  Take(tracker, Model(1));
  Take(tracker, Probe(2));
  Take(tracker, Invoke(3, 0));
  Take(tracker, Chunk(0, 0, 0, 8));
  EXPECT_EQ(tracker.position(), (UploadPosition{3, 8}));
  Take(tracker, End(4, 0, 0, 8));
  EXPECT_EQ(tracker.position(), (UploadPosition{4, 0}));
  Take(tracker, Chunk(0, 1, 0, 4));
  Take(tracker, End(5, 0, 1, 4));
  Take(tracker, Invoke(6, 1));
  Take(tracker, End(7, 1, 0, 0));  // as in repetition 0: not sent again
  Take(tracker, Chunk(1, 1, 0, 4));
  Take(tracker, End(8, 1, 1, 4, 6));
  EXPECT_FALSE(tracker.finished());
  Take(tracker, RunIsOver(9));
  EXPECT_TRUE(tracker.finished());
}

TEST(UploadTrackerTest, IgnoresWhatItHasAlready) {
  UploadTracker tracker({1, false});
  TakeFirstOutput(tracker);
  for (const NumberedEvent& event : {Model(1), Invoke(2, 0), End(3, 0, 0, 8)}) {
    const auto is_new = tracker.Check(event);
    ASSERT_TRUE(is_new.ok());
    EXPECT_FALSE(*is_new);
  }
}

TEST(UploadTrackerTest, RefusesAGapInTheNumbers) {
  UploadTracker tracker({1, false});
  ExpectRefused(tracker, Model(2));
  Take(tracker, Model(1));
  ExpectRefused(tracker, Invoke(3, 0));
}

TEST(UploadTrackerTest, RefusesEventsOutOfOrder) {
  UploadTracker tracker({2, true});
  ExpectRefused(tracker, Invoke(1, 0));
  ExpectRefused(tracker, Probe(1));
  ExpectRefused(tracker, End(1, 0, 0, 8));
  Take(tracker, Model(1));
  ExpectRefused(tracker, Model(2));
  ExpectRefused(tracker, Invoke(2, 0));  // the probe was asked for
  ExpectRefused(tracker, Probe(2, 1));   // two outputs
  Take(tracker, Probe(2));
  ExpectRefused(tracker, Probe(3));
  ExpectRefused(tracker, End(3, 0, 0, 0));
  ExpectRefused(tracker, Invoke(3, 1));
  Take(tracker, Invoke(3, 0));
  ExpectRefused(tracker, Invoke(4, 0));
  ExpectRefused(tracker, Probe(4));
}

TEST(UploadTrackerTest, RefusesAProbeNobodyAskedFor) {
  UploadTracker tracker({1, false});
  Take(tracker, Model(1));
  ExpectRefused(tracker, Probe(2));
}

TEST(UploadTrackerTest, RefusesChunksThatAreNotTheNext) {
  UploadTracker tracker({1, false});
  ExpectRefused(tracker, Chunk(0, 0, 0, 1));
  Take(tracker, Model(1));
  ExpectRefused(tracker, Chunk(0, 0, 0, 1));  // before Invoke
  Take(tracker, Invoke(2, 0));
  Take(tracker, Chunk(0, 0, 0, 4));
  ExpectRefused(tracker, Chunk(0, 0, 0, 4));  // again
  ExpectRefused(tracker, Chunk(0, 0, 3, 1));  // overlap
  ExpectRefused(tracker, Chunk(0, 0, 5, 1));  // gap
  ExpectRefused(tracker, Chunk(0, 0, 4, 5));  // past the end
  ExpectRefused(tracker, Chunk(0, 1, 4, 1));  // another output
  ExpectRefused(tracker, Chunk(1, 0, 4, 1));  // another repetition
  ExpectRefused(tracker, Chunk(0, 0, ~uint64_t{0}, 1));
  Take(tracker, Chunk(0, 0, 4, 4));
}

TEST(UploadTrackerTest, AnOutputEndsWithExactlyItsBytes) {
  UploadTracker tracker({1, false});
  Take(tracker, Model(1));
  Take(tracker, Invoke(2, 0));
  Take(tracker, Chunk(0, 0, 0, 7));
  ExpectRefused(tracker, End(3, 0, 0, 8));  // seven came
  ExpectRefused(tracker, End(3, 0, 0, 7));  // eight are needed
  ExpectRefused(tracker, End(3, 0, 0, 0));  // repetition 0 is always whole
  Take(tracker, Chunk(0, 0, 7, 1));
  ExpectRefused(tracker, End(3, 0, 1, 8));
  ExpectRefused(tracker, End(3, 0, 0, 8, 5, 9));  // nine of eight bytes unwritten
  Take(tracker, End(3, 0, 0, 8, 5, 8));
}

TEST(UploadTrackerTest, OnlyAnEqualRepetitionMayLeaveItsBytesOut) {
  UploadTracker tracker({2, false});
  TakeRepetition0(tracker);
  Take(tracker, Invoke(5, 1));
  ExpectRefused(tracker, End(6, 1, 0, 0, 999));  // another digest without bytes
  Take(tracker, End(6, 1, 0, 0, 5));
}

TEST(UploadTrackerTest, SuccessNeedsEveryOutputOfEveryRepetition) {
  UploadTracker tracker({2, false});
  ExpectRefused(tracker, RunIsOver(1));
  TakeRepetition0(tracker);
  ExpectRefused(tracker, RunIsOver(5));
  Take(tracker, Invoke(5, 1));
  Take(tracker, End(6, 1, 0, 0));
  ExpectRefused(tracker, RunIsOver(7));
  Take(tracker, End(7, 1, 1, 0));
  ExpectRefused(tracker, Invoke(8, 2));  // two were asked for
  Take(tracker, RunIsOver(8));
}

TEST(UploadTrackerTest, AFailureMayComeAtAnyTimeAndIsTheEnd) {
  UploadTracker at_once({1, false});
  Take(at_once, RunIsOver(1, InternalError("x")));
  EXPECT_TRUE(at_once.finished());
  ExpectRefused(at_once, Model(2));
  ExpectRefused(at_once, Chunk(0, 0, 0, 1));

  UploadTracker in_the_middle({1, false});
  Take(in_the_middle, Model(1));
  Take(in_the_middle, Invoke(2, 0));
  Take(in_the_middle, Chunk(0, 0, 0, 3));
  Take(in_the_middle, RunIsOver(3, InternalError("x")));
  EXPECT_TRUE(in_the_middle.finished());
}

TEST(UploadTrackerTest, AsksForAcknowledgementAtEndsAndEvery4MiB) {
  UploadTracker tracker({1, false});
  const size_t size = size_t{9} << 20;
  Take(tracker, NumberedEvent{1, ModelInfo{{Bytes(1)}, {Bytes(size)}, ""}});
  Take(tracker, Invoke(2, 0));
  EXPECT_FALSE(tracker.AckDue());
  size_t acknowledgements = 0;
  for (uint64_t offset = 0; offset < size; offset += kChunkSize) {
    Take(tracker, Chunk(0, 0, offset, kChunkSize));
    if (tracker.AckDue()) {
      EXPECT_EQ(tracker.position().offset % kAckInterval, 0u);
      tracker.AckSent();
      ++acknowledgements;
    }
  }
  EXPECT_EQ(acknowledgements, 2u);
  Take(tracker, End(3, 0, 0, size));
  EXPECT_TRUE(tracker.AckDue());
  tracker.AckSent();
  EXPECT_FALSE(tracker.AckDue());
  Take(tracker, RunIsOver(4));
  EXPECT_TRUE(tracker.AckDue());
}

NumberedEvent Input(
    uint64_t sequence, uint32_t index, uint64_t total, uint64_t offset, size_t size) {
  return {sequence,
          InputChunk{index, total, offset, Buffer::FromVector(std::vector<uint8_t>(size))}};
}

TEST(UploadTrackerTest, InputsThatWereAskedForComeFirst) {
  UploadTracker tracker({1, false, {100, 8}});
  ExpectRefused(tracker, Model(1));
  Take(tracker, Input(1, 0, 10, 0, 6));
  EXPECT_FALSE(tracker.AckDue());
  EXPECT_EQ(tracker.position(), (UploadPosition{1, 0}));
  ExpectRefused(tracker, Model(2));
  Take(tracker, Input(2, 0, 10, 6, 4));
  EXPECT_TRUE(tracker.AckDue());  // the agent waits for what is made of the input
  tracker.AckSent();
  ExpectRefused(tracker, Model(3));
  Take(tracker, Input(3, 1, 8, 0, 8));
  EXPECT_TRUE(tracker.AckDue());
  tracker.AckSent();
  ExpectRefused(tracker, Input(4, 2, 8, 0, 8));
  Take(tracker, Model(4));
  ExpectRefused(tracker, Input(5, 0, 10, 0, 6));
  EXPECT_EQ(*tracker.Check(Input(3, 1, 8, 0, 8)), false);  // sent twice
}

TEST(UploadTrackerTest, RefusesInputsThatAreNotWhatWasAskedFor) {
  UploadTracker tracker({1, false, {100}});
  ExpectRefused(tracker, Input(1, 1, 10, 0, 6));    // another input
  ExpectRefused(tracker, Input(1, 0, 10, 6, 4));    // not from the beginning
  ExpectRefused(tracker, Input(1, 0, 101, 0, 10));  // larger than is taken
  ExpectRefused(tracker, Input(1, 0, 10, 0, 11));   // past its end
  ExpectRefused(tracker, Input(1, 0, 0, 0, 0));     // nothing
  Take(tracker, Input(1, 0, 10, 0, 6));
  ExpectRefused(tracker, Input(2, 0, 11, 6, 4));  // another size than before
  ExpectRefused(tracker, Input(2, 0, 10, 5, 5));  // over what came
  ExpectRefused(tracker, Input(2, 0, 10, 0, 6));  // from the beginning again
  EXPECT_TRUE(tracker.Check(RunIsOver(2, CancelledError("enough"))).ok());
}

TEST(UploadTrackerTest, ManyBytesOfAnInputAreAcknowledgedInBetween) {
  const uint64_t total = 2 * kAckInterval;
  UploadTracker tracker({1, false, {total}});
  for (uint64_t i = 0; i * kChunkSize < kAckInterval; ++i) {
    EXPECT_FALSE(tracker.AckDue());
    Take(tracker, Input(i + 1, 0, total, i * kChunkSize, kChunkSize));
  }
  EXPECT_TRUE(tracker.AckDue());
}

TEST(UploadTrackerTest, InputsThatNobodyAskedForAreRefused) {
  const UploadTracker tracker({1, false});
  ExpectRefused(tracker, Input(1, 0, 10, 0, 10));
}

}  // namespace
}  // namespace plumb::rpc
