// Clients that lie about files, and names that want to be paths.
#include <filesystem>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "plumb/v1/run_service.grpc.pb.h"

#include "common/base/sha256.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"
#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

class HostileClientTest : public ServerFixture {
 protected:
  HostileClientTest()
      : channel_(grpc::CreateChannel(address(), grpc::InsecureChannelCredentials())),
        stub_(v1::RunService::NewStub(channel_)) {}

  Status Put(const std::vector<v1::PutArtifactRequest>& requests) {
    grpc::ClientContext context;
    v1::PutArtifactResponse response;
    const auto writer = stub_->PutArtifact(&context, &response);
    for (const v1::PutArtifactRequest& request : requests) {
      if (!writer->Write(request)) {
        break;
      }
    }
    writer->WritesDone();
    return rpc::FromGrpc(writer->Finish());
  }

  static v1::PutArtifactRequest Header(const std::string& bytes) {
    v1::PutArtifactRequest request;
    request.mutable_artifact()->set_sha256(Sha256Hex(AsBytes(bytes)));
    request.mutable_artifact()->set_size(bytes.size());
    return request;
  }

  static v1::PutArtifactRequest Chunk(uint64_t offset, const std::string& bytes) {
    v1::PutArtifactRequest request;
    *request.mutable_chunk() = rpc::MakeDataChunk(offset, Buffer::FromString(bytes));
    return request;
  }

  size_t BlobCount() const {
    const std::filesystem::directory_iterator blobs(folder_.path() / "data" / "blobs");
    return static_cast<size_t>(std::distance(begin(blobs), end(blobs)));
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RunService::Stub> stub_;
};

TEST_F(HostileClientTest, FilesThatAreNotWhatTheySayAreNotKept) {
  const std::string bytes = "twenty bytes of file";
  const v1::PutArtifactRequest header = Header(bytes);
  v1::PutArtifactRequest damaged = Chunk(0, bytes);
  damaged.mutable_chunk()->set_xxh3(1);
  v1::PutArtifactRequest larger = header;
  larger.mutable_artifact()->set_size(21);
  v1::PutArtifactRequest huge = header;
  huge.mutable_artifact()->set_size(uint64_t{5} << 30);
  v1::PutArtifactRequest path = header;
  path.mutable_artifact()->set_sha256("../../../../tmp/plumb-hostile");

  struct Lie {
    const char* what;
    std::vector<v1::PutArtifactRequest> requests;
  };

  for (const Lie& lie : {Lie{"nothing", {}},
                         Lie{"no bytes", {header}},
                         Lie{"fewer", {header, Chunk(0, bytes.substr(1))}},
                         Lie{"more", {header, Chunk(0, bytes + "!")}},
                         Lie{"more, later", {header, Chunk(0, bytes), Chunk(20, "!")}},
                         Lie{"others", {header, Chunk(0, "TWENTY BYTES OF FILE")}},
                         Lie{"another size", {larger, Chunk(0, bytes)}},
                         Lie{"damaged", {header, damaged}},
                         Lie{"a gap", {header, Chunk(1, bytes.substr(1))}},
                         Lie{"twice", {header, Chunk(0, "twenty"), Chunk(0, "twenty")}},
                         Lie{"chunk first", {Chunk(0, bytes), header}},
                         Lie{"two headers", {header, header, Chunk(0, bytes)}},
                         Lie{"empty message", {header, v1::PutArtifactRequest()}},
                         Lie{"5 GiB", {huge, Chunk(0, bytes)}},
                         Lie{"a path", {path, Chunk(0, bytes)}}}) {
    const Status status = Put(lie.requests);
    EXPECT_TRUE(status.code() == StatusCode::kInvalidArgument ||
                status.code() == StatusCode::kDataLoss)
        << lie.what << ": " << status.ToString();
    EXPECT_FALSE(status.message().empty()) << lie.what;
    EXPECT_EQ(BlobCount(), 0U) << lie.what;
  }
  ASSERT_TRUE(Put({header, Chunk(0, bytes)}).ok());
  EXPECT_EQ(BlobCount(), 1U);
  ExpectNothingLeftBehind();
  ExpectServerGoesOn();
}

TEST_F(HostileClientTest, ABrokenUploadLeavesNothing) {
  {
    grpc::ClientContext context;
    v1::PutArtifactResponse response;
    const auto writer = stub_->PutArtifact(&context, &response);
    writer->Write(Header("twenty bytes of file"));
    writer->Write(Chunk(0, "twenty"));
    context.TryCancel();
    static_cast<void>(writer->Finish());
  }
  ExpectServerGoesOn();
  server_.reset();  // its last call is over
  ExpectNothingLeftBehind();
}

TEST_F(HostileClientTest, RunIdsAreNotPaths) {
  for (const std::string& run_id : {std::string("../../../etc/passwd"),
                                    std::string("/etc"),
                                    std::string("a\0b", 3),
                                    std::string(100'000, 'a')}) {
    grpc::ClientContext cancel_context;
    v1::CancelRunRequest cancel;
    cancel.set_run_id(run_id);
    v1::CancelRunResponse response;
    EXPECT_EQ(rpc::FromGrpc(stub_->CancelRun(&cancel_context, cancel, &response)).reason(),
              kReasonProtocol);
    grpc::ClientContext report_context;
    v1::GetReportRequest report;
    report.set_run_id(run_id);
    EXPECT_EQ(rpc::FromGrpc(stub_->GetReport(&report_context, report)->Finish()).reason(),
              kReasonProtocol);
    grpc::ClientContext watch_context;
    v1::WatchRunRequest watch;
    watch.set_run_id(run_id);
    EXPECT_EQ(rpc::FromGrpc(stub_->WatchRun(&watch_context, watch)->Finish()).reason(),
              kReasonProtocol);
  }
}

TEST_F(HostileClientTest, OnlyWhatIsThereIsRead) {
  const std::string bytes = "twenty bytes of file";
  ASSERT_TRUE(Put({Header(bytes), Chunk(0, bytes)}).ok());
  FakeAgent agent(address(), "cam");
  const auto read = [&](const v1::ReadArtifactRequest& request) {
    grpc::ClientContext context;
    const auto reader = agent.stub().ReadArtifact(&context, request);
    v1::ReadArtifactResponse response;
    while (reader->Read(&response)) {
    }
    return rpc::FromGrpc(reader->Finish()).code();
  };
  v1::ReadArtifactRequest good;
  good.set_instance_id(std::string(32, 'a'));
  *good.mutable_artifact() = Header(bytes).artifact();
  EXPECT_EQ(read(good), StatusCode::kOk);
  v1::ReadArtifactRequest request = good;
  request.mutable_artifact()->set_size(19);
  EXPECT_EQ(read(request), StatusCode::kNotFound);
  request = good;
  request.set_offset(21);
  EXPECT_EQ(read(request), StatusCode::kInvalidArgument);
  request.set_offset(UINT64_MAX);
  EXPECT_EQ(read(request), StatusCode::kInvalidArgument);
  request = good;
  request.mutable_artifact()->set_sha256("../lock");
  EXPECT_EQ(read(request), StatusCode::kInvalidArgument);
  request = good;
  request.clear_instance_id();
  EXPECT_EQ(read(request), StatusCode::kInvalidArgument);
}

TEST_F(HostileClientTest, ARequestWithoutItsFilesIsRefused) {
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto client = Connect();
  client::RunRequest request = Request(client.get());
  request.inputs[0].sha256 = std::string(64, 'd');
  const Status status = client->StartRun(request).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), testing::HasSubstr(std::string(64, 'd')));
}

}  // namespace
}  // namespace plumb::test
