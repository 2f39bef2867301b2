// RunManager's side towards the boards: commands, uploads, links that break.
#include <algorithm>
#include <utility>

#include "common/runner/failure.h"
#include "server/core/run_manager.h"

namespace plumb::server {
namespace {

using Clock = std::chrono::steady_clock;

Status UploadLost(std::chrono::milliseconds grace) {
  return UnavailableError("the upload broke off and did not go on within " +
                          std::to_string(grace.count()) + " ms")
      .WithReason(kReasonAgentLost)
      .WithHint("look at the agent's log on the board, then run again");
}

Status NoAnswer(std::chrono::milliseconds patience) {
  return DeadlineExceededError("the agent did not answer the run command within " +
                               std::to_string(patience.count()) + " ms")
      .WithReason(kReasonAgentLost)
      .WithHint(
          "its link is up but the agent hangs: look at its log on the board, then restart it");
}

}  // namespace

RunManager::Run* RunManager::RunOf(const std::string& instance_id, const rpc::RunKey& key) {
  Run* run = Get(key.run_id);
  const auto board = boards_.BoardOf(key.run_id);
  const bool fits = run != nullptr && run->remote && board && board->instance_id == instance_id &&
                    key.attempt == run->journal.run().attempt;
  return fits ? run : nullptr;
}

void RunManager::SendCommand(const std::string& run_id) {
  Run* run = Get(run_id);
  const auto link = boards_.LinkOf(run_id);
  if (run == nullptr || !link) {
    return;  // on_board_resumed sends it again, or the grace time ends the run
  }
  rpc::RunCommand command;
  command.key = {run_id, run->journal.run().attempt};
  if (run->lease) {
    command.fence = {farm_id_, run->lease->epoch};
  }
  command.model = run->request.model;
  command.inputs = run->request.inputs;
  command.repetitions = run->request.repetitions;
  command.probe = run->request.probe;
  command.capture_inputs = run->request.check_input;
  command.invoke_timeout = run->request.invoke_timeout;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(run->until - Clock::now());
  command.deadline = std::max(left, std::chrono::milliseconds(1));
  link->SendRun(command);
  run->unanswered = strand_->After(options_.limits.accept, [this, remote = run->remote] {
    remote->Fail(NoAnswer(options_.limits.accept));
  });
}

void RunManager::BoardAccepted(const std::string& instance_id, const rpc::RunKey& key) {
  if (Run* run = RunOf(instance_id, key); run != nullptr) {
    run->unanswered = {};
    if (run->lease && run->journal.run().state == RunState::kPreparing) {
      farm_->Begin(*run->lease);
    }
  }
}

void RunManager::SendCancel(const std::string& run_id, const Status& reason) {
  const Run* run = Get(run_id);
  if (const auto link = boards_.LinkOf(run_id); link && run != nullptr) {
    rpc::CancelCommand command;
    command.key = {run_id, run->journal.run().attempt};
    command.message = reason.message();
    link->SendCancel(command);
  }
}

void RunManager::OnBoardResumed(const std::string& run_id, bool at_it) {
  Run* run = Get(run_id);
  if (run == nullptr || !run->remote || run->hooked) {
    return;  // not yet, or no more, at the board
  }
  if (run->remote->untouched()) {
    SendCommand(run_id);  // the first may be lost; an agent that has it takes no harm
  } else if (!at_it) {
    run->remote->Fail(
        UnavailableError("the agent came back without its run").WithReason(kReasonAgentLost));
  }
}

Result<std::shared_ptr<RemoteRunner>> RunManager::OpenUpload(
    const std::string& instance_id,
    const rpc::RunKey& key,
    uint64_t upload,
    std::function<void(const Status& why)> close) {
  Run* run = Get(key.run_id);
  const auto board = boards_.BoardOf(key.run_id);
  if (run == nullptr || !run->remote || !board || key.attempt != run->journal.run().attempt) {
    return NotFoundError("no run '" + key.run_id + "' waits for an upload")
        .WithReason(kReasonProtocol);
  }
  if (board->instance_id != instance_id) {
    return PermissionDeniedError("run '" + key.run_id + "' belongs to another agent")
        .WithReason(kReasonProtocol);
  }
  if (run->close_upload) {
    run->close_upload(AbortedError("a newer upload stream has taken over"));
  }
  run->upload = upload;
  run->close_upload = std::move(close);
  run->upload_grace = {};
  run->unanswered = {};
  return run->remote;
}

void RunManager::CloseUpload(const std::string& run_id, uint64_t upload) {
  Run* run = Get(run_id);
  if (run == nullptr || run->upload != upload) {
    return;
  }
  run->upload = 0;
  run->close_upload = nullptr;
  if (run->remote) {
    run->upload_grace = strand_->After(options_.resume_grace, [this, remote = run->remote] {
      remote->Fail(UploadLost(options_.resume_grace));
    });
  }
}

void RunManager::BoardFailed(const std::string& instance_id,
                             const rpc::RunKey& key,
                             const Status& status) {
  if (Run* run = RunOf(instance_id, key); run != nullptr) {
    run->unanswered = {};
    run->remote->Fail(status);
  }
}

}  // namespace plumb::server
