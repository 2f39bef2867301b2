// The client's side of plumb-server: uploads artifacts, starts, watches and cancels runs. A
// library: it prints nothing and knows no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/lib/run_types.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/rpc/tls_files.h"
#include "common/runner/runner.h"

namespace plumb::client {

struct ClientOptions {
  std::string address;  // "host:port" or "unix:/path"
  std::chrono::milliseconds connect_timeout{5'000};
  bool allow_insecure = false;  // dial what is neither loopback nor a unix socket without TLS
  // A server that takes nothing of an upload for so long counts as lost.
  std::chrono::milliseconds stall_timeout{30'000};
  rpc::TlsFiles tls = {};  // for TCP; nothing given: not encrypted
  // A file with the token that `plumb token add` printed, readable by its owner alone; empty: none.
  // Not over an unencrypted network.
  std::string token_file = {};
};

// One connection. Thread-safe; calls block. A server that cannot be reached, or is lost in the
// middle (noticed within seconds), is kUnavailable with reason "server_lost"; errors the server
// reports keep their code, reason and hint.
class Client {
 public:
  // Waits until the server answers, at most `connect_timeout`.
  static Result<std::unique_ptr<Client>> Connect(const ClientOptions& options);

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Makes sure that the server holds the file, uploading it if it does not; bounded memory.
  // The result goes into RunRequest.
  Result<Artifact> EnsureArtifact(const std::filesystem::path& path,
                                  const CancelToken& cancel = CancelToken());

  // The new run's id. kNotFound with reason board_not_found names the boards there are.
  Result<std::string> StartRun(const RunRequest& request);

  // Calls `on_event` on this thread until the run is over: first with the whole state so far, then
  // whenever something changes (a slow callback gets fewer, newer states). The last event has
  // state kFinished; it is also what is returned. Cancelling `cancel` stops watching, not the run.
  using EventCallback = std::function<void(const RunEvent& event)>;
  Result<RunEvent> Watch(const std::string& run_id,
                         const EventCallback& on_event,
                         const CancelToken& cancel = CancelToken());

  // Asks board and simulator to stop; the run then ends with reason "cancelled".
  Status CancelRun(const std::string& run_id);

  Result<std::vector<BoardSummary>> ListBoards();
  // Newest first, at most `limit`.
  Result<std::vector<RunSummary>> ListRuns(uint32_t limit = 100);
  // The report of a finished run, plumb.comparison/1, byte for byte as the server stored it.
  Result<std::string> GetReport(const std::string& run_id);
  // Writes what the application on the board fed as input `index` of a run that ended with
  // wrong_input to `path`, whole or not at all; bounded memory. kNotFound when the server kept
  // none.
  Status SaveCapturedInput(const std::string& run_id,
                           uint32_t index,
                           const std::filesystem::path& path);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::client
