// What a batch asks of a server, behind an interface so that it is tested without one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "client/lib/client.h"

namespace plumb::client {

// Thread-safe; calls block. Errors as Client's.
class ServerPort {
 public:
  ServerPort() = default;
  ServerPort(const ServerPort&) = delete;
  ServerPort& operator=(const ServerPort&) = delete;
  virtual ~ServerPort() = default;

  virtual Result<Artifact> EnsureArtifact(const std::filesystem::path& path,
                                          const CancelToken& cancel) = 0;
  virtual Result<std::string> StartRun(const RunRequest& request) = 0;
  // The run's end, with its report. Cancelling stops the watching, not the run.
  virtual Result<RunEvent> WatchToEnd(const std::string& run_id, const CancelToken& cancel) = 0;
  virtual Status CancelRun(const std::string& run_id) = 0;
  virtual Result<std::vector<BoardSummary>> ListBoards() = 0;
};

class ClientPort final : public ServerPort {
 public:
  // `client` must outlive the port.
  explicit ClientPort(Client* client) : client_(client) {}

  Result<Artifact> EnsureArtifact(const std::filesystem::path& path,
                                  const CancelToken& cancel) override {
    return client_->EnsureArtifact(path, cancel);
  }

  Result<std::string> StartRun(const RunRequest& request) override {
    return client_->StartRun(request);
  }

  Result<RunEvent> WatchToEnd(const std::string& run_id, const CancelToken& cancel) override {
    return client_->Watch(run_id, nullptr, cancel);
  }

  Status CancelRun(const std::string& run_id) override { return client_->CancelRun(run_id); }

  Result<std::vector<BoardSummary>> ListBoards() override { return client_->ListBoards(); }

 private:
  Client* client_;
};

}  // namespace plumb::client
