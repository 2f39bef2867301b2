// The listeners themselves: hello, health, reflection, files, addresses.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
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

using testing::HasSubstr;

class ServerTest : public ServerFixture {
 protected:
  std::shared_ptr<grpc::Channel> Channel() const {
    return grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  }

  // One file uploaded in a single chunk, announced as `artifact`.
  Status Put(const v1::Artifact& artifact, const std::string& bytes) const {
    const auto stub = v1::RunService::NewStub(Channel());
    grpc::ClientContext context;
    v1::PutArtifactResponse response;
    const auto writer = stub->PutArtifact(&context, &response);
    v1::PutArtifactRequest request;
    *request.mutable_artifact() = artifact;
    writer->Write(request);
    *request.mutable_chunk() = rpc::MakeDataChunk(0, Buffer::FromString(bytes));
    writer->Write(request);
    writer->WritesDone();
    return rpc::FromGrpc(writer->Finish());
  }

  int MissingCount(const v1::Artifact& artifact) const {
    const auto stub = v1::RunService::NewStub(Channel());
    grpc::ClientContext context;
    v1::FindMissingRequest request;
    *request.add_artifacts() = artifact;
    v1::FindMissingResponse response;
    EXPECT_TRUE(stub->FindMissing(&context, request, &response).ok());
    return response.missing_size();
  }
};

v1::Artifact ArtifactOf(const std::string& bytes) {
  v1::Artifact artifact;
  artifact.set_sha256(Sha256Hex(AsBytes(bytes)));
  artifact.set_size(bytes.size());
  return artifact;
}

TEST_F(ServerTest, AnAgentOfAnotherProtocolIsRefused) {
  FakeAgent agent(address(), "cam");
  agent.hello().mutable_protocol()->set_major(99);
  const Status status = agent.Connect();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.reason(), kReasonVersionMismatch);
}

TEST_F(ServerTest, ASecondAgentOfTheSameNameIsRefusedUntilTheFirstIsGone) {
  FakeAgent first(address(), "cam", 'a');
  ASSERT_TRUE(first.Connect().ok());
  FakeAgent second(address(), "cam", 'b');
  const Status status = second.Connect();
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(status.reason(), kReasonBoardNameTaken);
  EXPECT_THAT(status.hint(), HasSubstr("--name"));
}

TEST_F(ServerTest, AnAgentThatSendsAnythingBeforeHelloIsRefused) {
  const auto stub = v1::BoardService::NewStub(Channel());
  grpc::ClientContext context;
  const auto stream = stub->Session(&context);
  v1::SessionRequest request;
  request.mutable_run_progress();
  stream->Write(request);
  v1::SessionResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(rpc::FromGrpc(stream->Finish()).reason(), kReasonProtocol);
}

TEST_F(ServerTest, ABoardNameThatCouldSteerATerminalIsRefused) {
  FakeAgent agent(address(), "cam\x1b[2J");
  EXPECT_EQ(agent.Connect().reason(), kReasonProtocol);
}

TEST_F(ServerTest, FilesAreTakenWholeAndGivenBackFromAnyOffset) {
  const std::string content = "an input of twenty-one";
  const v1::Artifact artifact = ArtifactOf(content);
  EXPECT_EQ(MissingCount(artifact), 1);
  ASSERT_TRUE(Put(artifact, content).ok());
  EXPECT_EQ(MissingCount(artifact), 0);
  FakeAgent agent(address(), "cam");
  grpc::ClientContext context;
  v1::ReadArtifactRequest request;
  request.set_instance_id(agent.hello().instance_id());
  *request.mutable_artifact() = artifact;
  request.set_offset(9);
  const auto reader = agent.stub().ReadArtifact(&context, request);
  v1::ReadArtifactResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.chunk().offset(), 9U);
  EXPECT_EQ(response.chunk().data(), content.substr(9));
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(ServerTest, AFileThatIsNotWhatItWasAnnouncedAsIsNotKept) {
  const v1::Artifact artifact = ArtifactOf("the right bytes");
  EXPECT_EQ(Put(artifact, "the wrong bytes").code(), StatusCode::kDataLoss);
  EXPECT_EQ(MissingCount(artifact), 1);
}

// grpc.health.v1.Health/Check on the wire: an empty request, and status SERVING = 1 in field 1.
TEST_F(ServerTest, TellsThatItIsHealthy) {
  grpc::GenericStub stub(Channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice empty;
  const auto call = stub.PrepareUnaryCall(
      &context, "/grpc.health.v1.Health/Check", grpc::ByteBuffer(&empty, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  grpc::Slice bytes;
  ASSERT_TRUE(response.DumpToSingleSlice(&bytes).ok());
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), std::string("\x08\x01", 2));
}

TEST(ServerAppTest, FindsAFreePortAndSaysWhich) {
  const TempFolder folder = *TempFolder::Create("plumb-it-");
  server::ServerAppOptions options;
  options.listen = {"127.0.0.1:0", "unix:" + (folder.path() / "s").string()};
  options.data = folder.path() / "data";
  options.simulators =
      std::make_shared<server::Simulators>(server::SimulatorsOptions{"/nonexistent", {}});
  const auto server = server::ServerApp::Start(options);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  ASSERT_EQ((*server)->addresses().size(), 2U);
  EXPECT_THAT((*server)->addresses()[0], testing::MatchesRegex("127.0.0.1:[1-9][0-9]*"));
  for (const std::string& address : (*server)->addresses()) {
    EXPECT_TRUE(client::Client::Connect({address, std::chrono::seconds(10), false}).ok());
  }
}

TEST(ServerAppTest, RefusesOpenAddressesAndFoldersInUse) {
  const TempFolder folder = *TempFolder::Create("plumb-it-");
  server::ServerAppOptions options;
  options.listen = {"0.0.0.0:0"};
  options.data = folder.path() / "data";
  EXPECT_EQ(server::ServerApp::Start(options).status().code(), StatusCode::kPermissionDenied);
  options.listen = {"127.0.0.1:0"};
  const auto first = server::ServerApp::Start(options);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(server::ServerApp::Start(options).status().code(), StatusCode::kFailedPrecondition);
  options.data = folder.path() / "other";
  options.listen = (*first)->addresses();
  EXPECT_EQ(server::ServerApp::Start(options).status().code(), StatusCode::kUnavailable);
}

TEST(ServerAppTest, ASocketLeftBehindByAKilledServerIsReplacedALivingOneIsNot) {
  const TempFolder folder = *TempFolder::Create("plumb-it-");
  const std::string path = (folder.path() / "s").string();
  server::ServerAppOptions options;
  options.listen = {"unix:" + path};
  options.data = folder.path() / "data";
  {
    const auto server = server::ServerApp::Start(options);
    ASSERT_TRUE(server.ok());
    options.data = folder.path() / "other";
    EXPECT_EQ(server::ServerApp::Start(options).status().code(), StatusCode::kUnavailable);
    EXPECT_TRUE(client::Client::Connect({"unix:" + path, std::chrono::seconds(10), false}).ok());
    // A kill leaves the socket's name behind; a stop removes it.
    std::filesystem::create_hard_link(path, path + ".kept");
  }
  std::filesystem::rename(path + ".kept", path);
  EXPECT_TRUE(server::ServerApp::Start(options).ok());
}

TEST(ClientTest, AServerThatIsNotThereIsToldInTime) {
  const TempFolder folder = *TempFolder::Create("plumb-it-");
  const Status status =
      client::Client::Connect(
          {"unix:" + (folder.path() / "nobody").string(), std::chrono::milliseconds(200), false})
          .status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.reason(), client::kReasonServerLost);
  EXPECT_THAT(status.hint(), HasSubstr("plumb-server"));
}

}  // namespace
}  // namespace plumb::test
