// RunManager's side towards the store: grants, leases that are lost, runs that wait or end.
#include <algorithm>
#include <system_error>
#include <utility>

#include "common/analysis/outcome.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "server/core/request_json.h"
#include "server/core/run_manager.h"

namespace plumb::server {
namespace {

using Clock = std::chrono::steady_clock;

std::string OutcomeOfFailure(const Status& reason) {
  return reason.reason().empty()
             ? std::string(reason.code() == StatusCode::kUnavailable ? "server_stopped" : "failed")
             : std::string(reason.reason());
}

Status CheckCanCapture(const rpc::Hello& board) {
  const auto& abilities = board.capabilities;
  if (std::find(abilities.begin(), abilities.end(), rpc::kCaptureInputs) != abilities.end()) {
    return OkStatus();
  }
  return FailedPreconditionError("the agent of board '" + board.board_name +
                                 "' does not give what its application feeds")
      .WithReason(kReasonNoCapture)
      .WithHint(
          "start it with --tap-input PATH, where the application writes with "
          "plumb_capture_input() (docs/input.md)");
}

// It ended in the store alone, while it waited: nobody has written a report of it.
bool EndedUnseen(const store::RunRecord& record,
                 const std::string& server,
                 const std::filesystem::path& folder) {
  const bool elsewhere = record.attempt > 0 && record.server != server;
  std::error_code error;
  return !elsewhere && !SummaryFrom(record).failure.ok() &&
         !std::filesystem::exists(folder / "report.json", error);
}

}  // namespace

void RunManager::OnBoardAttached(const rpc::Hello& identity) {
  if (!care_) {
    Announce(identity);
    return;
  }
  care_->OnAttached(identity, [this, identity] {
    if (boards_.Has(identity.board_name, identity.instance_id)) {
      Announce(identity);
    }
  });
}

void RunManager::Announce(const rpc::Hello& identity) {
  store::BoardAnnouncement board;
  board.name = identity.board_name;
  board.instance = identity.instance_id;
  board.tags = identity.tags;
  // A virtual board's family, so that it is found by it like by a tag.
  if (!identity.family.empty()) {
    board.tags.push_back(identity.family);
  }
  board.description =
      DescriptionToJson({identity.family, identity.abi, identity.agent_version, UnixMsNow()});
  farm_->Announce(std::move(board), [this, identity](const Status& status) {
    if (!status.ok()) {
      boards_.Refuse(identity.board_name, identity.instance_id, status);
      return;
    }
    farm_->Wake();
  });
}

void RunManager::OnBoardRemoved(const rpc::Hello& identity) {
  farm_->Leave(identity.board_name, identity.instance_id);
  if (care_) {
    care_->OnRemoved(identity.board_name);
  }
  EndHopeless();
}

void RunManager::EndHopeless() {
  for (const auto& [run_id, run] : runs_) {
    if (run->journal.run().state != RunState::kQueued || run->request.wait || run->ending ||
        run->settled) {
      continue;
    }
    farm_->AskInOrder<Status>(
        [tags = TagsOf(run->request)](store::Store& store) { return NoSuchBoard(store, tags); },
        [this, run_id = run_id](const Status& status) {
          const Run* still = Get(run_id);
          if (status.reason() == kReasonBoardNotFound && still != nullptr &&
              still->journal.run().state == RunState::kQueued) {
            End(run_id, status);
          }
        });
  }
}

void RunManager::OnGrant(const store::Grant& grant) {
  const std::string& run_id = grant.lease.run_id;
  Run* run = Get(run_id);
  if (run == nullptr) {
    const auto request = RequestFromJson(grant.run.submission.request);
    if (!request.ok()) {
      LogWarning("run " + run_id + ": " + request.status().ToString());
      farm_->Finish(grant.lease, "unreadable_request", "", [](const Status& /*status*/) {});
      return;
    }
    RunSummary summary = SummaryFrom(grant.run);
    summary.state = RunState::kQueued;
    run = Add(summary, *request);
    run->request.owner = grant.run.submission.owner;
    run->request.max_attempts = grant.run.submission.max_attempts;
  }
  if (run->settled || run->ending || run->journal.run().state == RunState::kFinished) {
    // Ended while it was granted: the store has freed the board, or does it now.
    farm_->Finish(grant.lease, std::string(kReasonCancelled), "", [](const Status& /*status*/) {});
    return;
  }
  const rpc::RunKey key = {run_id, grant.run.attempt};
  // An attempt before this one may not have come to its end here.
  if (stopping() || run->session.joinable() || run->hooked ||
      !boards_.Lease(grant.lease.board, grant.instance, key)) {
    farm_->GiveBack(
        grant.lease, "board_left", /*started=*/false, [](const Result<bool>& /*again*/) {});
    return;
  }
  Begin(run_id, grant);
}

void RunManager::Begin(const std::string& run_id, const store::Grant& grant) {
  Run* run = Get(run_id);
  farm_->Unfollow(run_id);
  run->lease = grant.lease;
  RunSummary summary = run->journal.run();
  summary.board = grant.lease.board;
  summary.attempt = grant.run.attempt;
  summary.state = RunState::kPreparing;
  summary.leased_unix_ms = UnixMsNow();
  run->journal.SetRun(std::move(summary));
  Notify(run);
  RemoteRunner::Port port;
  port.send_run = [this, run_id](const RunSpec&) {
    strand_->Post([this, run_id] { SendCommand(run_id); });
  };
  port.send_cancel = [this, run_id](const Status& reason) {
    strand_->Post([this, run_id, reason] { SendCancel(run_id, reason); });
  };
  run->remote = std::make_shared<RemoteRunner>(
      grant.lease.board,
      RemoteRunner::Patience{options_.limits.stall, options_.limits.least_progress},
      std::move(port));
  Prepare(run_id);
}

void RunManager::StartOnBoard(const std::string& run_id) {
  Run* run = Get(run_id);
  auto job = MakeJob(*run);
  if (!job.ok()) {
    WriteFailure(run_id, job.status());
    return;
  }
  job->board = run->journal.run().board;
  job->target = run->remote;
  if (run->request.check_input) {
    const auto board = boards_.BoardOf(run_id);
    job->failure = board ? CheckCanCapture(*board) : OkStatus();
    job->ask_for_inputs = [remote = run->remote](RemoteRunner::InputRequest request) {
      remote->AskForInputs(std::move(request));
    };
  }
  StartSession(run_id, std::move(job).value());
}

void RunManager::End(const std::string& run_id, const Status& reason) {
  Run* run = Get(run_id);
  if (run == nullptr || run->journal.run().state == RunState::kFinished) {
    return;
  }
  run->cancel.Cancel(reason);
  if (run->session.joinable() || run->lease || run->settled || std::exchange(run->ending, true)) {
    return;
  }
  ++unsettled_;
  farm_->Ask<Result<store::RunRecord>>(
      [run_id, actor = farm_->options().server, outcome = OutcomeOfFailure(reason)](
          store::Store& store) { return store.Cancel(run_id, actor, outcome); },
      [this, run_id, reason](const Result<store::RunRecord>& record) {
        --unsettled_;
        Run* ended = Get(run_id);
        ended->ending = false;
        ended->settled = true;
        farm_->Unfollow(run_id);
        if (!record.ok()) {
          LogWarning("run " + run_id + " ends here only: " + record.status().ToString());
        }
        const bool elsewhere =
            record.ok() && record->attempt > 0 && record->server != farm_->options().server;
        if (elsewhere) {
          // The server that has the board writes the report.
          analysis::ComparisonReport report;
          report.error = reason;
          analysis::DecideOutcome({}, report);
          Publish(run_id, report);
        } else {
          WriteFailure(run_id, reason);
        }
      });
}

void RunManager::OnLost(const store::Lease& lease, const Status& why) {
  Run* run = Get(lease.run_id);
  if (run != nullptr && run->lease == lease) {
    LogWarning("run " + lease.run_id + ": " + why.ToString());
    run->lost = why;
    run->cancel.Cancel(why);
  }
}

void RunManager::Settle(const std::string& run_id, const analysis::ComparisonReport& report) {
  Run* run = Get(run_id);
  RunSummary summary = run->journal.run();
  ApplyReport(report, &summary);
  ++unsettled_;
  farm_->Finish(*run->lease,
                OutcomeOf(summary),
                ResultToJson(summary),
                [this, run_id, report](const Status& status) {
                  --unsettled_;
                  Run* over = Get(run_id);
                  if (status.reason() == "lease_lost") {
                    over->lost = status;
                    AfterLoss(run_id, report);
                    return;
                  }
                  if (!status.ok()) {
                    LogError("run " + run_id + ": the store has no result: " + status.ToString());
                  }
                  over->lease.reset();
                  over->settled = true;
                  Publish(run_id, report);
                  EndHopeless();
                });
}

bool RunManager::TryAgain(const std::string& run_id,
                          const analysis::ComparisonReport& report,
                          const std::function<void()>& otherwise) {
  Run* run = Get(run_id);
  const RunSummary& summary = run->journal.run();
  if (report.error.reason() != kReasonAgentLost || stopping() ||
      summary.attempt >= run->request.max_attempts) {
    return false;
  }
  ++unsettled_;
  const store::Lease lease = *std::exchange(run->lease, std::nullopt);
  farm_->GiveBack(lease,
                  std::string(kReasonAgentLost),
                  /*started=*/true,
                  [this, run_id, otherwise](const Result<bool>& again) {
                    --unsettled_;
                    if (again.ok() && *again) {
                      WaitAgain(run_id);
                    } else {
                      otherwise();
                    }
                  });
  return true;
}

void RunManager::AfterLoss(const std::string& run_id, const analysis::ComparisonReport& report) {
  Get(run_id)->lease.reset();
  ++unsettled_;
  farm_->Ask<Result<store::RunRecord>>(
      [run_id](store::Store& store) { return store.Find(run_id); },
      [this, run_id, report](const Result<store::RunRecord>& record) {
        --unsettled_;
        if (record.ok() && record->phase != store::RunPhase::kFinished && !stopping()) {
          WaitAgain(run_id);
          return;
        }
        Get(run_id)->settled = true;
        Publish(run_id, report);
      });
}

void RunManager::WaitAgain(const std::string& run_id) {
  Run* run = Get(run_id);
  RunSummary summary = run->journal.run();
  // What was not acknowledged is no result.
  std::error_code ignored;
  std::filesystem::remove_all(data_->RunPath(run_id, summary.attempt), ignored);
  LogInfo("run " + run_id + ": attempt " + std::to_string(summary.attempt) +
          " is lost, it waits again");
  summary.state = RunState::kQueued;
  summary.board.clear();
  summary.leased_unix_ms = 0;
  run->lost = OkStatus();
  run->cancel = CancelToken();
  run->journal.Restart(std::move(summary));
  run->journal.Apply(RunNote{"the attempt was lost; the run waits for a board again"});
  farm_->Follow(run_id);
  Notify(run);
  farm_->Wake();
  if (Clock::now() >= run->until) {
    End(run_id, DeadlineExceededError("the run's deadline is over"));
  }
}

void RunManager::OnLookedAt(const store::RunRecord& record) {
  Run* run = Get(record.id);
  if (run == nullptr || run->lease || run->ending || run->settled || run->session.joinable() ||
      run->hooked || run->journal.run().state == RunState::kFinished) {
    return;
  }
  switch (record.phase) {
    case store::RunPhase::kQueued:
      if (!run->watchers.empty() && !run->explaining) {
        Explain(record.id);
      }
      return;
    case store::RunPhase::kRunning:
      if (record.server != farm_->options().server &&
          (run->journal.run().state != RunState::kRunning ||
           run->journal.run().attempt != record.attempt)) {
        run->journal.Restart(SummaryFrom(record));
        run->journal.Apply(
            RunNote{"it runs on server '" + record.server + "'; its numbers come at the end"});
        Notify(run);
      }
      return;
    case store::RunPhase::kFinished:
      run->settled = true;
      farm_->Unfollow(record.id);
      if (EndedUnseen(record,
                      farm_->options().server,
                      data_->RunPath(record.id, run->journal.run().attempt))) {
        WriteFailure(record.id, SummaryFrom(record).failure);
        return;
      }
      run->journal.SetRun(SummaryFrom(record));
      Notify(run);
      Retire(record.id);
      CheckStopped();
      return;
  }
}

void RunManager::Explain(const std::string& run_id) {
  Get(run_id)->explaining = true;
  farm_->Ask<Result<store::Waiting>>(
      [run_id](store::Store& store) { return store.Explain(run_id); },
      [this, run_id](const Result<store::Waiting>& waiting) {
        Run* run = Get(run_id);
        if (run == nullptr) {
          return;
        }
        run->explaining = false;
        if (!waiting.ok() || run->journal.run().state != RunState::kQueued) {
          return;
        }
        const std::string text = "waits at place " + std::to_string(waiting->position) + " of " +
                                 std::to_string(waiting->queued) + ": " + waiting->reason;
        if (text != std::exchange(run->waiting, text)) {
          run->journal.Apply(RunNote{text});
          Notify(run);
        }
      });
}

}  // namespace plumb::server
