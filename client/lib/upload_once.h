// Files that many runs share, uploaded once.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "client/lib/server_port.h"

namespace plumb::client {

// A port that asks the one behind it for each file once, as long as that works; who asks for the
// same file meanwhile waits. All else is passed on. Thread-safe.
class UploadOncePort final : public ServerPort {
 public:
  // `port` must outlive it.
  explicit UploadOncePort(ServerPort* port) : port_(port) {}

  Result<Artifact> EnsureArtifact(const std::filesystem::path& path,
                                  const CancelToken& cancel) override {
    const std::shared_ptr<File> file = Of(path.string());
    const std::lock_guard lock(file->mutex);
    if (!file->artifact) {
      PLUMB_ASSIGN_OR_RETURN(file->artifact, port_->EnsureArtifact(path, cancel));
    }
    return *file->artifact;
  }

  Result<std::string> StartRun(const RunRequest& request) override {
    return port_->StartRun(request);
  }

  Result<RunEvent> WatchToEnd(const std::string& run_id, const CancelToken& cancel) override {
    return port_->WatchToEnd(run_id, cancel);
  }

  Status CancelRun(const std::string& run_id) override { return port_->CancelRun(run_id); }

  Result<std::vector<BoardSummary>> ListBoards() override { return port_->ListBoards(); }

 private:
  struct File {
    std::mutex mutex;
    std::optional<Artifact> artifact;
  };

  std::shared_ptr<File> Of(const std::string& path) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<File>& file = files_[path];
    file = file ? file : std::make_shared<File>();
    return file;
  }

  ServerPort* port_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<File>> files_;
};

}  // namespace plumb::client
