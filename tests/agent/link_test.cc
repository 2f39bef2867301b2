// The agent's link against a server in this process: every way in which it can break.
#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "agent/core/artifact_cache.h"
#include "agent/core/board_agent.h"
#include "agent/core/run_executor.h"
#include "agent/link/bulk_connection.h"
#include "agent/link/grpc_artifact_source.h"
#include "agent/link/grpc_upload.h"
#include "agent/link/session_client.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"
#include "tests/agent/fake_server.h"
#include "tests/agent/fakes.h"

namespace plumb::agent {
namespace {

using std::chrono::milliseconds;
using test::CountingBytes;
using test::FakeBoardServer;
using test::StreamFault;

const std::string kInstance(32, 'a');

// 9 MiB and a bit: 36 chunks and two acknowledgements inside the output.
const std::vector<uint8_t>& BigOutput() {
  static const std::vector<uint8_t> bytes = CountingBytes((size_t{9} << 20) + 77, 3);
  return bytes;
}

// An agent without a program around it, and with short times.
class Agent {
 public:
  Agent(const std::string& server, const std::filesystem::path& folder, bool blocking = false)
      : address_(rpc::CheckDialAddress(server, false).value()),
        cache_(
            ArtifactCache::Open({folder / "cache", 64 << 20, milliseconds(2'000), milliseconds(5)})
                .value()),
        bulk_(address_),
        source_(bulk_, watchdog_, kInstance, milliseconds(300)),
        transport_(bulk_, {kInstance, milliseconds(300), milliseconds(100)}),
        executor_(cache_,
                  source_,
                  transport_,
                  [this, blocking](uint64_t /*number*/) { return MakeRunner(blocking); },
                  {milliseconds(2'000), milliseconds(5)}),
        session_(Options(), watchdog_),
        agent_(executor_, session_, watchdog_, fences_),
        listener_([this] { session_.Run(agent_, end_); }) {}

  ~Agent() { Stop(); }

  void Stop() {
    agent_.Stop(milliseconds(500));
    end_.Cancel();
    if (listener_.joinable()) {
      listener_.join();
    }
  }

  BoardAgent& board() { return agent_; }

 private:
  static std::unique_ptr<Runner> MakeRunner(bool blocking) {
    auto runner = std::make_unique<test::ScriptedRunner>(
        test::ScriptedRunner::Outputs{{BigOutput(), CountingBytes(12, 100)}}, rpc::kChunkSize);
    if (blocking) {
      runner->instead = [](const RunSpec& /*spec*/, const CancelToken& cancel) {
        cancel.WaitFor(std::chrono::seconds(20));
        return cancel.status();
      };
    }
    return runner;
  }

  SessionOptions Options() const {
    SessionOptions options;
    options.server = address_;
    options.hello.protocol_major = rpc::kProtocolMajor;
    options.hello.instance_id = kInstance;
    options.hello.board_name = "cam";
    options.hello.tags = {"s6"};
    options.hello.family = "S6";
    options.first_pause = milliseconds(5);
    options.longest_pause = milliseconds(20);
    return options;
  }

  rpc::Address address_;
  Watchdog watchdog_;
  ArtifactCache cache_;
  BulkConnection bulk_;
  GrpcArtifactSource source_;
  GrpcUploadTransport transport_;
  RunExecutor executor_;
  SessionClient session_;
  FenceKeeper fences_;
  BoardAgent agent_;
  CancelToken end_;
  std::thread listener_;
};

class LinkTest : public ::testing::Test {
 protected:
  void StartServer(const std::string& address = "127.0.0.1:0") {
    server_ = std::make_unique<FakeBoardServer>(address, rpc::UploadExpectation{1, false});
    server_->files[model_.sha256] = kModelContent;
    server_->files[input_.sha256] = "input";
  }

  std::string UnixAddress() { return "unix:" + (folder_.path() / "server.sock").string(); }

  v1::SessionResponse Run() {
    rpc::RunCommand command;
    command.key = {"run-1", 1};
    command.model = model_;
    command.inputs = {input_};
    v1::SessionResponse response;
    *response.mutable_run() = rpc::ToProto(command);
    return response;
  }

  void ExpectWholeRun() {
    ASSERT_TRUE(server_->WaitUntil([&] { return server_->run_end || !server_->violation.ok(); }));
    server_->Shutdown();
    EXPECT_TRUE(server_->violation.ok()) << server_->violation.ToString();
    ASSERT_TRUE(server_->run_end);
    EXPECT_TRUE(server_->run_end->ok()) << server_->run_end->ToString();
    EXPECT_TRUE((server_->outputs[{0, 0}] == BigOutput()));
    EXPECT_EQ((server_->outputs[{0, 1}]), CountingBytes(12, 100));
  }

  static Artifact Named(const std::string& content) {
    return {{}, Sha256Hex(AsBytes(content)), content.size()};
  }

  const std::string kModelContent = std::string(600'000, 'm') + "end";  // three chunks
  const Artifact model_ = Named(kModelContent);
  const Artifact input_ = Named("input");
  TempFolder folder_ = TempFolder::Create("link-test-").value();
  std::unique_ptr<FakeBoardServer> server_;
};

TEST_F(LinkTest, CarriesAWholeRun) {
  StartServer();
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ExpectWholeRun();
  EXPECT_EQ(server_->upload_streams, 1u);
  EXPECT_EQ(server_->upload_instance, kInstance);
  // Two inside the large output, one per output, one for the end.
  EXPECT_EQ(server_->acknowledgements, 5u);
  ASSERT_EQ(server_->hellos.size(), 1u);
  EXPECT_EQ(server_->hellos[0].board_name(), "cam");
  EXPECT_EQ(server_->hellos[0].tags(0), "s6");
  EXPECT_EQ(server_->phases,
            (std::vector<v1::RunPhase>{
                v1::RUN_PHASE_ACCEPTED, v1::RUN_PHASE_FETCHING, v1::RUN_PHASE_RUNNING}));
}

TEST_F(LinkTest, CarriesAWholeRunOverAUnixSocket) {
  StartServer(UnixAddress());
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ExpectWholeRun();
}

TEST_F(LinkTest, BulkAndControlDoNotShareAConnection) {
  StartServer();
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ExpectWholeRun();
  EXPECT_FALSE(server_->upload_peer.empty());
  EXPECT_NE(server_->session_peer, server_->upload_peer);
}

TEST_F(LinkTest, ResumesABrokenUploadWithoutLosingOrDoublingABytes) {
  StartServer();
  server_->upload_faults = {{0}, {3}, {20}, {1}, {18}};
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ExpectWholeRun();
  EXPECT_EQ(server_->upload_streams, 6u);
}

TEST_F(LinkTest, AnUploadOnWhichNothingMovesIsGivenUpAndResumed) {
  StartServer();
  server_->upload_faults = {{5, StreamFault::Kind::kStall}};
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ExpectWholeRun();
  EXPECT_EQ(server_->upload_streams, 2u);
}

TEST_F(LinkTest, TheServersRefusalEndsTheRunAtOnce) {
  StartServer();
  server_->upload_faults = {{5, StreamFault::Kind::kRefuse}};
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil([&] { return !server_->failures.empty(); }));
  EXPECT_EQ(server_->failures[0].failure().reason(), "cancelled");
  EXPECT_EQ(server_->upload_streams, 1u);
}

TEST_F(LinkTest, AReadOfAnArtifactGoesOnWhereItBroke) {
  StartServer();
  server_->break_read_after = 2;
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ExpectWholeRun();
  EXPECT_EQ(server_->read_offsets, (std::vector<uint64_t>{0, 2 * rpc::kChunkSize, 0}));
}

TEST_F(LinkTest, ADamagedChunkIsNeverTakenForTheModel) {
  StartServer();
  server_->damage_chunks = true;
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil([&] { return server_->run_end.has_value(); }));
  EXPECT_EQ(server_->run_end->code(), StatusCode::kDataLoss);
  EXPECT_EQ(server_->run_end->reason(), kReasonProtocol);
}

TEST_F(LinkTest, AMissingModelIsAnInfrastructureError) {
  StartServer();
  server_->files.erase(model_.sha256);
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil([&] { return server_->run_end.has_value(); }));
  EXPECT_EQ(ClassifyFailure(*server_->run_end), FailureClass::kInfrastructure);
  EXPECT_NE(server_->run_end->message().find("model"), std::string::npos);
}

TEST_F(LinkTest, CancellationReachesTheRunner) {
  StartServer();
  Agent agent(server_->address(), folder_.path(), true);
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil(
      [&] { return !server_->phases.empty() && server_->phases.back() == v1::RUN_PHASE_RUNNING; }));
  rpc::CancelCommand cancel;
  cancel.key = {"run-1", 1};
  cancel.message = "the client went away";
  v1::SessionResponse response;
  *response.mutable_cancel() = rpc::ToProto(cancel);
  server_->Command(response);
  ASSERT_TRUE(server_->WaitUntil([&] { return server_->run_end.has_value(); }));
  EXPECT_EQ(server_->run_end->reason(), kReasonCancelled);
  EXPECT_EQ(server_->run_end->message(), "the client went away");
}

TEST_F(LinkTest, AMalformedCommandIsRefusedNotRun) {
  StartServer();
  Agent agent(server_->address(), folder_.path());
  v1::SessionResponse response = Run();
  response.mutable_run()->set_repetitions(0);
  server_->Command(response);
  ASSERT_TRUE(server_->WaitUntil([&] { return !server_->failures.empty(); }));
  EXPECT_EQ(server_->failures[0].failure().reason(), kReasonProtocol);
  EXPECT_TRUE(server_->phases.empty());
}

TEST_F(LinkTest, AbsurdCommandsAreRefusedAndTheNextIsRun) {
  StartServer();
  Agent agent(server_->address(), folder_.path());
  const std::vector<std::function<void(v1::RunCommand&)>> lies = {
      [](auto& run) { run.set_repetitions(UINT32_MAX); },
      [](auto& run) { run.set_deadline_ms(UINT32_MAX); },
      [](auto& run) { run.set_invoke_timeout_ms(0); },
      [](auto& run) { run.clear_inputs(); },
      [](auto& run) { run.mutable_model()->set_sha256("../../etc/passwd"); },
      [](auto& run) { run.mutable_model()->set_size(UINT64_MAX); },
      [](auto& run) { run.mutable_inputs(0)->set_sha256(std::string(64, 'Z')); },
      [](auto& run) {
        for (int i = 0; i < 300; ++i) {
          *run.add_inputs() = run.inputs(0);
        }
      },
  };
  for (const auto& lie : lies) {
    v1::SessionResponse response = Run();
    lie(*response.mutable_run());
    server_->Command(response);
  }
  for (const std::string key : {"", "a/b", "..", "a\x1b"}) {
    v1::SessionResponse response = Run();
    response.mutable_run()->mutable_key()->set_run_id(key);
    server_->Command(response);
  }
  server_->Command(v1::SessionResponse());
  server_->Command(Run());
  ExpectWholeRun();
  EXPECT_EQ(server_->failures.size(), lies.size());
  for (const v1::RunFailed& failed : server_->failures) {
    EXPECT_EQ(failed.failure().reason(), kReasonProtocol);
  }
}

TEST_F(LinkTest, AFileThatIsNotItsDigestIsNeverRun) {
  const std::string good = kModelContent;
  for (const std::string& lie : {good.substr(1) + "!", good + "!", good.substr(1), std::string()}) {
    StartServer();
    server_->files[model_.sha256] = lie;
    {
      Agent agent(server_->address(), folder_.path());
      server_->Command(Run());
      ASSERT_TRUE(server_->WaitUntil([&] { return server_->run_end.has_value(); }));
    }
    EXPECT_EQ(ClassifyFailure(*server_->run_end), FailureClass::kInfrastructure) << lie.size();
    EXPECT_TRUE(server_->outputs.empty());
    server_->Shutdown();
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "cache")) {
      EXPECT_EQ(entry.path().filename(), ".lock") << "nothing of it stays in the cache";
    }
  }
}

TEST_F(LinkTest, AFileGivenByteByByteEndsTheRun) {
  StartServer();
  server_->dribble = true;
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil([&] { return server_->run_end.has_value(); }));
  EXPECT_EQ(server_->run_end->reason(), kReasonAgentLost);
  EXPECT_NE(server_->run_end->message().find("bytes came in 300 ms"), std::string::npos)
      << server_->run_end->ToString();
}

TEST_F(LinkTest, AServerThatCommitsWhatWasNeverSentEndsTheRun) {
  StartServer();
  server_->boast = true;
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil([&] { return !server_->failures.empty(); }));
  EXPECT_EQ(server_->failures[0].failure().reason(), kReasonProtocol);
}

TEST_F(LinkTest, AServerOfAnotherMajorVersionIsNotServed) {
  StartServer();
  server_->protocol_major = 2;
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  // It keeps asking: the server may be replaced.
  ASSERT_TRUE(server_->WaitUntil([&] { return server_->hellos.size() >= 3; }));
  server_->Shutdown();
  EXPECT_TRUE(server_->phases.empty());
}

TEST_F(LinkTest, ARefusedNameIsTriedAgain) {
  StartServer();
  server_->refuse_name = true;
  Agent agent(server_->address(), folder_.path());
  EXPECT_TRUE(server_->WaitUntil([&] { return server_->hellos.size() >= 3; }));
}

TEST_F(LinkTest, FindsAServerThatCameBackAndTellsItsRun) {
  StartServer(UnixAddress());
  Agent agent(server_->address(), folder_.path(), true);
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil([&] { return server_->phases.size() == 3; }));
  server_->Shutdown();
  StartServer(UnixAddress());
  ASSERT_TRUE(server_->WaitUntil([&] { return !server_->hellos.empty(); }));
  EXPECT_EQ(server_->hellos[0].instance_id(), kInstance);
  EXPECT_EQ(server_->hellos[0].current_run().run_id(), "run-1");
}

TEST_F(LinkTest, WaitsForAServerThatIsNotThereYet) {
  Agent agent(UnixAddress(), folder_.path());
  StartServer(UnixAddress());
  EXPECT_TRUE(server_->WaitUntil([&] { return !server_->hellos.empty(); }));
}

TEST_F(LinkTest, StopsAtOnceWithoutAServer) {
  const auto begin = std::chrono::steady_clock::now();
  { const Agent agent(UnixAddress(), folder_.path()); }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(LinkTest, StopsInTimeWhileTheServerIsSilentInMidUpload) {
  StartServer();
  server_->upload_faults = {{5, StreamFault::Kind::kStall}};
  Agent agent(server_->address(), folder_.path());
  server_->Command(Run());
  ASSERT_TRUE(server_->WaitUntil([&] { return server_->upload_streams == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  agent.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace plumb::agent
