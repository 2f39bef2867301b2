// Uploads that break off, lie or flood.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/runner/failure.h"
#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

class UploadTest : public ServerFixture {
 protected:
  UploadTest() {
    EXPECT_TRUE(agent_.Connect().ok());
    run_id_ = *client_->StartRun(Request(client_.get()));
    key_ = NextRun(&agent_);
  }

  client::RunEvent End() {
    auto end = client_->Watch(run_id_, nullptr);
    EXPECT_TRUE(end.ok()) << end.status().ToString();
    return end.ok() ? *end : client::RunEvent();
  }

  // Sends the run with `change` applied to the request at `index`, and expects the run to end as a
  // breach of the protocol.
  template <class Change>
  void ExpectRefused(size_t index, Change change) {
    auto requests = CorrectUpload();
    change(&requests.at(index));
    FakeUpload upload(&agent_, key_);
    for (const v1::UploadRequest& request : requests) {
      upload.Send(request);
    }
    EXPECT_EQ(upload.Finish().reason(), kReasonProtocol);
    const client::RunEvent end = End();
    EXPECT_EQ(end.run.error.reason(), kReasonProtocol) << end.run.error.ToString();
    EXPECT_EQ(end.run.exit_code, analysis::kExitInfrastructure);
  }

  std::unique_ptr<client::Client> client_ = Connect();
  FakeAgent agent_{address(), "cam"};
  std::string run_id_;
  v1::RunKey key_;
};

// What CorrectUpload sends: model, invoke, four chunks of 16 bytes, …
constexpr size_t kModel = 0;
constexpr size_t kFirstChunk = 2;
constexpr size_t kFirstEnd = 6;

TEST_F(UploadTest, GoesOnWhereItBrokeOff) {
  const auto requests = CorrectUpload();
  {
    FakeUpload upload(&agent_, key_);
    const auto begin = upload.NextAck();
    ASSERT_TRUE(begin.ok());
    EXPECT_EQ(begin->committed_sequence(), 0U);
    for (size_t i = 0; i < kFirstChunk + 2; ++i) {
      upload.Send(requests[i]);
    }
    upload.Break();
  }
  FakeUpload upload(&agent_, key_);
  const auto position = upload.NextAck();
  ASSERT_TRUE(position.ok()) << position.status().ToString();
  // A message in flight when the stream broke may or may not have arrived; what is committed
  // counts.
  const uint64_t sequence = position->committed_sequence();
  const uint64_t offset = position->committed_offset();
  EXPECT_LE(sequence, 2U);
  EXPECT_LE(offset, 32U);
  for (const v1::UploadRequest& request : requests) {
    const bool had_event = request.sequence() > 0 && request.sequence() <= sequence;
    const bool had_chunk = request.has_chunk() && request.chunk().index() == 0 &&
                           request.chunk().data().offset() < offset;
    if (!had_event && !had_chunk) {
      upload.Send(request);
    }
  }
  EXPECT_TRUE(upload.Finish().ok());
  EXPECT_EQ(End().run.exit_code, 0);
}

TEST_F(UploadTest, EndsTheRunWhenItDoesNotGoOn) {
  agent_.Disconnect();
  StartServer(std::chrono::milliseconds(50));
  client_ = Connect();
  ASSERT_TRUE(agent_.Connect().ok());
  run_id_ = *client_->StartRun(Request(client_.get()));
  key_ = NextRun(&agent_);
  {
    FakeUpload upload(&agent_, key_);
    ASSERT_TRUE(upload.NextAck().ok());
    upload.Send(CorrectUpload()[kModel]);
  }
  const client::RunEvent end = End();
  EXPECT_EQ(end.run.error.reason(), kReasonAgentLost);
  EXPECT_THAT(end.run.error.message(), testing::HasSubstr("did not go on"));
}

TEST_F(UploadTest, ANewerStreamTakesOver) {
  FakeUpload old_upload(&agent_, key_);
  ASSERT_TRUE(old_upload.NextAck().ok());
  FakeUpload upload(&agent_, key_);
  ASSERT_TRUE(upload.NextAck().ok());
  EXPECT_EQ(old_upload.NextAck().status().code(), StatusCode::kAborted);
  for (const v1::UploadRequest& request : CorrectUpload()) {
    upload.Send(request);
  }
  EXPECT_TRUE(upload.Finish().ok());
  EXPECT_EQ(End().run.exit_code, 0);
}

TEST_F(UploadTest, ABadChecksumIsRefused) {
  ExpectRefused(kFirstChunk, [](v1::UploadRequest* request) {
    request->mutable_chunk()->mutable_data()->set_xxh3(1);
  });
}

TEST_F(UploadTest, AGapIsRefused) {
  ExpectRefused(kFirstChunk, [](v1::UploadRequest* request) {
    request->mutable_chunk()->mutable_data()->set_offset(8);
  });
}

TEST_F(UploadTest, AnImpossibleDescriptorIsRefused) {
  ExpectRefused(kModel, [](v1::UploadRequest* request) {
    request->mutable_model()->mutable_outputs(0)->set_shape(0, 1 << 30);
  });
}

TEST_F(UploadTest, BytesBeyondTheEndAreRefused) {
  ExpectRefused(kFirstEnd, [](v1::UploadRequest* request) {
    *request = CorrectUpload()[kFirstChunk];
    request->mutable_chunk()->mutable_data()->set_offset(64);
  });
}

TEST_F(UploadTest, WrongBytesWithARightChecksumFailTheDigest) {
  auto requests = CorrectUpload();
  requests[kFirstEnd].mutable_tensor_end()->set_valid_digest(1);
  FakeUpload upload(&agent_, key_);
  for (const v1::UploadRequest& request : requests) {
    upload.Send(request);
  }
  EXPECT_FALSE(upload.Finish().ok());
  const client::RunEvent end = End();
  EXPECT_EQ(end.run.exit_code, analysis::kExitInfrastructure);
  EXPECT_EQ(end.run.error.code(), StatusCode::kDataLoss);
}

TEST_F(UploadTest, AMessageAboveTheCapIsRefused) {
  FakeUpload upload(&agent_, key_);
  ASSERT_TRUE(upload.NextAck().ok());
  v1::UploadRequest request;
  request.mutable_chunk()->mutable_data()->set_data(std::string(3 << 20, 'x'));
  upload.Send(request);
  EXPECT_EQ(upload.Finish().code(), StatusCode::kResourceExhausted);
}

TEST_F(UploadTest, AnotherAgentsRunIsNotForUploading) {
  FakeAgent other(address(), "cam-2", 'b');
  ASSERT_TRUE(other.Connect().ok());
  FakeUpload upload(&other, key_);
  EXPECT_EQ(upload.NextAck().status().code(), StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace plumb::test
