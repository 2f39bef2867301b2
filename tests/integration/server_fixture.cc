#include "tests/integration/server_fixture.h"

#include <cstring>
#include <filesystem>

#include "common/rpc/convert.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

// S3 pads nothing but the end of the buffer, to 64 bytes.
BoardOutput MakeBoardOutput(const std::string& name,
                            const Shape& shape,
                            const std::vector<int>& values,
                            double scale) {
  std::vector<int16_t> narrow(values.begin(), values.end());
  BoardOutput output;
  output.valid_bytes.resize(narrow.size() * sizeof(int16_t));
  std::memcpy(output.valid_bytes.data(), narrow.data(), output.valid_bytes.size());
  output.bytes = output.valid_bytes;
  output.bytes.resize((output.bytes.size() + 63) / 64 * 64, '\x5a');
  TensorDesc desc = *MakeContiguousDesc(name, ElementType::kInt16, shape);
  desc.scale = static_cast<float>(scale);
  desc.aligned_size = output.bytes.size();
  output.desc = rpc::ToProto(desc);
  return output;
}

}  // namespace

ServerFixture::ServerFixture() {
  StartServer();
}

void ServerFixture::StartServer(std::chrono::milliseconds resume_grace,
                                const server::ServerLimits& limits) {
  server_.reset();
  server::ServerAppOptions options;
  options.listen = {"unix:" + (folder_.path() / "s").string()};
  options.http = "127.0.0.1:0";
  options.data = folder_.path() / "data";
  server::SimulatorsOptions simulators;
  simulators.builtin = std::string(PLUMB_BINARY_DIR) + "/bin/plumb-simulator";
  options.simulators = std::make_shared<server::Simulators>(std::move(simulators));
  options.resume_grace = resume_grace;
  options.limits = limits;
  options.keeper = keeper_;
  options.hooks = hooks_;
  auto server = server::ServerApp::Start(options);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  server_ = std::move(server).value();
}

std::unique_ptr<client::Client> ServerFixture::Connect() const {
  auto client = client::Client::Connect({address(), std::chrono::seconds(10), false});
  EXPECT_TRUE(client.ok()) << client.status().ToString();
  return client.ok() ? std::move(client).value() : nullptr;
}

client::RunRequest ServerFixture::Request(client::Client* client, std::vector<std::string> board) {
  const auto upload = [&](const std::string& name, const std::vector<uint8_t>& bytes) {
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / name, bytes).ok());
    auto artifact = client->EnsureArtifact(folder_.path() / name);
    EXPECT_TRUE(artifact.ok()) << artifact.status().ToString();
    return artifact.ok() ? *artifact : Artifact();
  };
  client::RunRequest request;
  request.model = upload("small.img", SmallModelFile({}));
  request.inputs = {upload("small.bin", SmallPicture())};
  request.model_name = "small.img";
  request.board = std::move(board);
  request.probe = false;
  return request;
}

std::vector<v1::UploadRequest> ServerFixture::CorrectUpload(int error, size_t chunk_size) {
  SmallAnswer answer = SolveSmallModel(SmallPicture());
  answer.scores.at(0) += error;
  TensorDesc input = *MakeContiguousDesc(
      "input", ElementType::kUint8, Shape{1, kSmallRows, kSmallColumns, kSmallChannels});
  return UploadOf({rpc::ToProto(input)},
                  {MakeBoardOutput("scores",
                                   Shape{1, kSmallRows, kSmallColumns, kSmallScores},
                                   answer.scores,
                                   kSmallScoreScale),
                   MakeBoardOutput("mean", Shape{1, kSmallScores}, answer.mean, kSmallScoreScale)},
                  chunk_size);
}

void ServerFixture::ExpectServerGoesOn() {
  const auto client = Connect();
  FakeAgent agent(address(), "honest", 'e');
  const Status connected = agent.Connect();
  ASSERT_TRUE(connected.ok()) << connected.ToString();
  const auto run_id = client->StartRun(Request(client.get(), {"honest"}));
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  Serve(&agent, CorrectUpload());
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(end->run.exit_code, 0) << end->report_json;
}

void ServerFixture::ExpectNothingLeftBehind() const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path() / "data")) {
    EXPECT_NE(entry.path().extension(), ".part") << entry.path();
  }
  for (const auto& run : std::filesystem::directory_iterator(folder_.path() / "data" / "runs")) {
    const bool whole = std::filesystem::exists(run.path() / "target" / "recording.json");
    EXPECT_TRUE(whole || !std::filesystem::exists(run.path() / "target")) << run.path();
  }
}

v1::RunKey ServerFixture::NextRun(FakeAgent* agent) {
  const auto command = agent->Next();
  EXPECT_TRUE(command.ok() && command->has_run()) << command.status().ToString();
  return command.ok() ? command->run().key() : v1::RunKey();
}

v1::RunKey ServerFixture::Serve(FakeAgent* agent, const std::vector<v1::UploadRequest>& requests) {
  const v1::RunKey key = NextRun(agent);
  FakeUpload upload(agent, key);
  EXPECT_TRUE(upload.NextAck().ok());
  for (const v1::UploadRequest& request : requests) {
    upload.Send(request);
  }
  EXPECT_TRUE(upload.Finish().ok());
  return key;
}

}  // namespace plumb::test
