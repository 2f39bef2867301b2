// RunService.WatchRun: follows one run until it is finished.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/run_service.pb.h"

#include "server/core/server_core.h"
#include "server/rpc/stream_guard.h"

namespace plumb::server {

// Asks the journal for news only when the last have gone out: a slow watcher gets fewer, one that
// does not take an event within limits.stall is dropped. All its events happen on the strand; owns
// itself until gRPC is done.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchRunResponse> {
 public:
  // Call Adopt() right after construction.
  WatchStream(ServerCore* core,
              grpc::CallbackServerContext* context,
              const ServerLimits& limits,
              std::string run_id);
  void Adopt(std::shared_ptr<WatchStream> self, const Result<StreamQuota::Place>& place);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Ask();
  void OnUpdate(const Result<RunJournal::Update>& update);
  void WriteNext();
  void Close(const Status& status);

  ServerCore* core_;
  StreamGuard guard_;
  const std::string run_id_;
  std::shared_ptr<WatchStream> self_;
  std::deque<v1::WatchRunResponse> outgoing_;
  uint64_t cursor_ = 0;
  uint64_t ticket_ = 0;
  bool run_finished_ = false;
  bool writing_ = false;
  std::optional<Status> closing_;
  bool finished_ = false;
};

}  // namespace plumb::server
