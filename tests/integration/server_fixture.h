// A whole server in this process on a private unix socket, with the real simulator, a client and
// the small model of tests/support.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "client/lib/client.h"
#include "common/base/file.h"
#include "server/app/server_app.h"
#include "tests/integration/fake_agent.h"

namespace plumb::test {

class ServerFixture : public testing::Test {
 protected:
  ServerFixture();

  void StartServer(std::chrono::milliseconds resume_grace = std::chrono::seconds(60),
                   const server::ServerLimits& limits = {});

  [[nodiscard]] std::string address() const { return server_->addresses().front(); }

  std::unique_ptr<client::Client> Connect() const;
  // The small model and its picture, uploaded; no probe, one repetition.
  client::RunRequest Request(client::Client* client, std::vector<std::string> board = {});
  // What a board answers for it, by plain arithmetic; `error` is added to the first score.
  static std::vector<v1::UploadRequest> CorrectUpload(int error = 0, size_t chunk_size = 16);
  // Takes the next run command of `agent` and uploads `requests`.
  static v1::RunKey Serve(FakeAgent* agent, const std::vector<v1::UploadRequest>& requests);
  static v1::RunKey NextRun(FakeAgent* agent);

  // A run of a correct board of its own goes well: the server is none the worse for what happened.
  void ExpectServerGoesOn();
  // No unfinished upload and no unfinished run lies in the server's folder, and of a run that
  // failed no output.
  void ExpectNothingLeftBehind() const;

  server::DataKeeperOptions keeper_;  // of the next StartServer
  std::filesystem::path hooks_;       // likewise
  TempFolder folder_ = *TempFolder::Create("plumb-it-");
  std::unique_ptr<server::ServerApp> server_;
};

}  // namespace plumb::test
